import type { RolloutStatus } from '../../rollout/index.js'
import type { Done, Released, ServeEvent } from '../events.js'
import type { Terminal } from './terminal.js'
import { counted, figure, size, time } from './text.js'

/** How often the course of a step is printed where lines cannot be replaced, in ms. */
const QUIET = 10_000
const LABEL = 11

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
      this.#line('failed', this.#terminal.style('red', done.text))
      return
    }
    this.#line('done', this.#terminal.style('green', done.text))
    if (done.warning !== undefined) this.#line('warning', this.#terminal.style('yellow', done.warning))
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
    const others = active.calls === 0 ? '' : `, of the other ${figure(active.calls)} ${figure(active.failures)}`
    const judged = verdict === 'unknown' ? '' : ` · ${verdict}`
    const course = `${time(duration)}: ${counted(candidate.calls, 'request')}, ${figure(candidate.failures)} failed${others}${judged}`
    this.#course = reason === undefined ? course : `${course}: ${reason}`
    const line = `${' '.repeat(LABEL + 2)}${this.#course}`
    this.#terminal.fleeting(line)
    if (this.#terminal.isTerminal || this.#now() - this.#printed < QUIET) return
    this.#printed = this.#now()
    this.#terminal.line(line)
  }

  /** The last course of a step stays. */
  #leave(): void {
    if (this.#course !== '') this.#terminal.line(`${' '.repeat(LABEL + 2)}${this.#course}`)
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

  #line(label: string, text: string): void {
    this.#terminal.line(`  ${this.#terminal.style('dim', label.padEnd(LABEL))}${text}`)
  }
}

function labelOf(state: RolloutStatus['state']): string {
  return state === 'stepping' ? 'step' : state
}
