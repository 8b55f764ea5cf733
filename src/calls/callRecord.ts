import type { CallOptions } from '../contract/index.js'
import { type CallCounts, isGivenUp } from './callCounts.js'
import type { Outcome, OutcomeListener } from './outcome.js'

/** The settings that all call records of an aggregate share. */
export interface RecordOptions {
  /** Whether a call that its runtime has settled counts as failed. It may throw. @default those that rejected */
  readonly isFailure: ((outcome: Outcome) => boolean) | undefined
  /** Whether durations are counted. */
  readonly durations: boolean
  /** Called when `isFailure` has thrown. */
  isFailureThrew(version: string, error: unknown): void
}

/** Counts one call that a plain counter is not enough for, and passes on its outcome. */
export class CallRecord {
  readonly #options: RecordOptions
  readonly #version: string
  readonly #counts: CallCounts
  readonly #listener: OutcomeListener | null
  readonly #sentAt: number

  constructor(options: RecordOptions, version: string, counts: CallCounts, listener: OutcomeListener | null = null) {
    this.#options = options
    this.#version = version
    this.#counts = counts
    this.#listener = listener
    this.#sentAt = this.#isPlain ? 0 : performance.now()
  }

  /** Whether nobody asks for the outcome, which is costly to make. */
  get #isPlain(): boolean {
    const { isFailure, durations } = this.#options
    return this.#listener === null && isFailure === undefined && !durations
  }

  /** Whether the call is counted in these. */
  isIn(counts: CallCounts): boolean {
    return this.#counts === counts
  }

  /** The runtime has answered. @returns whether the call counts as failed */
  answered(value: unknown): boolean {
    if (this.#isPlain) {
      this.#counts.answered++
      return false
    }
    const outcome: Outcome = { version: this.#version, duration: this.#duration, status: 'fulfilled', value }
    const isFailure = this.#isFailure(outcome)
    if (isFailure) this.#counts.failedAnswer()
    else this.#counts.answered++
    this.#settled(outcome, isFailure)
    return isFailure
  }

  /** The runtime has rejected the call, or has died. @returns whether the call counts as failed */
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

  /** The version has left. */
  cutOff(reason: Error): void {
    this.#counts.cutOff++
    this.#listener?.ended(this.#rejection(reason), true)
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
