import type { CallOptions, CallRole, Logger } from '../contract/index.js'
import type { CallCounts } from './callCounts.js'
import type { Callee } from './callee.js'
import type { CallObserver, ObservedCall, RouteObserver } from './callObserver.js'
import { passedOn } from './callOptions.js'
import { type CallRecord, SharedRecord } from './callRecord.js'
import type { OnMirrored } from './mirroredPairs.js'
import { type Mirror, type Mirrored, Mirroring } from './mirroring.js'
import type { OutcomeListener } from './outcome.js'
import { needsOutcomes, type OutcomeOptions, OutcomeRecord } from './outcomeRecord.js'
import type { PinErrors } from './pinnedCalls.js'
import type { Backend } from './route.js'

type RoutedRole = Exclude<CallRole, 'pinned'>

/** A version on the route, and the handling of its calls. A new one is made when the route moves. */
export interface Destination<Req, Res> {
  readonly backend: Backend<Req, Res>
  readonly role: RoutedRole
  /** Sees the calls that the router sends here by its own choice; null: nobody does. */
  readonly observer: RouteObserver | null
  /** Counts these calls in place of the counters of the version; null: those do. */
  readonly record: CallRecord | null
  /** The version that gets the propagated ones too; null: none does. */
  readonly mirror: Mirror<Req, Res> | null
  /** Whether {@link record} serves all of them, and those with simple options need no more than that. */
  readonly isShared: boolean
}

export interface DispatcherOptions<Req> {
  readonly propagate: ((request: Req) => boolean) | undefined
  readonly onMirrored?: OnMirrored<Req> | undefined
  /** The users of the outcomes of calls. @default none */
  readonly outcomes?: OutcomeOptions
  /** Lets calls name their version and ask for it. Without it, these options are passed on as they are. @default none */
  readonly pins?: PinErrors
  readonly logger: Logger
}

/** The route, as far as mirrored calls need to know it. */
interface MirrorRoute<Req, Res> {
  /** Whether the version is on the route. */
  has(backend: Backend<Req, Res>): boolean
  /** The version turned out not to be running. */
  lose(backend: Backend<Req, Res>): void
  /** Takes a call that cannot go where it was to go any more. */
  receive(request: Req, options: CallOptions | undefined): Promise<Res>
}

const SETTLED = Promise.resolve()

const NO_OUTCOMES: OutcomeOptions = { isFailure: undefined, durations: false, isFailureThrew: () => {} }

/** Sends calls to a version that takes them: counts them, tells their version, and mirrors those that are propagated. */
export class Dispatcher<Req, Res> {
  /** Sees the calls from the next {@link destination} on; null: nobody does. */
  observer: CallObserver | null = null
  readonly #route: MirrorRoute<Req, Res>
  readonly #logger: Logger
  readonly #outcomes: OutcomeOptions
  /** Whether each call needs an outcome. Else those do whose outcomes are compared. */
  readonly #hasOutcomes: boolean
  /** Whether calls may name their version and ask for it. Else these options are passed on as they are. */
  readonly #hasPins: boolean
  readonly #mirroring: Mirroring<Req> | undefined

  constructor(options: DispatcherOptions<Req>, route: MirrorRoute<Req, Res>) {
    const { propagate, onMirrored, outcomes = NO_OUTCOMES, pins, logger } = options
    this.#route = route
    this.#logger = logger
    this.#outcomes = outcomes
    this.#hasOutcomes = needsOutcomes(outcomes)
    this.#hasPins = pins !== undefined
    this.#mirroring = propagate && new Mirroring({ propagate, onMirrored, logger })
  }

