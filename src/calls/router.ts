import type { CallOptions, Logger } from '../contract/index.js'
import { CallCounts } from './callCounts.js'
import type { Callee } from './callee.js'
import type { CallObserver, ObservedCall } from './callObserver.js'
import { isPinned, type PinnedOptions, passedOn, pinOf, refusalOf } from './callOptions.js'
import { CallQueue, type QueueLimits } from './callQueue.js'
import { CallRecord, type RecordOptions } from './callRecord.js'
import type { CallsInFlight } from './callsInFlight.js'
import type { Endpoint } from './endpoint.js'
import type { MirroredCalls } from './mirroredCalls.js'
import type { OnMirrored } from './mirroredPairs.js'
import { type Mirrored, Mirroring } from './mirroring.js'
import type { OutcomeListener } from './outcome.js'
import { type PinErrors, PinnedCalls } from './pinnedCalls.js'
import { drawLot, LOTS, lotOf, lotsIn, seedOf } from './share.js'
import { callChannel, traceCall } from './tracedCall.js'

/** Where calls go, by version. If `active` is null, they wait. */
export interface Route {
  readonly active: string | null
  /** The version that also gets propagated calls, and its share of the others. */
  readonly next: string | null
  /** The percentage of the calls that go to the next version. @default 0 */
  readonly share?: number
  /** The versions that calls can be pinned to: each is running, or waited for. @default none */
  readonly inPlace?: readonly string[]
  /** Whether every call is rejected. */
  readonly closed: boolean
}

/** A version as the router sees it. */
export interface Backend<Req, Res> {
  readonly version: string
  readonly endpoint: Endpoint<Req, Res>
  readonly calls: CallsInFlight<Res>
  /** Those that were propagated to it. @default none: nothing is propagated to it */
  readonly mirrored?: MirroredCalls<Req, Res>
}

export interface RouterOptions<Req> extends Omit<QueueLimits, 'unsent'> {
  readonly propagate: ((request: Req) => boolean) | undefined
  readonly onMirrored?: OnMirrored<Req> | undefined
  /** How calls are counted. @default only how they end */
  readonly records?: RecordOptions
  readonly logger: Logger
  /** The id of the aggregate whose calls are published to `cutover.call`. @default none: no calls are */
  readonly aggregate?: string
  /** The error of calls on a closed route. */
  closed(): Error
  /** The error of calls that would wait in vain; undefined if waiting makes sense. */
  hopeless(): Error | undefined
  /** Lets calls name their version and ask for it. Without it, these options are passed on as they are. @default none */
  readonly pins?: PinErrors
  /** Called when the endpoint of a version was closed although the route leads to it. */
  refused(version: string): void
}

type Find<Req, Res> = (version: string) => Backend<Req, Res> | undefined

const SETTLED = Promise.resolve()

const ONLY_COUNTED: RecordOptions = { isFailure: undefined, durations: false, isFailureThrew: () => {} }

/**
 * The data plane: a pointer to the version that takes calls, and the queue of calls that wait while there is none.
 *
 * The control plane moves it in two steps: {@link move} when a decision is made, {@link release} when its effects have been
 * performed. In between, calls join the queue.
 */
