import type { CallOptions, Logger } from '../contract/index.js'
import { MAX_MIRRORED, type MirroredCalls } from './mirroredCalls.js'
import { type MirroredPair, MirroredPairs, type OnMirrored } from './mirroredPairs.js'

export interface MirroringOptions<Req> {
  /** Whether a request also goes to the other version. */
  readonly propagate: (request: Req) => boolean
  /** Hears both outcomes. */
  readonly onMirrored: OnMirrored<Req> | undefined
  readonly logger: Logger
}

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
  readonly #options: MirroringOptions<Req>
  readonly #pairs: MirroredPairs<Req> | undefined

  constructor(options: MirroringOptions<Req>) {
    this.#options = options
    this.#pairs = options.onMirrored && new MirroredPairs(options.onMirrored, options.logger)
  }

  /**
   * Prepares the mirrored call. Call it before the call itself is sent, because that moves its buffers away.
   *
   * @returns null if the request is not mirrored
   */
  prepare<Res>(
    version: string,
    mirrored: MirroredCalls<Req, Res>,
    request: Req,
    options: CallOptions | undefined,
  ): Mirrored<Req> | null {
    try {
      if (this.#options.propagate(request) !== true) return null
      const pairs = this.#pairs
      if (mirrored.count >= MAX_MIRRORED || (pairs !== undefined && pairs.open >= MAX_MIRRORED)) {
        mirrored.skip()
        return null
      }
      if (!options?.transfer?.length) return { request, options, pair: pairs?.pair(request) ?? null }
      const clone = structuredClone(request)
      return { request: clone, options: { ...options, transfer: undefined }, pair: pairs?.pair(clone) ?? null }
    } catch (error) {
      this.failed(version, error)
      return null
    }
  }

  failed(version: string, err: unknown): void {
    this.#options.logger.warn({ version, err }, 'a call propagated to another version failed')
  }
}