  /**
   * @param other - the version in the other role, if it is running
   * @param chance - how likely it is that a call goes to this version; 0 if its calls are no fair sample
   */
  destination(
    backend: Backend<Req, Res>,
    role: RoutedRole,
    other: Backend<Req, Res> | null,
    chance: number,
  ): Destination<Req, Res> {
    const observer = chance === 0 ? null : (this.observer?.routed(backend.version, chance) ?? null)
    const mirror = other === null ? null : (this.#mirroring?.mirrorOf(other) ?? null)
    const isShared = !this.#hasOutcomes && observer?.sent === undefined
    const record = isShared && observer !== null ? new SharedRecord(backend.calls.counts, observer) : null
    return { backend, role, observer, record, mirror, isShared }
  }

  /** Sends a call, and mirrors it if `propagate` says so (rule 16). */
  send(to: Destination<Req, Res>, request: Req, options: CallOptions | undefined): Promise<Res> {
    const { backend, mirror } = to
    if (mirror !== null) {
      const isPropagated = mirror.wants(request)
      // `propagate` may have led to a switch, a restart or a dispose.
      if (!this.#route.has(backend) || backend.endpoint.callee === null) return this.#route.receive(request, options)
      if (isPropagated) return this.#sendToBoth(to, mirror, request, options)
    }
    return this.#sendTo(backend, request, options, this.#recordOf(to, options, null))
  }

  /** Sends a propagated call. */
  #sendToBoth(
    to: Destination<Req, Res>,
    mirror: Mirror<Req, Res>,
    request: Req,
    options: CallOptions | undefined,
  ): Promise<Res> {
    const { backend, role } = to
    const mirrored = mirror.prepare(request, options)
    const listener = mirrored?.pair?.of(role) ?? null
    const answer = this.#sendTo(backend, request, options, this.#recordOf(to, options, listener))
    if (mirrored === null) return answer
    try {
      this.#mirror(mirror, mirrored, role === 'next' ? 'active' : 'next')
    } catch (error) {
      // The call has been sent, so its answer counts. A full stack has room for no more than this.
      SETTLED.then(mirror.failed.bind(mirror, error))
    }
    return answer
  }

  /** Sends a call that names its version (rule 28). It is not propagated, and nobody observes it. */
  sendPinned(to: Backend<Req, Res>, request: Req, options: CallOptions | undefined): Promise<Res> {
    const { calls } = to
    const record = this.#hasOutcomes ? this.#outcomeRecord(to, calls.pinned, null, null) : calls.pinnedRecord
    return this.#sendTo(to, request, options, record)
  }

  /** Sends the call to this version and no other, and says so to `onVersion`. */
  #sendTo(
    to: Backend<Req, Res>,
    request: Req,
    options: CallOptions | undefined,
    record: CallRecord | null,
  ): Promise<Res> {
    const passed = this.#hasPins ? passedOn(options) : options
    const answer = to.calls.track(to.endpoint.callee as Callee<Req, Res>, request, passed, record)
    if (passed === options) return answer
    try {
      options?.onVersion?.(to.version)
    } catch (error) {
      // The call has been sent, so its answer counts.
      SETTLED.then(this.#onVersionFailed.bind(this, to.version, error))
    }
    return answer
  }

  /** The outcome never touches the answer of the call itself. */
  #mirror({ backend, calls }: Mirror<Req, Res>, { request, options, pair }: Mirrored<Req>, role: RoutedRole): void {
    // The call just sent may have moved the route: a version that leaves gets no call.
    if (!this.#route.has(backend)) return
    const { callee } = backend.endpoint
    if (callee === null) {
      this.#route.lose(backend)
      return
    }
    const listener = pair?.of(role) ?? null
    const hasRecord = this.#hasOutcomes || listener !== null
    const record = hasRecord ? this.#outcomeRecord(backend, calls.counts, null, listener) : null
    pair?.begin()
    calls.send(callee, request, passedOn(options), record)
  }

  #recordOf(
    { backend, observer, record }: Destination<Req, Res>,
    options: CallOptions | undefined,
    listener: OutcomeListener | null,
  ): CallRecord | null {
    const hasOutcome = this.#hasOutcomes || listener !== null
    if (!hasOutcome && (record !== null || observer === null)) return record
    const observed = observer?.sent?.(options) ?? observer
    const { counts } = backend.calls
    return hasOutcome ? this.#outcomeRecord(backend, counts, observed, listener) : new SharedRecord(counts, observed)
  }

  #outcomeRecord(
    { version }: Backend<Req, Res>,
    counts: CallCounts,
    observed: ObservedCall | null,
    listener: OutcomeListener | null,
  ): CallRecord {
    return new OutcomeRecord(this.#outcomes, version, counts, observed, listener)
  }

  #onVersionFailed(version: string, err: unknown): void {
    this.#logger.warn({ version, err }, 'the onVersion of a call threw')
  }
}