export class Router<Req, Res> implements Endpoint<Req, Res> {
  /** Takes all calls at once. */
  #active: Backend<Req, Res> | null = null
  /** Takes its share of the calls at once, and `#target` the others; null if it has none. Then `#active` is null. */
  #sharing: Backend<Req, Res> | null = null
  /** The end of the route. It takes calls at once when those that waited for it are sent. */
  #target: Backend<Req, Res> | null = null
  #next: Backend<Req, Res> | null = null
  /** The lots below this go to the next version. */
  #share = 0
  /** The {@link seedOf} the next version. */
  #seed = 0
  /** How often the route has moved, and at which move it was last released. Calls queue in between. */
  #moves = 0
  #released = 0
  #isClosed = false
  #observer: CallObserver | null = null
  readonly #queue: CallQueue<Req, Res>
  readonly #pinned: PinnedCalls<Req, Res> | undefined
  #inPlace: readonly string[] = []
  readonly #options: RouterOptions<Req>
  readonly #records: RecordOptions
  /** Whether each call has a record. Else those have one that were propagated or name their version. */
  readonly #hasRecords: boolean
  readonly #mirroring: Mirroring<Req> | undefined
  /** How the calls ended that no version got. */
  readonly unsent = new CallCounts()
  /** For an aggregate that contains this one. */
  readonly #direct: Callee<Req, Res> = {
    call: (request, options) => this.#traced(options, traced => this.#sendDirectly(request, traced)),
  }

  constructor(options: RouterOptions<Req>) {
    const { pins, propagate, onMirrored, logger, records = ONLY_COUNTED } = options
    const limits = { ...options, unsent: this.unsent }
    this.#queue = new CallQueue(limits)
    this.#pinned = pins && new PinnedCalls(limits, pins)
    this.#options = options
    this.#records = records
    this.#hasRecords = records.isFailure !== undefined || records.durations
    this.#mirroring = propagate && new Mirroring({ propagate, onMirrored, logger })
  }

  /** How many calls wait. */
  get waiting(): number {
    return this.#queue.size + (this.#pinned?.size ?? 0)
  }

  /** How many calls wait that name this version. */
  waitingFor(version: string): number {
    return this.#pinned?.queues.get(version)?.size ?? 0
  }

  /** Takes calls at once, past the queue; null while they would wait. */
  get callee(): Callee<Req, Res> | null {
    const isOpen = this.#isClosed || (this.#target !== null && this.#target.endpoint.callee !== null)
    return isOpen ? this.#direct : null
  }

  /** Shows the calls that are sent from now on, but for those that are mirrored or pinned; null: to nobody. */
  observe(observer: CallObserver | null): void {
    this.#observer = observer
  }

  call(request: Req, options: CallOptions | undefined): Promise<Res> {
    if (callChannel.hasSubscribers) return this.#receiveTraced(request, options)
    // A call without options skips the check of its signal.
    const active = this.#active
    if (active !== null && options === undefined) return this.#sendOrWait(active, request, options)
    // Without a share, no lot is drawn either: a number with a fraction takes memory.
    if (this.#share === 0) return this.#receive(request, options, undefined)
    const sharing = this.#sharing
    const lot = drawLot()
    if (sharing === null || options !== undefined) return this.#receive(request, options, lot)
    const to = lot < this.#share ? sharing : this.#target
    return to === null ? this.#receive(request, options, lot) : this.#sendOrWait(to, request, options)
  }

  /** First step of a move: no call goes to a version that is not on `route` any more. */
  move(route: Route, find: Find<Req, Res>): void {
    const target = route.active === null ? null : (find(route.active) ?? null)
    const next = route.next === null ? null : (find(route.next) ?? null)
    const share = lotsIn(route.share ?? 0)
    this.#isClosed = route.closed
    this.#inPlace = route.inPlace ?? []
    if (route.closed) this.#rejectAll(this.#options.closed())
    this.#pinned?.keepOnly(this.#inPlace)
    if (target === this.#target && next === this.#next && share === this.#share) return
    if (next !== null) this.#seed = seedOf(next.version)
    this.#target = target
    this.#next = next
    this.#share = share
    this.#active = null
    this.#sharing = null
    this.#moves++
  }

  /** Second step: sends the waiting calls in order, then lets new calls go directly. Not reentrant. */
  release(): void {
    const move = this.#moves
    if (move === this.#released) return
    let to: Backend<Req, Res> | null = null
    this.#queue.flush(
      (options, lot) => {
        // A call just sent may have moved the route: then the next `release` completes the move.
        if (this.#moves !== move) return false
        to = this.#openFor(options, lot)
        if (this.#moves !== move) return false
        return to !== null || (this.#share === 0 ? false : undefined)
      },
      (request, options) => this.#send(to as Backend<Req, Res>, request, options),
    )
    if (this.#pinned !== undefined) this.#releasePinned(this.#pinned, move)
    if (this.#moves !== move) return
    this.#released = move
    this.#sharing = this.#share === 0 ? null : this.#next
    this.#active = this.#sharing === null ? this.#target : null
  }

  /** Rejects the calls that would wait in vain. */
  rejectHopeless(): void {
    const error = this.#options.hopeless()
    if (error !== undefined) this.#queue.rejectAll(error)
    this.#pinned?.rejectHopeless()
  }

  #rejectAll(error: Error): void {
    this.#queue.rejectAll(error)
    this.#pinned?.rejectAll(error)
  }

  #releasePinned({ queues }: PinnedCalls<Req, Res>, move: number): void {
    for (const [version, queue] of queues) {
      queue.flush(
        () => this.#moves === move && this.#openOn(version) !== null,
        (request, options) => this.#sendPinned(this.#running(version) as Backend<Req, Res>, request, options),
      )
    }
  }

  /** The version, if it is running as active or next. */
  #running(version: string): Backend<Req, Res> | null {
    if (this.#target?.version === version) return this.#target
    return this.#next?.version === version ? this.#next : null
  }

  /** As {@link #running}, with an open endpoint. */
  #openOn(version: string): Backend<Req, Res> | null {
    const to = this.#running(version)
    if (to === null || to.endpoint.callee !== null) return to
    this.#lose(to)
    return null
  }

  /** The version that this call goes to, by its key or else by its lot (rules 26 and 27); null if it has to wait. */
  #choose(options: CallOptions | undefined, lot: number | undefined): Backend<Req, Res> | null {
    if (this.#share === 0 || this.#next === null) return this.#target
    const key = options?.key ?? undefined
    const drawn = key === undefined ? lot : lotOf(this.#seed, key)
    return drawn !== undefined && drawn < this.#share ? this.#next : this.#target
  }

  /** As {@link #choose}, with an open endpoint. */
  #openFor(options: CallOptions | undefined, lot: number): Backend<Req, Res> | null {
    for (;;) {
      const to = this.#choose(options, lot)
      if (to === null || to.endpoint.callee !== null) return to
      this.#lose(to)
    }
  }

  /** Apart from {@link call}, where a closure would cost every call. */
  #receiveTraced(request: Req, options: CallOptions | undefined): Promise<Res> {
    return this.#traced(options, traced => this.#receive(request, traced, drawLot()))
  }

  /** Publishes what happens to a call, if anybody listens and it is one of an aggregate. */
  #traced(options: CallOptions | undefined, send: (options: CallOptions | undefined) => Promise<Res>): Promise<Res> {
    const { aggregate } = this.#options
    if (aggregate === undefined || !callChannel.hasSubscribers) return send(options)
    return traceCall(aggregate, options, version => (version === this.#next?.version ? 'next' : 'active'), send)
  }

  /** Rejects, sends or queues a call. */
  #receive(request: Req, options: CallOptions | undefined, lot: number | undefined): Promise<Res> {
    if (this.#isClosed) return this.#refuse(this.#options.closed(), options)
    const refusal = refusalOf(options)
    if (refusal !== undefined) return this.#refuse(refusal.reason, options)
    if (this.#pinned !== undefined && isPinned(options)) return this.#receivePinned(this.#pinned, request, options)
    const to = this.#choose(options, lot)
    if (to === null) {
      const error = this.#options.hopeless()
      return error === undefined ? this.#queue.add(request, options, lot ?? drawLot()) : this.#refuse(error, options)
    }
    if (this.#moves !== this.#released) return this.#queue.addAnyway(request, options, lot ?? drawLot())
    return this.#sendOrWait(to, request, options)
  }

  /** Rejects, sends or queues a call that names its version (rule 28). It goes nowhere else, and is not propagated. */
  #receivePinned(pinned: PinnedCalls<Req, Res>, request: Req, options: PinnedOptions): Promise<Res> {
    const version = pinOf(options, this.#inPlace)
    if (typeof version !== 'string') return this.#refuse(version.reason, options)
    if (!this.#inPlace.includes(version)) return this.#refuse(pinned.errors.gone(version), options)
    const to = this.#running(version)
    if (to === null) {
      const error = pinned.errors.hopeless(version)
      return error === undefined ? pinned.of(version).add(request, options) : this.#refuse(error, options)
    }
    if (this.#moves !== this.#released) return pinned.of(version).addAnyway(request, options)
    if (to.endpoint.callee !== null) return this.#sendPinned(to, request, options)
    const answer = pinned.of(version).add(request, options)
    this.#lose(to)
    return answer
  }

  /** Rejects a call that no version gets. */
  #refuse(error: unknown, options: CallOptions | undefined): Promise<never> {
    this.unsent.rejected(error, options)
    return Promise.reject(error)
  }

  #sendPinned(to: Backend<Req, Res>, request: Req, options: CallOptions | undefined): Promise<Res> {
    return this.#sendTo(to, request, options, this.#recordOf(to.version, to.calls.pinned))
  }

  #recordOf(version: string, counts: CallCounts, listener: OutcomeListener | null = null): CallRecord {
    return new CallRecord(this.#records, version, counts, listener)
  }

  /** Sends the call to this version and no other, and says so to `onVersion`. */
  #sendTo(
    to: Backend<Req, Res>,
    request: Req,
    options: CallOptions | undefined,
    record: CallRecord | null,
  ): Promise<Res> {
    const passed = this.#pinned === undefined ? options : passedOn(options)
    const observed = this.#observer === null ? null : this.#observed(this.#observer, to, options)
    const answer = to.calls.track(to.endpoint.callee as Callee<Req, Res>, request, passed, record, observed)
    if (passed === options) return answer
    try {
      options?.onVersion?.(to.version)
    } catch (error) {
      // The call has been sent, so its answer counts.
      SETTLED.then(this.#onVersionFailed.bind(this, to.version, error))
    }
    return answer
  }

  #onVersionFailed(version: string, err: unknown): void {
    this.#options.logger.warn({ version, err }, 'the onVersion of a call threw')
  }

  #sendOrWait(to: Backend<Req, Res>, request: Req, options: CallOptions | undefined): Promise<Res> {
    if (to.endpoint.callee !== null) return this.#send(to, request, options)
    if (to === this.#next) {
      this.#lose(to)
      return this.#receive(request, options, drawLot())
    }
    // Queued first: the loss may lead to further calls, which must come behind this one.
    const answer = this.#queue.add(request, options, drawLot())
    this.#lose(to)
    return answer
  }

  #sendDirectly(request: Req, options: CallOptions | undefined): Promise<Res> {
    if (this.#isClosed || this.#target === null) return this.#refuse(this.#options.closed(), options)
    const to = this.#choose(options, drawLot())
    return this.#send(to === null || to.endpoint.callee === null ? this.#target : to, request, options)
  }

  #send(to: Backend<Req, Res>, request: Req, options: CallOptions | undefined): Promise<Res> {
    if (this.#mirroring !== undefined) return this.#sendToBoth(this.#mirroring, to, request, options)
    return this.#sendToOne(to, request, options)
  }

  #sendToOne(to: Backend<Req, Res>, request: Req, options: CallOptions | undefined): Promise<Res> {
    if (this.#hasRecords) return this.#sendTo(to, request, options, this.#recordOf(to.version, to.calls.counts))
    // Most calls ask for no version, and call one function less.
    return this.#observer === null &&
      (options === undefined || (options.version === undefined && options.onVersion === undefined))
      ? to.calls.track(to.endpoint.callee as Callee<Req, Res>, request, options)
      : this.#sendTo(to, request, options, null)
  }

  /**
   * A call that names its version is not shown. While the active version is down its calls wait, so the others are no fair
   * sample, and are not shown either.
   */
  #observed(observer: CallObserver, to: Backend<Req, Res>, options: CallOptions | undefined): ObservedCall | null {
    if (this.#target === null || isPinned(options)) return null
    const share = this.#next === null ? 0 : this.#share / LOTS
    return observer.routed(to.version, to === this.#next ? share : 1 - share, options)
  }

  /**
   * Sends the call to the other version too (rule 16): to the next one or, if it is in the share of that, to the active one. Its
   * outcome never touches the answer.
   */
  #sendToBoth(
    mirroring: Mirroring<Req>,
    to: Backend<Req, Res>,
    request: Req,
    options: CallOptions | undefined,
  ): Promise<Res> {
    const isNext = to === this.#next
    const other = isNext ? this.#target : this.#next
    const mirrored =
      other?.mirrored === undefined ? null : mirroring.prepare(other.version, other.mirrored, request, options)
    if (mirrored === null || other === null) return this.#sendToOne(to, request, options)
    const listener = mirrored.pair?.of(isNext ? 'next' : 'active') ?? null
    const hasRecord = this.#hasRecords || listener !== null
    const record = hasRecord ? this.#recordOf(to.version, to.calls.counts, listener) : null
    const answer = this.#sendTo(to, request, options, record)
    try {
      this.#mirror(other, mirrored, isNext ? 'active' : 'next')
    } catch (error) {
      // The call has been sent, so its answer counts. A full stack has room for no more than this.
      SETTLED.then(mirroring.failed.bind(mirroring, other.version, error))
    }
    return answer
  }

  #mirror(to: Backend<Req, Res>, { request, options, pair }: Mirrored<Req>, role: 'active' | 'next'): void {
    // The call just sent may have moved the route: a version that leaves gets no call.
    if (to !== this.#target && to !== this.#next) return
    const { callee } = to.endpoint
    if (callee === null || to.mirrored === undefined) {
      this.#lose(to)
      return
    }
    const listener = pair?.of(role) ?? null
    const hasRecord = this.#hasRecords || listener !== null
    const record = hasRecord ? this.#recordOf(to.version, to.mirrored.counts, listener) : null
    pair?.begin()
    to.mirrored.send(callee, request, passedOn(options), record)
  }

  /** The runtime is not running, and has not emitted `stopped` yet: no call goes there until the route moves again. */
  #lose(backend: Backend<Req, Res>): void {
    if (this.#target === backend) this.#target = null
    if (this.#active === backend) this.#active = null
    if (this.#next === backend) this.#loseNext()
    this.#options.refused(backend.version)
  }

  /** Its share goes to the active version. */
  #loseNext(): void {
    this.#next = null
    if (this.#sharing === null) return
    this.#sharing = null
    this.#active = this.#target
  }
}
