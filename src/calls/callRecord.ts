import type { CallOptions } from '../contract/index.js'
import type { CallCounts } from './callCounts.js'
import type { ObservedCall } from './callObserver.js'

/** Counts calls that a plain counter is not enough for. The table of calls in flight keeps one for each call. */
export interface CallRecord {
  /** Whether its calls are counted in these. */
  isIn(counts: CallCounts): boolean
  /** The runtime has answered. @returns whether the call counts as failed */
  answered(value: unknown): boolean
  /** The runtime has rejected the call, or has died. @returns whether the call counts as failed */
  rejected(reason: unknown, options: CallOptions | undefined): boolean
  /** The caller has cancelled the stream that it got. */
  cancelled(reason: unknown): void
  /** The version has left. */
  cutOff(reason: Error): void
  /** The call is not in flight any more. */
  ended(isFailure: boolean, options: CallOptions | undefined): void
}

/** The record of many calls, for which only the way they end counts. */
export class SharedRecord implements CallRecord {
  readonly #counts: CallCounts
  readonly #observed: ObservedCall | null

  constructor(counts: CallCounts, observed: ObservedCall | null = null) {
    this.#counts = counts
    this.#observed = observed
  }

  isIn(counts: CallCounts): boolean {
    return this.#counts === counts
  }

  answered(): boolean {
    this.#counts.answered++
    return false
  }

  rejected(reason: unknown, options: CallOptions | undefined): boolean {
    return this.#counts.rejected(reason, options)
  }

  cancelled(): void {
    this.#counts.givenUp++
  }

  cutOff(): void {
    this.#counts.cutOff++
  }

  ended(isFailure: boolean, options: CallOptions | undefined): void {
    this.#observed?.settled(isFailure, options)
  }
}
