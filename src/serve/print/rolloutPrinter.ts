import type { RolloutStatus } from '../../rollout/index.js'
import type { Done, Released, ServeEvent } from '../events.js'
import type { Style, Terminal } from './terminal.js'
import { counted, figure, size, time, wrapped } from './text.js'

/** How often the course of a step is printed where lines cannot be replaced, in ms. */
const QUIET = 10_000
const LABEL = 11
/** A narrower terminal has no room for text behind the labels, in columns. */
const NARROW = 50

/** Prints a rollout while it goes on: a line for each state, and the course of a step in a line that changes. */
export class RolloutPrinter {
  readonly #terminal: Terminal
  readonly #now: () => number
  #released: Released | undefined
  #place = ''
  #printed = Number.NEGATIVE_INFINITY
  /** The course of the current step, as it was last told. */
  #course = ''

  constructor(terminal: Terminal, now: () => number = () => performance.now()) {
    this.#terminal = terminal
    this.#now = now
  }

  tell(event: Exclude<ServeEvent, Done>): void {
    if (event.type === 'released') this.#release(event)
    else if (event.type === 'rollout') this.#state(event.status)
  }

  /** Prints how it ended. */
  end(done: Done): void {
    this.#leave()
    if (!done.ok) {
      this.#line('failed', done.text, 'red')
      return
    }
    this.#line('done', done.text, 'green')
    if (done.warning !== undefined) this.#line('warning', done.warning, 'yellow')
  }

  #release(released: Released): void {
    this.#released = released
    const { version, path, files, bytes, leftOut } = released
    this.#terminal.line(this.#terminal.style('bold', version))
    this.#line('copied', `${path}: ${counted(files, 'file')}, ${size(bytes)}`)
    for (const link of leftOut) this.#line('left out', `${link}, a link that leads out of the folder`)
  }

  #state(status: RolloutStatus): void {
    const place = `${status.state} ${status.phase} ${status.step}`
    if (place !== this.#place) {
      this.#leave()
      this.#place = place
      this.#printed = this.#now()
      // Without a check, the state passes at once.
      if (status.state !== 'verifying' || this.#released?.verify !== null) {
        this.#line(labelOf(status.state), this.#meaning(status))
      }
    }
    this.#progress(status)
  }

  #progress({ progress, state }: RolloutStatus): void {
    if (progress === null || (state !== 'stepping' && state !== 'soaking')) return
    const { candidate, active, duration, verdict, reason } = progress
    const others = active.calls === 0 ? '' : `; the other ${figure(active.calls)}, ${figure(active.failures)} failed`
    const judged = verdict === 'unknown' ? '' : ` · ${verdict}`
    const course = `${time(duration)}: ${counted(candidate.calls, 'request')}, ${figure(candidate.failures)} failed${others}${judged}`
    this.#course = reason === undefined ? course : `${course}: ${reason}`
    const line = `${this.#indent}${this.#course}`
    this.#terminal.fleeting(line)
    if (this.#terminal.isTerminal || this.#now() - this.#printed < QUIET) return
    this.#printed = this.#now()
    this.#terminal.line(line)
  }

  /** The last course of a step stays. */
  #leave(): void {
    if (this.#course !== '') this.#line('', this.#course)
    this.#course = ''
  }

  #meaning({ state, phase, step, from, candidate, progress }: RolloutStatus): string {
    const released = this.#released
    const steps = released?.steps ?? []
    switch (state) {
      case 'preparing':
        return `${released === undefined ? candidate : counted(released.instances, 'process')} starting`
      case 'verifying':
        return released?.verify ?? 'no requests yet'
      case 'stepping': {
        const { percent = progress?.percent, for: length } = steps[step ?? 0] ?? {}
        const of = steps.length === 0 ? '' : ` of ${steps.length}`
        return `${(step ?? 0) + 1}${of}: ${percent} % of the requests${length === undefined ? '' : `, ${time(length)}`}`
      }
      case 'promoting':
        return 'it takes all requests'
      case 'soaking': {
        const length = released === undefined ? '' : `, ${time(released.soak)}`
        return phase === 'crossing'
          ? 'half of the requests go to the version before'
          : `the version before stands by${length}`
      }
      case 'reverting':
        return `${from ?? 'the version before'} takes the requests again`
      case 'rejecting':
        return 'it leaves'
      case 'finishing':
        return `${from ?? 'the version before'} leaves`
      default:
        return ''
    }
  }

  /** Prints a text behind its label, in lines that fit into the terminal; below it where that is narrow. */
  #line(label: string, text: string, style?: Style): void {
    const [first = '', ...others] = wrapped(text, this.#terminal.width - this.#indent.length)
    const behind =
      label === '' || this.#isNarrow ? this.#indent : `  ${this.#terminal.style('dim', label.padEnd(LABEL))}`
    if (label !== '' && this.#isNarrow) this.#terminal.line(`  ${this.#terminal.style('dim', label)}`)
    const print = (before: string, line: string) =>
      this.#terminal.line(`${before}${style === undefined ? line : this.#terminal.style(style, line)}`)
    print(behind, first)
    for (const line of others) print(this.#indent, line)
  }

  get #isNarrow(): boolean {
    return this.#terminal.width < NARROW
  }

  get #indent(): string {
    return ' '.repeat(this.#isNarrow ? 4 : LABEL + 2)
  }
}

function labelOf(state: RolloutStatus['state']): string {
  return state === 'stepping' ? 'step' : state
}
