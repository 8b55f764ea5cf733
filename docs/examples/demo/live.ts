import { count, paint, seconds } from './format.js'
import type { Progress, Watcher } from './run.js'

/** Takes text to where the user sees it. */
export type Write = (text: string) => void

const BAR = 16
/** Columns that a line may take without the bar. */
const LINE = 80
const CLEAR_LINE = '\r\u001B[K'

/** For a terminal: one line, written again and again, wiped at the end. `duration` in ms. */
export function rewrittenLine(write: Write, columns: number, duration: number): Watcher {
  return progress => {
    const show = () => {
      const now = progress()
      const bar = columns < BAR + LINE ? '' : `  ${progressBar(now.at / duration)}`
      write(`${CLEAR_LINE}${bar}${progressLine(now).slice(0, columns - 1)}`)
    }
    return every(100, show, () => write(CLEAR_LINE))
  }
}

/** For a file: a line now and then, and an empty one at the end. `duration` in ms. */
export function plainLines(write: Write, duration: number): Watcher {
  return progress =>
    every(
      Math.min(1_000, duration / 4),
      () => write(`${progressLine(progress())}\n`),
      () => write('\n'),
    )
}

export const nothing: Watcher = () => ({ [Symbol.dispose]: () => {} })

function progressLine({ at, settled, status }: Progress): string {
  const { active, next, inFlight, waiting } = status
  const versions = `active ${active ?? 'none'}${next === null ? '' : `, next ${next}`}`
  const calls = `${count(settled)} answered, ${count(inFlight)} in flight, ${count(waiting)} waiting`
  return `${seconds(at).padStart(7)}  ${versions.padEnd(28)}${calls}`
}

function progressBar(share: number): string {
  const done = Math.min(BAR, Math.round(share * BAR))
  return `${paint('green', '━'.repeat(done))}${paint('dim', '─'.repeat(BAR - done))}`
}

function every(ms: number, act: () => void, end: () => void = () => {}): Disposable {
  const timer = setInterval(act, ms)
  const stop = () => {
    clearInterval(timer)
    end()
  }
  return { [Symbol.dispose]: stop }
}
