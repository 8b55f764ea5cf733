import type { Clock } from 'cutover'

interface Timer {
  readonly due: number
  readonly fn: () => void
}

/** A simulated clock that knows its pending timers, and can be late, as on a busy machine. */
export class WalkClock implements Clock {
  now = 0
  readonly #timers = new Map<number, Timer>()
  readonly #fired: () => void
  #lastId = 0

  /** @param fired - called after each timer, before time moves on */
  constructor(fired: () => void) {
    this.#fired = fired
  }

  /** The number of pending timers. */
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

  /** Lets time pass. Each timer fires when it is due. */
  pass(ms: number): void {
    const end = this.now + ms
    this.#run(end, timer => timer.due)
    this.now = end
  }

  /** Lets time pass as on a blocked event loop: all timers that became due fire at the end, in order. */
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
