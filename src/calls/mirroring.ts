import type { CallOptions, Logger } from '../contract/index.js'
import { MAX_MIRRORED, type MirroredCalls } from './mirroredCalls.js'
import { type MirroredPair, MirroredPairs, type OnMirrored } from './mirroredPairs.js'
import type { Backend } from './route.js'

export interface MirroringOptions<Req> {
  /** Whether a request also goes to the other version. */
  readonly propagate: (request: Req) => boolean
  /** Hears both outcomes. */
  readonly onMirrored: OnMirrored<Req> | undefined
  readonly logger: Logger
}

/** A version that gets propagated calls. */
export type Mirror<Req, Res> = Backend<Req, Res> & { readonly mirrored: MirroredCalls<Req, Res> }

/** A request that is about to be mirrored. */
export interface Mirrored<Req> {
  /** The request for the other version. */
  readonly request: Req
  /** Its options for the other version. */
  readonly options: CallOptions | undefined
  readonly pair: MirroredPair<Req> | null
}

/** Decides which calls also go to the other version (rule 16), and compares their outcomes (rule 30). */
export class Mirroring<Req> {
  readonly #propagate: (request: Req) => boolean
  readonly #logger: Logger
  readonly #pairs: MirroredPairs<Req> | undefined

  constructor({ propagate, onMirrored, logger }: MirroringOptions<Req>) {
    this.#propagate = propagate
    this.#logger = logger
    this.#pairs = onMirrored && new MirroredPairs(onMirrored, logger)
  }

  /** Whether the request is to be mirrored, and may be: not too many are. */
  wants<Res>({ version, mirrored }: Mirror<Req, Res>, request: Req): boolean {
    try {
      if (this.#propagate(request) !== true) return false
    } catch (error) {
      this.failed(version, error)
      return false
    }
    const isFull = mirrored.count >= MAX_MIRRORED || (this.#pairs !== undefined && this.#pairs.open >= MAX_MIRRORED)
    if (isFull) mirrored.skip()
    return !isFull
  }

  /**
   * Prepares the mirrored call. Call it before the call itself is sent, because that moves its buffers away.
   *
   * @returns null if it cannot be mirrored
   */
  prepare(version: string, request: Req, options: CallOptions | undefined): Mirrored<Req> | null {
    const pairs = this.#pairs
    try {
      if (!options?.transfer?.length) return { request, options, pair: pairs?.pair(request) ?? null }
      const clone = structuredClone(request)
      return { request: clone, options: { ...options, transfer: undefined }, pair: pairs?.pair(clone) ?? null }
    } catch (error) {
      this.failed(version, error)
      return null
    }
  }

  failed(version: string, err: unknown): void {
    this.#logger.warn({ version, err }, 'a call propagated to another version failed')
  }
}
