import type { CallOptions, Logger } from '../contract/index.js'
import { CallCounts } from './callCounts.js'
import type { Callee } from './callee.js'
import type { CallRecord } from './callRecord.js'
import { CallsInFlight } from './callsInFlight.js'

/**
 * So many mirrored calls may be in flight on one version, and so many pairs may be open. Further requests are not mirrored: a
 * version that hangs would collect them without end.
 */
export const MAX_MIRRORED = 1_024

/** How the mirrored calls of a version ended. */
export class MirroredCounts extends CallCounts {
  /** Requests that were not mirrored, because too many mirrored calls were in flight. */
  skipped = 0
}

/** The mirrored calls in flight on one version. Nobody waits for their answers, so no drain does either. */
export class MirroredCalls<Req, Res> {
  readonly counts: MirroredCounts
  readonly calls: CallsInFlight<Res>
  readonly #version: string
  readonly #logger: Logger
  readonly #failed: (error: unknown) => void
  /** The error of the calls that were ended last. */
  #ended: Error | undefined
  #hasWarned = false

  constructor(version: string, counts: MirroredCounts, logger: Logger) {
    this.counts = counts
    this.#version = version
    this.#logger = logger
    this.calls = new CallsInFlight(counts)
    this.#failed = err => {
      if (err !== this.#ended) logger.warn({ version, err }, 'a call propagated to another version failed')
    }
  }

  /** How many are in flight. */
  get count(): number {
    return this.calls.count
  }

  /** Sends a call. @param record - as in {@link CallsInFlight.track} */
  send(callee: Callee<Req, Res>, request: Req, options: CallOptions | undefined, record: CallRecord | null): void {
    this.calls.trackUnheard(callee, request, options, record, this.#failed)
  }

  /** Counts a request that is not mirrored, because too many are. The first one is logged. */
  skip(): void {
    this.counts.skipped++
    if (this.#hasWarned) return
    this.#hasWarned = true
    const message = `more than ${MAX_MIRRORED} propagated calls are unanswered: further ones are left out meanwhile, said once`
    this.#logger.warn({ version: this.#version }, message)
  }

  /** Ends every call in flight. Later answers of the runtime are dropped. @param isCutOff - as in {@link CallsInFlight.rejectAll} */
  endAll(error: Error, isCutOff: boolean): void {
    const { count } = this
    if (count === 0) return
    this.#ended = error
    this.#logger.warn({ version: this.#version, calls: count, err: error }, 'propagated calls were ended')
    this.calls.rejectAll(error, isCutOff)
  }
}
