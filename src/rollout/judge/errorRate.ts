import { Bound } from './bound.js'

/** The weight of one call in the rates of the active version: the recent one, which shows an outage, and the long-term one. */
const OF_LATE = 1 / 16
const IN_THE_LONG_RUN = 1 / 512
/** One failure of the active version is no outage: its recent rate must exceed this, too. */
const OUTAGE = 0.1
/** Calls that the active version gets to show whether it fails, too. */
const CALLS_TO_COMPARE = 32

/**
 * Holds the candidate to `maxErrorRate`, except while the active version exceeds it, too.
 *
 * A shared dependency that fails may hit a call of the candidate first. So the bound counts as exceeded only after the
 * active version has answered 32 more calls and stayed below it.
 */
export class ErrorRate {
  readonly #max: number
  readonly #limit: number
  readonly #bound: Bound
  #rateOfLate = 0
  #rate = 0
  /** Calls of the active version until the bound counts as exceeded; Infinity while there is too little evidence. */
  #left = Number.POSITIVE_INFINITY

  constructor(max: number, limit: number) {
    this.#max = max
    this.#limit = limit
    this.#bound = new Bound(max)
  }

  get evidence(): number {
    return this.#bound.evidence
  }

  get isExceeded(): boolean {
    return this.#left <= 0
  }

  /** Whether the candidate seems to exceed the bound, and the active version has not been compared yet. */
  get isSuspected(): boolean {
    return this.#left !== Number.POSITIVE_INFINITY
  }

  candidateSettled(failed: boolean): void {
    if (this.#doesActiveExceed) return
    this.#bound.observe(failed)
    if (failed && !this.isSuspected && this.#bound.evidence >= this.#limit) this.#left = CALLS_TO_COMPARE
  }

  activeSettled(failed: boolean): void {
    if (this.isExceeded) return
    this.#rateOfLate += (Number(failed) - this.#rateOfLate) * OF_LATE
    this.#rate += (Number(failed) - this.#rate) * IN_THE_LONG_RUN
    if (!this.isSuspected) return
    this.#left -= 1
    if (!this.#doesActiveExceed) return
    this.#left = Number.POSITIVE_INFINITY
    this.#bound.reset()
  }

  get #doesActiveExceed(): boolean {
    return this.#rate > this.#max || this.#rateOfLate > Math.max(OUTAGE, this.#max)
  }
}
