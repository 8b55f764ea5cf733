import { type CallOptions, type Logger, signalOf } from '../contract/index.js'
import type { Callee } from './callee.js'
import { CallQueue, type QueueLimits } from './callQueue.js'
import type { CallsInFlight } from './callsInFlight.js'
import type { Endpoint } from './endpoint.js'

/** Where calls go, by version. If `active` is null, they wait. */
export interface Route {
  readonly active: string | null
  /** The version that also gets propagated calls. */
  readonly next: string | null
  /** Whether every call is rejected. */
  readonly closed: boolean
}

/** A version as the router sees it. */
export interface Backend<Req, Res> {
  readonly version: string
  readonly endpoint: Endpoint<Req, Res>
  readonly calls: CallsInFlight<Res>
}

export interface RouterOptions<Req> extends QueueLimits {
  readonly propagate: ((request: Req) => boolean) | undefined
  readonly logger: Logger
  /** The error of calls on a closed route. */
  closed(): Error
  /** The error of calls that would wait in vain; undefined if waiting makes sense. */
  hopeless(): Error | undefined
  /** Called when the endpoint of a version was closed although the route leads to it. */
  refused(version: string): void
}

type Find<Req, Res> = (version: string) => Backend<Req, Res> | undefined

const SETTLED = Promise.resolve()

/**
 * The data plane: a pointer to the version that takes calls, and the queue of calls that wait while there is none.
 *
 * The control plane moves it in two steps: {@link move} when a decision is made, {@link release} when its effects have been
 * performed. In between, calls join the queue.
 */
export class Router<Req, Res> implements Endpoint<Req, Res> {
  /** Takes calls at once. */
  #active: Backend<Req, Res> | null = null
  /** The end of the route; becomes `#active` when the queue is empty. */
  #target: Backend<Req, Res> | null = null
  #next: Backend<Req, Res> | null = null
  #isClosed = false
  readonly #queue: CallQueue<Req, Res>
  readonly #options: RouterOptions<Req>
  readonly #propagate: ((request: Req) => boolean) | undefined
  /** For an aggregate that contains this one. */
  readonly #direct: Callee<Req, Res> = { call: (request, options) => this.#sendDirectly(request, options) }

  constructor(options: RouterOptions<Req>) {
    this.#queue = new CallQueue(options)
    this.#options = options
    this.#propagate = options.propagate
  }

  /** How many calls wait. */
  get waiting(): number {
    return this.#queue.size
  }

  /** Takes calls at once, past the queue; null while they would wait. */
  get callee(): Callee<Req, Res> | null {
    const isOpen = this.#isClosed || (this.#target !== null && this.#target.endpoint.callee !== null)
    return isOpen ? this.#direct : null
  }

  call(request: Req, options: CallOptions | undefined): Promise<Res> {
    const active = this.#active
    // A call without options skips the check of its signal.
    if (active === null || options !== undefined) return this.#receive(request, options)
    return this.#sendOrWait(active, request, options)
  }

