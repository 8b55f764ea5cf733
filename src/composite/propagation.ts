import type { AggregateOptions } from '../aggregate/index.js'
import { type CallOptions, type Logger, safeLogger } from '../contract/index.js'
import { flowOf } from '../streams/index.js'

/** A request that also goes to the other components. */
export interface Propagated<Req> {
  readonly request: Req
  readonly options: CallOptions | undefined
}

/** Decides which requests go to the other components, too. */
export class Propagation<Req> {
  readonly #propagate: ((request: Req) => boolean) | undefined
  readonly #logger: Logger

  constructor({ id, propagate, logger }: AggregateOptions<Req>) {
    this.#propagate = propagate
    this.#logger = safeLogger(logger, { aggregate: id })
  }

  /**
   * Prepares the propagated calls. Call it before the call itself is sent, because that moves its buffers away.
   *
   * @returns null if the request is not propagated; a call that names its version never is
   */
  prepare(request: Req, options: CallOptions | undefined): Propagated<Req> | null {
    // A stream can be read once.
    if (flowOf(request) !== undefined) return null
    try {
      if (this.#propagate?.(request) !== true || (options?.version ?? null) !== null) return null
      const isMoved = (options?.transfer?.length ?? 0) > 0
      return { request: isMoved ? structuredClone(request) : request, options: passedOn(options) }
    } catch (err) {
      this.#logger.warn({ err }, 'a call was not propagated to the other components')
      return null
    }
  }
}

/** The signal stays behind, because it may fire once the caller has its answer. */
function passedOn(options: CallOptions | undefined): CallOptions | undefined {
  if (options === undefined) return undefined
  const { key, traceparent } = options
  return { ...(key === undefined ? {} : { key }), ...(traceparent === undefined ? {} : { traceparent }) }
}
