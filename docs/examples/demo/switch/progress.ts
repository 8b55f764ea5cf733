import { count, paint, seconds } from '../format.js'
import type { Write } from '../output.js'
import { every } from '../waits.js'
import type { Progress, ProgressView } from './run.js'

const BAR = 16
/** The longest line without the bar, in columns. */
const LINE = 80
const CLEAR_LINE = '\r\u001B[K'

/** Redraws one line of a terminal and clears it at the end. `duration` in ms. */
export function rewrittenLine(write: Write, columns: number, duration: number): ProgressView {
  return progress => {
    const show = () => {
      const now = progress()
      const bar = columns < BAR + LINE ? '' : `  ${progressBar(now.at / duration)}`
      write(`${CLEAR_LINE}${bar}${progressLine(now).slice(0, columns - 1)}`)
    }
    return every(100, show, () => write(CLEAR_LINE))
  }
}

/** Writes a line about once a second, and an empty line at the end. `duration` in ms. */
export function plainLines(write: Write, duration: number): ProgressView {
  return progress =>
    every(
      Math.min(1_000, duration / 4),
      () => write(`${progressLine(progress())}\n`),
      () => write('\n'),
    )
}

export const silent: ProgressView = () => ({ [Symbol.dispose]: () => {} })

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
