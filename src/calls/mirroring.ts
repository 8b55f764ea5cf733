import type { CallOptions, Logger } from '../contract/index.js'
import { flowOf } from '../streams/index.js'
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

/** A request that is about to be mirrored. */
export interface Mirrored<Req> {
  /** The request for the other version. */
  readonly request: Req
  /** Its options for the other version. */
  readonly options: CallOptions | undefined
  readonly pair: MirroredPair<Req> | null
}

/** Mirrors calls to other versions (rule 16), and compares their outcomes (rule 30). */
export class Mirroring<Req> {
  readonly #options: MirroringOptions<Req>
  readonly #pairs: MirroredPairs<Req> | undefined

  constructor(options: MirroringOptions<Req>) {
    this.#options = options
    this.#pairs = options.onMirrored && new MirroredPairs(options.onMirrored, options.logger)
  }

  /** Returns null if nothing is propagated to the version. */
  mirrorOf<Res>(backend: Backend<Req, Res>): Mirror<Req, Res> | null {
    return backend.mirrored === undefined ? null : new Mirror(backend, backend.mirrored, this.#options, this.#pairs)
  }
}

/** A version that gets the propagated calls of another one. */
export class Mirror<Req, Res> {
  readonly backend: Backend<Req, Res>
  readonly calls: MirroredCalls<Req, Res>
  readonly #propagate: (request: Req) => boolean
  readonly #logger: Logger
  readonly #pairs: MirroredPairs<Req> | undefined

  constructor(
    backend: Backend<Req, Res>,
    calls: MirroredCalls<Req, Res>,
    { propagate, logger }: MirroringOptions<Req>,
    pairs: MirroredPairs<Req> | undefined,
  ) {
    this.backend = backend
    this.calls = calls
    this.#propagate = propagate
    this.#logger = logger
    this.#pairs = pairs
  }

  /** Whether the request should and may be mirrored. Ask once for each call. */
  wants(request: Req): boolean {
    try {
      // A stream can be read once.
      return flowOf(request) === undefined && this.#propagate(request) === true && this.#hasRoom()
    } catch (error) {
      this.failed(error)
      return false
    }
  }

  /**
   * Prepares the mirrored call. Call it before the call itself is sent, because that moves its buffers away.
   *
   * @returns null if it cannot be mirrored
   */
  prepare(request: Req, options: CallOptions | undefined): Mirrored<Req> | null {
    const pairs = this.#pairs
    try {
      if (!options?.transfer?.length) return { request, options, pair: pairs?.pair(request) ?? null }
      const clone = structuredClone(request)
      return { request: clone, options: { ...options, transfer: undefined }, pair: pairs?.pair(clone) ?? null }
    } catch (error) {
      this.failed(error)
      return null
    }
  }

  failed(err: unknown): void {
    this.#logger.warn({ version: this.backend.version, err }, 'a call propagated to another version failed')
  }

  #hasRoom(): boolean {
    const isFull = this.calls.count >= MAX_MIRRORED || (this.#pairs !== undefined && this.#pairs.open >= MAX_MIRRORED)
    if (isFull) this.calls.skip()
    return !isFull
  }
}
