import type { CallOptions } from '../contract/index.js'
import { flowOf } from '../streams/index.js'
import { CallCounts } from './callCounts.js'
import type { Callee } from './callee.js'
import type { CallObserver } from './callObserver.js'
import { areSimple, isPinned, type PinnedOptions, pinOf, refusalOf } from './callOptions.js'
import { CallQueue, type QueueLimits } from './callQueue.js'
import { type Destination, Dispatcher, type DispatcherOptions } from './dispatcher.js'
import type { Endpoint } from './endpoint.js'
import { PinnedCalls } from './pinnedCalls.js'
import type { Backend, FindBackend, Route } from './route.js'
import { isTraced, traceCall } from './tracedCall.js'
import { randomHash, TrafficSplit } from './trafficSplit.js'

export interface RouterOptions<Req> extends Omit<QueueLimits, 'unsent'>, DispatcherOptions<Req> {
  /** The id of the aggregate whose calls are published to `cutover.call`. @default none: no calls are */
  readonly aggregate?: string
  /** The error of calls on a closed route. */
  closed(): Error
  /** The error of calls that would wait in vain; undefined if waiting makes sense. */
  hopeless(): Error | undefined
  /** Called when the endpoint of a version was closed although the route leads to it. */
  refused(version: string): void
}

/**
 * The data plane: a pointer to the version that takes calls, and the queue of calls that wait while there is none.
 *
 * The control plane moves it in two steps: {@link move} when a decision is made, {@link release} when its effects have been
 * performed. In between, calls join the queue.
 */