  /** First step of a move: no call goes to a version that is not on `route` any more. */
  move(route: Route, find: Find<Req, Res>): void {
    this.#target = route.active === null ? null : (find(route.active) ?? null)
    if (this.#active !== this.#target) this.#active = null
    this.#next = route.next === null || this.#propagate === undefined ? null : (find(route.next) ?? null)
    this.#isClosed = route.closed
    if (route.closed) this.#queue.rejectAll(this.#options.closed())
  }

  /** Second step: sends the waiting calls in order, then lets new calls go directly. Not reentrant. */
  release(): void {
    const target = this.#target
    if (target === null || target === this.#active) return
    this.#queue.flush(
      () => this.#isOpen(target),
      (request, options) => this.#send(target, request, options),
    )
    // A call just sent may have moved the route: then the next `release` completes the move.
    if (this.#target === target) this.#active = target
  }

  /** Rejects the waiting calls: they would wait in vain. */
  rejectWaiting(error: Error): void {
    this.#queue.rejectAll(error)
  }

  #isOpen(target: Backend<Req, Res>): boolean {
    if (this.#target !== target) return false
    if (target.endpoint.callee !== null) return true
    this.#lose(target)
    return false
  }

  /** Rejects, sends or queues a call. */
  #receive(request: Req, options: CallOptions | undefined): Promise<Res> {
    if (this.#isClosed) return Promise.reject(this.#options.closed())
    const refusal = refusalOf(options)
    if (refusal !== undefined) return refusal
    if (this.#active !== null) return this.#sendOrWait(this.#active, request, options)
    if (this.#target !== null) return this.#queue.addAnyway(request, options)
    const error = this.#options.hopeless()
    return error === undefined ? this.#queue.add(request, options) : Promise.reject(error)
  }

  #sendOrWait(active: Backend<Req, Res>, request: Req, options: CallOptions | undefined): Promise<Res> {
    if (active.endpoint.callee !== null) return this.#send(active, request, options)
    // Queued first: the loss may lead to further calls, which must come behind this one.
    const answer = this.#queue.add(request, options)
    this.#lose(active)
    return answer
  }

  #sendDirectly(request: Req, options: CallOptions | undefined): Promise<Res> {
    if (this.#isClosed || this.#target === null) return Promise.reject(this.#options.closed())
    return this.#send(this.#target, request, options)
  }

  #send(active: Backend<Req, Res>, request: Req, options: CallOptions | undefined): Promise<Res> {
    if (options?.transfer?.length && this.#next !== null) return this.#sendClone(active, this.#next, request, options)
    const answer = active.calls.track(active.endpoint.callee as Callee<Req, Res>, request, options)
    const next = this.#next
    if (next === null) return answer
    try {
      this.#mirror(next, request, options)
    } catch (error) {
      // The call has been sent, so its answer counts. A full stack has room for no more than this.
      SETTLED.then(this.#mirrorFailed.bind(this, next.version, error))
    }
    return answer
  }

  /** Clones the request for the next version first, because the call to the active one moves its buffers away. */
  #sendClone(active: Backend<Req, Res>, next: Backend<Req, Res>, request: Req, options: CallOptions): Promise<Res> {
    let clone: { readonly request: Req } | undefined
    try {
      if (this.#propagate?.(request) === true) clone = { request: structuredClone(request) }
    } catch (error) {
      this.#mirrorFailed(next.version, error)
    }
    const answer = active.calls.track(active.endpoint.callee as Callee<Req, Res>, request, options)
    if (clone === undefined) return answer
    try {
      this.#callNext(next, clone.request, { ...options, transfer: undefined })
    } catch (error) {
      SETTLED.then(this.#mirrorFailed.bind(this, next.version, error))
    }
    return answer
  }

  /** Sends the call to the next version too. Its outcome never touches the answer of the active version. */
  #mirror(next: Backend<Req, Res>, request: Req, options: CallOptions | undefined): void {
    if (this.#propagate?.(request) === true) this.#callNext(next, request, options)
  }

  #callNext(next: Backend<Req, Res>, request: Req, options: CallOptions | undefined): void {
    const failed = (error: unknown) => this.#mirrorFailed(next.version, error)
    const { callee } = next.endpoint
    if (callee === null) this.#lose(next)
    else Promise.resolve(callee.call(request, options)).catch(failed)
  }

  #mirrorFailed(version: string, err: unknown): void {
    this.#options.logger.warn({ version, err }, 'a call propagated to the next version failed')
  }

  /** The runtime is not running, and has not emitted `stopped` yet: no call goes there until the route moves again. */
  #lose(backend: Backend<Req, Res>): void {
    if (this.#target === backend) this.#target = null
    if (this.#active === backend) this.#active = null
    if (this.#next === backend) this.#next = null
    this.#options.refused(backend.version)
  }
}

/** The rejection of a call whose signal is invalid or has fired. */
function refusalOf(options: CallOptions | undefined): Promise<never> | undefined {
  try {
    const signal = signalOf(options)
    return signal?.aborted === true ? Promise.reject(signal.reason) : undefined
  } catch (error) {
    return Promise.reject(error)
  }
}
