import { AsyncResource } from 'node:async_hooks'
import type { Logger } from '../contract/index.js'
import { attempt } from '../support/index.js'
import type { Outcome, OutcomeListener } from './outcome.js'

/** The two outcomes of a mirrored call. */
export interface MirroredOutcomes<Req = unknown> {
  /** The request; a copy if the caller transferred parts of it. */
  readonly request: Req
  /** The outcome of the version that was active. */
  readonly active: Outcome
  /** The outcome of the version that was next. */
  readonly next: Outcome
}

export type OnMirrored<Req> = (outcomes: MirroredOutcomes<Req>) => void

/** The handler gets so much of one turn of the event loop, in ms, and at least one call. */
const TURN = 1

/** Hands over the outcomes of mirrored calls once both versions have settled, after the answers were given. */
export class MirroredPairs<Req> {
  /** How many pairs were begun and have not ended. */
  open = 0
  readonly #onMirrored: OnMirrored<Req>
  readonly #logger: Logger
  readonly #complete: MirroredOutcomes<Req>[] = []
  /** Calls the handler in the async context in which the aggregate was made, not in that of some caller. */
  readonly #context = new AsyncResource('CutoverMirrored')

  constructor(onMirrored: OnMirrored<Req>, logger: Logger) {
    this.#onMirrored = onMirrored
    this.#logger = logger
  }

  pair(request: Req): MirroredPair<Req> {
    return new MirroredPair(this, request)
  }

  /** Only for {@link MirroredPair}. A turn of the event loop passes first, so that the handler delays no answer. */
  complete(outcomes: MirroredOutcomes<Req>): void {
    this.#complete.push(outcomes)
    if (this.#complete.length === 1) this.#handOverLater()
  }

  #handOverLater(): void {
    setImmediate(() => this.#context.runInAsyncScope(this.#handOver, this))
  }

  #handOver(): void {
    const until = performance.now() + TURN
    let taken = 0
    // Skip the pairs that the handler completes: their answers have not been given.
    const count = this.#complete.length
    do this.#hear(this.#complete[taken++] as MirroredOutcomes<Req>)
    while (taken < count && performance.now() < until)
    this.#complete.splice(0, taken)
    if (this.#complete.length > 0) this.#handOverLater()
  }

  #hear(outcomes: MirroredOutcomes<Req>): void {
    this.open--
    attempt(
      () => this.#onMirrored(outcomes),
      err => this.#logger.error({ version: outcomes.next.version, err }, 'onMirrored threw'),
    )
  }
}

/** The outcomes of one mirrored call, as far as they are known. */
export class MirroredPair<Req> {
  readonly #pairs: MirroredPairs<Req>
  readonly #request: Req
  #active: Outcome | undefined
  #next: Outcome | undefined

  constructor(pairs: MirroredPairs<Req>, request: Req) {
    this.#pairs = pairs
    this.#request = request
  }

  /** Counts the pair: both calls are about to be sent. */
  begin(): void {
    this.#pairs.open++
  }

  /** Listens for the outcome of one of the two versions. */
  of(role: 'active' | 'next'): OutcomeListener {
    return {
      ended: outcome => {
        if (role === 'active') this.#active = outcome
        else this.#next = outcome
        if (this.#active === undefined || this.#next === undefined) return
        this.#pairs.complete({ request: this.#request, active: this.#active, next: this.#next })
      },
    }
  }
}
