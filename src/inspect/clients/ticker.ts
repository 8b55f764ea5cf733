import type { Clock } from '../../clock.js'

/** Calls a function periodically, from `start` until `stop`. */
export class Ticker {
  readonly #clock: Clock
  readonly #period: number
  readonly #tick: () => void
  #timer: { readonly id: unknown } | undefined

  /** @param period - in ms */
  constructor(clock: Clock, period: number, tick: () => void) {
    this.#clock = clock
    this.#period = period
    this.#tick = tick
  }

  /** A second call does nothing. */
  start(): void {
    this.#timer ??= { id: this.#clock.setTimeout(() => this.#fire(), this.#period) }
  }

  stop(): void {
    if (this.#timer !== undefined) this.#clock.clearTimeout(this.#timer.id)
    this.#timer = undefined
  }

  #fire(): void {
    this.#timer = undefined
    this.start()
    this.#tick()
  }
}
