import { createHistogram, type RecordableHistogram } from 'node:perf_hooks'
import type { CallOptions } from '../contract/index.js'

/** Further codes are counted as {@link NO_CODE}, so that a runtime that makes up codes cannot fill the memory. */
const MAX_CODES = 64
/** A longer code is counted as {@link NO_CODE}. */
const MAX_CODE_LENGTH = 64
/** Failures without a usable code are counted under this. */
const NO_CODE = 'error'
/** Answers that count as failures are counted under this. */
const ANSWER = 'answer'

/** ns; a longer call counts as this long. One hour. */
const LONGEST = 3_600_000_000_000

/** How calls of one kind have ended. Each call that has ended is in exactly one of the counters. */
export class CallCounts {
  answered = 0
  /** Rejected by the aggregate, because their version left. */
  cutOff = 0
  /** Rejected after their signal had fired, or answered with a stream that their caller cancelled. */
  givenUp = 0
  /** By error code. */
  #failures: Map<string, number> | undefined
  /** ns; made with the first duration, because it takes 40 kB. */
  #durations: RecordableHistogram | undefined

  /** Whether any call has ended. */
  get isUsed(): boolean {
    return this.answered > 0 || this.cutOff > 0 || this.givenUp > 0 || this.failures.size > 0
  }

  /** How often calls have failed, by error code. */
  get failures(): ReadonlyMap<string, number> {
    return this.#failures ?? NONE
  }

  /** The durations so far, in ns; undefined if there are none. */
  get durations(): RecordableHistogram | undefined {
    return this.#durations
  }

  /** Counts a call that rejected. @returns whether it counts as failed */
  rejected(error: unknown, options: CallOptions | undefined): boolean {
    if (isGivenUp(options)) {
      this.givenUp++
      return false
    }
    this.failed(codeOf(error))
    return true
  }

  /** Counts an answer that is a failure. */
  failedAnswer(): void {
    this.failed(ANSWER)
  }

  failed(code: string): void {
    this.#failures ??= new Map()
    const failures = this.#failures
    const key = failures.has(code) || failures.size < MAX_CODES ? code : NO_CODE
    failures.set(key, (failures.get(key) ?? 0) + 1)
  }

  /** @param duration - ms */
  took(duration: number): void {
    this.#durations ??= createHistogram({ lowest: 1, highest: LONGEST, figures: 2 })
    this.#durations.record(Math.min(Math.max(Math.round(duration * 1e6), 1), LONGEST))
  }
}

const NONE: ReadonlyMap<string, number> = new Map()

/** Whether the caller has given up the call. A signal that cannot be read has not fired. */
export function isGivenUp(options: CallOptions | undefined): boolean {
  try {
    return options?.signal?.aborted === true
  } catch {
    return false
  }
}

/** The `code` of an error, of this library or of any other. The error may be anything, and reading it may throw. */
function codeOf(error: unknown): string {
  try {
    const { code } = error as { readonly code?: unknown }
    return typeof code === 'string' && code !== '' && code.length <= MAX_CODE_LENGTH ? code : NO_CODE
  } catch {
    return NO_CODE
  }
}
