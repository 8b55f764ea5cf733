import type { CallOptions } from '../contract/index.js'
import { type CallCounts, isGivenUp } from './callCounts.js'
import type { ObservedCall } from './callObserver.js'
import type { CallRecord } from './callRecord.js'
import type { Outcome, OutcomeListener } from './outcome.js'

/** The options that use the outcomes of the calls of an aggregate. */
export interface OutcomeOptions {
  /** Whether a call that its runtime has settled counts as failed. It may throw. @default those that rejected */
  readonly isFailure: ((outcome: Outcome) => boolean) | undefined
  /** Whether durations are counted. */
  readonly durations: boolean
  /** Called when `isFailure` has thrown. */
  isFailureThrew(version: string, error: unknown): void
}

/** Whether each call needs an outcome, which is costly to make. */
export function needsOutcomes({ isFailure, durations }: OutcomeOptions): boolean {
  return isFailure !== undefined || durations
}

/** The record of one call whose outcome somebody asks for. */
export class OutcomeRecord implements CallRecord {
  readonly #options: OutcomeOptions
  readonly #version: string
  readonly #counts: CallCounts
  readonly #observed: ObservedCall | null
  readonly #listener: OutcomeListener | null
  readonly #sentAt = performance.now()

  constructor(
    options: OutcomeOptions,
    version: string,
    counts: CallCounts,
    observed: ObservedCall | null,
    listener: OutcomeListener | null,
  ) {
    this.#options = options
    this.#version = version
    this.#counts = counts
    this.#observed = observed
    this.#listener = listener
  }

  isIn(counts: CallCounts): boolean {
    return this.#counts === counts
  }

  answered(value: unknown): boolean {
    const outcome: Outcome = { version: this.#version, duration: this.#duration, status: 'fulfilled', value }
    const isFailure = this.#isFailure(outcome)
    if (isFailure) this.#counts.failedAnswer()
    else this.#counts.answered++
    this.#settled(outcome, isFailure)
    return isFailure
  }

  rejected(reason: unknown, options: CallOptions | undefined): boolean {
    const outcome = this.#rejection(reason)
    if (isGivenUp(options)) {
      this.#counts.givenUp++
      this.#listener?.ended(outcome, false)
      return false
    }
    const isFailure = this.#isFailure(outcome)
    if (isFailure) this.#counts.rejected(reason, undefined)
    else this.#counts.answered++
    this.#settled(outcome, isFailure)
    return isFailure
  }

  cancelled(reason: unknown): void {
    this.#counts.givenUp++
    this.#listener?.ended(this.#rejection(reason), false)
  }

  cutOff(reason: Error): void {
    this.#counts.cutOff++
    this.#listener?.ended(this.#rejection(reason), true)
  }

  ended(isFailure: boolean, options: CallOptions | undefined): void {
    this.#observed?.settled(isFailure, options)
  }

  get #duration(): number {
    return performance.now() - this.#sentAt
  }

  #rejection(reason: unknown): Outcome {
    return { version: this.#version, duration: this.#duration, status: 'rejected', reason }
  }

  #settled(outcome: Outcome, isFailure: boolean): void {
    if (this.#options.durations) this.#counts.took(outcome.duration)
    this.#listener?.ended(outcome, isFailure)
  }

  #isFailure(outcome: Outcome): boolean {
    const byDefault = outcome.status === 'rejected'
    try {
      const said: unknown = this.#options.isFailure?.(outcome)
      return typeof said === 'boolean' ? said : byDefault
    } catch (error) {
      this.#options.isFailureThrew(this.#version, error)
      return byDefault
    }
  }
}
