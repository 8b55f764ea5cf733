import type { Clock } from 'cutover'

interface Timer {
  readonly due: number
  readonly fn: () => void
}

/** A simulated clock that tells what is pending on it, and can be late, as on a busy machine. */
export class WalkClock implements Clock {
  now = 0
  readonly #timers = new Map<number, Timer>()
  readonly #fired: () => void
  #lastId = 0

  /** @param fired - called after each timer, while it is still the time at which it ran */
  constructor(fired: () => void) {
    this.#fired = fired
  }

  /** How many timers are set. */
  get pending(): number {
    return this.#timers.size
  }

  setTimeout(fn: () => void, timeout: number): number {
    this.#timers.set(++this.#lastId, { due: this.now + timeout, fn })
    return this.#lastId
  }

  clearTimeout(id: number): void {
    this.#timers.delete(id)
  }

  /** Time passes, and each timer runs when it is due. */
  pass(ms: number): void {
    const end = this.now + ms
    this.#run(end, timer => timer.due)
    this.now = end
  }

  /** Time passes without anything running; then all timers that are due run at once, in their order. */
  stall(ms: number): void {
    this.now += ms
    this.#run(this.now, () => this.now)
  }

  #run(end: number, timeOf: (timer: Timer) => number): void {
    for (;;) {
      const first = this.#first(end)
      if (first === undefined) return
      const [id, timer] = first
      this.now = Math.max(this.now, timeOf(timer))
      this.#timers.delete(id)
      timer.fn()
      this.#fired()
    }
  }

  #first(end: number): readonly [number, Timer] | undefined {
    let first: readonly [number, Timer] | undefined
    for (const entry of this.#timers) {
      if (entry[1].due <= end && (first === undefined || entry[1].due < first[1].due)) first = entry
    }
    return first
  }
}