export class Router<Req, Res> implements Endpoint<Req, Res> {
  /** Takes all calls at once. */
  #open: Destination<Req, Res> | null = null
  /** Takes its share of the calls at once, and `#target` the others; null if it has none. Then `#open` is null. */
  #sharing: Destination<Req, Res> | null = null
  /** The active version, at the end of the route. It takes calls at once when those that waited for it are sent. */
  #target: Destination<Req, Res> | null = null
  #next: Destination<Req, Res> | null = null
  #split = new TrafficSplit(0, undefined)
  /** How often the route has moved, and at which move it was last released. Calls queue in between. */
  #moves = 0
  #released = 0
  /** How many calls have joined a queue during a release. */
  #late = 0
  #isClosed = false
  #inPlace: readonly string[] = []
  readonly #dispatcher: Dispatcher<Req, Res>
  readonly #queue: CallQueue<Req, Res>
  readonly #pinned: PinnedCalls<Req, Res> | undefined
  readonly #options: RouterOptions<Req>
  /** How the calls ended that no version got. */
  readonly unsent = new CallCounts()
  /** For an aggregate that contains this one. */
  readonly #direct: Callee<Req, Res> = {
    call: (request, options) => this.#traced(options, traced => this.#sendDirectly(request, traced)),
  }

  constructor(options: RouterOptions<Req>) {
    const { pins } = options
    const limits = { ...options, unsent: this.unsent }
    this.#queue = new CallQueue(limits)
    this.#pinned = pins && new PinnedCalls(limits, pins)
    this.#options = options
    this.#dispatcher = new Dispatcher(options, {
      has: backend => backend === this.#target?.backend || backend === this.#next?.backend,
      lose: backend => this.#lose(backend),
      receive: (request, options) => this.#receive(request, options, randomHash()),
    })
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
    const isOpen = this.#isClosed || (this.#target !== null && this.#target.backend.endpoint.callee !== null)
    return isOpen ? this.#direct : null
  }

  /** Shows the calls that are sent from now on, but for those that are mirrored or pinned; null: to nobody. */
  observe(observer: CallObserver | null): void {
    this.#dispatcher.observer = observer
    this.#place(this.#target?.backend ?? null, this.#next?.backend ?? null)
  }

  call(request: Req, options: CallOptions | undefined): Promise<Res> {
    if (isTraced()) return this.#receiveTraced(request, options)
    const open = this.#open
    // Most calls skip the queue, and the look at their options.
    if (open !== null && areSimple(options)) return this.#sendSimple(open, request, options)
    // Without a share there is no random hash either: a number with a fraction takes memory.
    if (this.#split.share === 0) return this.#receive(request, options, undefined)
    const hash = randomHash()
    if (this.#sharing === null || options !== undefined) return this.#receive(request, options, hash)
    const to = hash < this.#split.share ? this.#sharing : this.#target
    return to === null ? this.#receive(request, options, hash) : this.#sendSimple(to, request, options)
  }

  /** First step of a move: no call goes to a version that is not on `route` any more. */
  move(route: Route, find: FindBackend<Req, Res>): void {
    const active = route.active === null ? null : (find(route.active) ?? null)
    const next = route.next === null ? null : (find(route.next) ?? null)
    const split = new TrafficSplit(route.share ?? 0, next?.version)
    this.#isClosed = route.closed
    this.#inPlace = route.inPlace ?? []
    if (route.closed) this.#rejectAll(this.#options.closed())
    this.#pinned?.keepOnly(this.#inPlace)
    const isSamePair = active === (this.#target?.backend ?? null) && next === (this.#next?.backend ?? null)
    if (isSamePair && split.share === this.#split.share) return
    this.#split = split
    this.#moves++
    this.#place(active, next)
  }

  /** Second step: sends the waiting calls in order, then lets new calls go directly. Not reentrant. */
  release(): void {
    const move = this.#moves
    if (move === this.#released) return
    let late: number
    do {
      late = this.#late
      this.#releaseShared(move)
      if (this.#pinned !== undefined) this.#releasePinned(this.#pinned, move)
      // A call just sent may have led to others, for a queue that was released before.
    } while (late !== this.#late && this.#moves === move)
    if (this.#moves !== move) return
    this.#released = move
    this.#openUp()
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

  #releaseShared(move: number): void {
    let to: Destination<Req, Res> | null = null
    this.#queue.flush(
      (options, hash) => {
        // A call just sent may have moved the route: then the next `release` completes the move.
        if (this.#moves !== move) return false
        to = this.#openFor(options, hash)
        if (this.#moves !== move) return false
        return to !== null || (this.#split.share === 0 ? false : undefined)
      },
      (request, options) => this.#dispatcher.send(to as Destination<Req, Res>, request, options),
    )
  }

  #releasePinned({ queues }: PinnedCalls<Req, Res>, move: number): void {
    for (const [version, queue] of queues) {
      queue.flush(
        () => this.#moves === move && this.#openOn(version) !== null,
        (request, options) =>
          this.#dispatcher.sendPinned(this.#running(version) as Backend<Req, Res>, request, options),
      )
    }
  }

  /** Sets the ends of the route. */
  #place(active: Backend<Req, Res> | null, next: Backend<Req, Res> | null): void {
    // While the active version is down its calls wait, so the others are no fair sample.
    const isFair = active !== null
    const chance = next === null ? 0 : this.#split.chance
    this.#target = active && this.#dispatcher.destination(active, 'active', next, 1 - chance)
    this.#next = next && this.#dispatcher.destination(next, 'next', active, isFair ? chance : 0)
    this.#openUp()
  }

  /** Lets calls go directly, unless the move is not complete. */
  #openUp(): void {
    const isReleased = this.#moves === this.#released
    this.#sharing = isReleased && this.#split.share !== 0 ? this.#next : null
    this.#open = isReleased && this.#sharing === null ? this.#target : null
  }

  /** The version, if it is running as active or next. */
  #running(version: string): Backend<Req, Res> | null {
    if (this.#target?.backend.version === version) return this.#target.backend
    return this.#next?.backend.version === version ? this.#next.backend : null
  }

  /** As {@link #running}, with an open endpoint. */
  #openOn(version: string): Backend<Req, Res> | null {
    const to = this.#running(version)
    if (to === null || to.endpoint.callee !== null) return to
    this.#lose(to)
    return null
  }

  /** The end of the route that this call goes to (rules 26 and 27); null if it has to wait. */
  #choose(options: CallOptions | undefined, hash: number | undefined): Destination<Req, Res> | null {
    if (this.#split.share === 0 || this.#next === null) return this.#target
    return this.#split.isForNext(options, hash) ? this.#next : this.#target
  }

  /** As {@link #choose}, with an open endpoint. */
  #openFor(options: CallOptions | undefined, hash: number): Destination<Req, Res> | null {
    for (;;) {
      const to = this.#choose(options, hash)
      if (to === null || to.backend.endpoint.callee !== null) return to
      this.#lose(to.backend)
    }
  }

  /** Apart from {@link call}, where a closure would cost every call. */
  #receiveTraced(request: Req, options: CallOptions | undefined): Promise<Res> {
    return this.#traced(options, traced => this.#receive(request, traced, randomHash()))
  }

  /** Publishes what happens to a call, if anybody listens and it is one of an aggregate. */
  #traced(options: CallOptions | undefined, send: (options: CallOptions | undefined) => Promise<Res>): Promise<Res> {
    const { aggregate } = this.#options
    if (aggregate === undefined || !isTraced()) return send(options)
    return traceCall(aggregate, options, version => (version === this.#next?.backend.version ? 'next' : 'active'), send)
  }

  /** Rejects, sends or queues a call. */
  #receive(request: Req, options: CallOptions | undefined, hash: number | undefined): Promise<Res> {
    if (this.#isClosed) return this.#refuse(this.#options.closed(), request, options)
    const refusal = refusalOf(options)
    if (refusal !== undefined) return this.#refuse(refusal.reason, request, options)
    if (this.#pinned !== undefined && isPinned(options)) return this.#receivePinned(this.#pinned, request, options)
    const to = this.#choose(options, hash)
    if (to === null) {
      const error = this.#options.hopeless()
      return error === undefined
        ? this.#queue.add(request, options, hash ?? randomHash())
        : this.#refuse(error, request, options)
    }
    if (this.#moves !== this.#released) return this.#addLate(this.#queue, request, options, hash ?? randomHash())
    if (to.backend.endpoint.callee === null) return this.#loseOrWait(to, request, options)
    return this.#dispatcher.send(to, request, options)
  }

  /** Rejects, sends or queues a call that names its version (rule 28). It goes nowhere else, and is not propagated. */
  #receivePinned(pinned: PinnedCalls<Req, Res>, request: Req, options: PinnedOptions): Promise<Res> {
    const version = pinOf(options, this.#inPlace)
    if (typeof version !== 'string') return this.#refuse(version.reason, request, options)
    if (!this.#inPlace.includes(version)) return this.#refuse(pinned.errors.gone(version), request, options)
    const to = this.#running(version)
    if (to === null) {
      const error = pinned.errors.hopeless(version)
      return error === undefined ? pinned.of(version).add(request, options) : this.#refuse(error, request, options)
    }
    if (this.#moves !== this.#released) return this.#addLate(pinned.of(version), request, options)
    if (to.endpoint.callee !== null) return this.#dispatcher.sendPinned(to, request, options)
    const answer = pinned.of(version).add(request, options)
    this.#lose(to)
    return answer
  }

  /** Queues a call until the release under way, or the next one, sends it. */
  #addLate(queue: CallQueue<Req, Res>, request: Req, options: CallOptions | undefined, hash?: number): Promise<Res> {
    this.#late++
    return queue.addAnyway(request, options, hash)
  }

  /** Rejects a call that no version gets. */
  #refuse(error: unknown, request: Req, options: CallOptions | undefined): Promise<never> {
    this.unsent.rejected(error, options)
    flowOf(request)?.stop('failed', error)
    return Promise.reject(error)
  }

  /** Sends a call with simple options. */
  #sendSimple(to: Destination<Req, Res>, request: Req, options: CallOptions | undefined): Promise<Res> {
    const { endpoint, calls } = to.backend
    const { callee } = endpoint
    if (callee === null) return this.#loseOrWait(to, request, options)
    if (!to.isShared || to.mirror !== null) return this.#dispatcher.send(to, request, options)
    return calls.track(callee, request, options, to.record)
  }

  /** Takes a call whose version turns out not to be running. */
  #loseOrWait({ backend }: Destination<Req, Res>, request: Req, options: CallOptions | undefined): Promise<Res> {
    if (backend === this.#next?.backend) {
      this.#lose(backend)
      return this.#receive(request, options, randomHash())
    }
    // Queued first: the loss may lead to further calls, which must come behind this one.
    const answer = this.#queue.add(request, options, randomHash())
    this.#lose(backend)
    return answer
  }

  #sendDirectly(request: Req, options: CallOptions | undefined): Promise<Res> {
    if (this.#isClosed || this.#target === null) return this.#refuse(this.#options.closed(), request, options)
    const to = this.#choose(options, randomHash())
    const isDown = to === null || to.backend.endpoint.callee === null
    return this.#dispatcher.send(isDown ? this.#target : to, request, options)
  }

  /** The runtime is not running, and has not emitted `stopped` yet: no call goes there until the route moves again. */
  #lose(backend: Backend<Req, Res>): void {
    const [active, next] = [this.#target?.backend ?? null, this.#next?.backend ?? null]
    // The share of the next version goes to the active one.
    this.#place(active === backend ? null : active, next === backend ? null : next)
    this.#options.refused(backend.version)
  }
}
