import type { Callable } from './load.js'
import { ObservedLoad } from './observedLoad.js'

/** One settled call: when it was issued and settled, in ms, and its outcome. */
export interface SettledCall {
  readonly issued: number
  readonly settled: number
  readonly answer?: unknown
  readonly error?: unknown
}

/**
 * Calls at a fixed rate by the clock, whether or not earlier calls are answered. {@link observe} counts a call as issued when
 * it was due, so that a pause costs every call that falls into it.
 */
export class OpenLoad<Req> extends ObservedLoad {
  /** Hears of each settled call. */
  onCall: (call: SettledCall) => void = () => {}
  issued = 0
  /** The calls/s that were answered until the load was stopped. */
  rate = Number.NaN
  #isOver = false
  readonly #target: Callable<Req, unknown>
  readonly #request: Req
  /** ms between two calls. */
  readonly #interval: number
  readonly #begun = performance.now()
  /** When each call in flight was due, oldest first. */
  readonly #pending = new Set<number>()

  constructor(target: Callable<Req, unknown>, request: Req, rate: number) {
    super()
    this.#target = target
    this.#request = request
    this.#interval = 1_000 / rate
    this.#issueDue()
  }

  get inFlight(): number {
    return this.#pending.size
  }

  async stop(): Promise<void> {
    this.#isOver = true
    this.rate = (this.answered / (performance.now() - this.#begun)) * 1_000
    await this.settled(Number.POSITIVE_INFINITY)
  }

  protected hasIssuedBefore(moment: number): boolean {
    const [oldest] = this.#pending
    return oldest !== undefined && oldest < moment
  }

  /** A timer of 1 ms would issue the calls in batches of 20, so this looks in each turn of the event loop. */
  #issueDue(): void {
    if (this.#isOver) return
    for (let due = this.#nextDue; due <= performance.now(); due = this.#nextDue) {
      this.issued++
      void this.#call(due)
    }
    setImmediate(() => this.#issueDue())
  }

  get #nextDue(): number {
    return this.#begun + this.issued * this.#interval
  }

  async #call(due: number): Promise<void> {
    this.#pending.add(due)
    const issued = performance.now()
    let outcome: Pick<SettledCall, 'answer' | 'error'>
    try {
      outcome = { answer: await this.#target.call(this.#request) }
      this.noteAnswer(due)
    } catch (error) {
      this.failed++
      outcome = { error }
    }
    this.#pending.delete(due)
    this.onCall({ issued, settled: performance.now(), ...outcome })
    this.noteSettled()
  }
}
