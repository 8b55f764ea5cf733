import { GUESSES, MOST, Stake } from './bets.js'

const COUNT = GUESSES.length

/**
 * Bets that an event is more frequent than a bound. Its evidence reaches a limit L with a chance of at most 1/L, unless
 * it is.
 *
 * Fresh stake is added after each event, so it is bet before its outcome is known. Events that did not happen are only
 * counted; the next one that does settles them.
 */
export class Bound {
  readonly #bound: number
  readonly #whenIt: readonly number[]
  readonly #logWhenNot: readonly number[]
  readonly #stake = new Stake()
  readonly #wealth = new Float64Array(COUNT)
  #others = 0
  #evidence = 0

  /** @param bound - the highest frequency that is fine, 0 to 1. At 0 the first event is proof; at 1 none is. */
  constructor(bound: number) {
    this.#bound = bound
    // A guess stays below 1, or one call without the event would refute it for good.
    const guesses = GUESSES.map(times => Math.min(times * bound, 1 - (1 - bound) / 100))
    this.#whenIt = guesses.map(guess => guess / bound)
    this.#logWhenNot = guesses.map(guess => Math.log((1 - guess) / (1 - bound)))
    this.reset()
  }

  /** The evidence that the event is more frequent, as of the last event. */
  get evidence(): number {
    return this.#evidence
  }

  observe(happened: boolean): void {
    if (!happened) {
      this.didNotHappen(1)
      return
    }
    if (this.#bound === 0) this.#evidence = Number.POSITIVE_INFINITY
    else if (this.#bound < 1) this.#settle()
  }

  /** As many events that did not happen. */
  didNotHappen(events: number): void {
    this.#others += events
  }

  #settle(): void {
    let sum = 0
    const stake = this.#stake.next() / COUNT
    for (let k = 0; k < COUNT; k++) {
      const factor = Math.exp(this.#others * (this.#logWhenNot[k] as number)) * (this.#whenIt[k] as number)
      const wealth = Math.min(MOST, (this.#wealth[k] as number) * factor)
      sum += wealth
      this.#wealth[k] = wealth + stake
    }
    this.#others = 0
    this.#evidence = sum
  }

  reset(): void {
    this.#stake.reset()
    this.#wealth.fill(this.#stake.next() / COUNT)
    this.#others = 0
    this.#evidence = 0
  }
}
