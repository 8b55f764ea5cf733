import type { Callee, Flights } from './flights.js'
import type { Logger } from './logger.js'
import type { CallOptions } from './runtime.js'
import { signalOf } from './validate.js'
import { WaitingCalls, type WaitingLimits } from './waiting.js'

const SETTLED = Promise.resolve()

/** Where calls go, by version. `active` null: they wait. */
export interface Route {
  readonly active: string | null
  /** Where propagated calls go as well. */
  readonly next: string | null
  /** No call is taken any more. */
  readonly closed: boolean
}

/** A version as the router sees it. */
export interface Backend<Req, Res> {
  readonly version: string
  /** What takes its calls. */
  readonly callee: Callee<Req, Res, CallOptions | undefined>
  readonly flights: Flights<Res>
}

export interface RouterOptions<Req> extends WaitingLimits {
  readonly propagate: ((request: Req) => boolean) | undefined
  readonly logger: Logger
  /** What calls reject with when no call is taken any more. */
  closed(): Error
}

/**
 * The data plane: a pointer to the runtime that takes calls now, and the calls that wait while there is none.
 *
 * Control moves it in two steps, so that no call goes to a version that is about to leave, and none to a version whose
 * host has not been started yet: {@link close} as soon as a decision is made, {@link open} when it has been acted on.
 */
export class Router<Req, Res> {
  /** Where a call goes at once. */
  #active: Backend<Req, Res> | null = null
  /** Where the waiting calls are being sent; becomes the active backend when none is left. */
  #opening: Backend<Req, Res> | null = null
  #next: Backend<Req, Res> | null = null
  #closed = false
  /** While there is no active backend: one is about to open, between the two steps of a move. */
  #isMoving = false
  readonly #waiting: WaitingCalls<Req, Res>
  readonly #options: RouterOptions<Req>
  readonly #propagate: ((request: Req) => boolean) | undefined

  constructor(options: RouterOptions<Req>) {
    this.#waiting = new WaitingCalls(options)
    this.#options = options
    this.#propagate = options.propagate
  }

  /** How many calls wait. */
  get waiting(): number {
    return this.#waiting.size
  }

  call(request: Req, options: CallOptions | undefined): Promise<Res> {
    const active = this.#active
    // Looking at options has its price; a call without any pays nothing.
    if (active === null || options !== undefined) return this.#admit(request, options)
    return this.#send(active, request, options)
  }

  /** First step of a move: nothing more goes where `route` does not lead. */
  close(route: Route): void {
    this.#isMoving = route.active !== null
    if (this.#active?.version !== route.active) this.#active = null
    if (this.#opening?.version !== route.active) this.#opening = null
    if (this.#next?.version !== route.next) this.#next = null
    this.#closed = route.closed
    if (route.closed) this.#waiting.rejectAll(this.#options.closed())
  }

  /** Second step: the calls that wait go out in their order, then new ones go directly. Not to be called inside itself. */
  open(route: Route, backendOf: (version: string) => Backend<Req, Res> | undefined): void {
    if (route.next !== null && this.#propagate !== undefined) this.#next ??= backendOf(route.next) ?? null
    const backend = route.active === null || this.#active !== null ? undefined : backendOf(route.active)
    if (backend === undefined) this.#isMoving = false
    else this.#sendWaiting(backend)
  }

  #sendWaiting(backend: Backend<Req, Res>): void {
    this.#opening = backend
    this.#waiting.sendOn(
      () => this.#opening === backend,
      (request, options) => this.#send(backend, request, options),
    )
    // Moved on by one of the calls that waited: then the next `open` ends the move.
    if (this.#opening !== backend) return
    this.#opening = null
    this.#active = backend
  }

  #send(active: Backend<Req, Res>, request: Req, options: CallOptions | undefined): Promise<Res> {
    if (options?.transfer?.length && this.#next !== null) return this.#sendClone(active, this.#next, request, options)
    const answer = active.flights.launch(active.callee, request, options)
    const next = this.#next
    if (next === null) return answer
    try {
      this.#mirror(next, request, options)
    } catch (error) {
      // Also when the stack was full: then this is all that there is room for. The call has been sent, so its answer counts.
      SETTLED.then(() => this.#mirrorFailed(next.version, error))
    }
    return answer
  }

  /** The active version takes buffers of the request away, so the next version gets a clone that is made before. */
  #sendClone(active: Backend<Req, Res>, next: Backend<Req, Res>, request: Req, options: CallOptions): Promise<Res> {
    let clone: { readonly request: Req } | undefined
    try {
      if (this.#propagate?.(request) === true) clone = { request: structuredClone(request) }
    } catch (error) {
      this.#mirrorFailed(next.version, error)
    }
    const answer = active.flights.launch(active.callee, request, options)
    if (clone === undefined) return answer
    try {
      this.#callNext(next, clone.request, { ...options, transfer: undefined })
    } catch (error) {
      SETTLED.then(() => this.#mirrorFailed(next.version, error))
    }
    return answer
  }

  /** The call is refused, sent, or waits. */
  #admit(request: Req, options: CallOptions | undefined): Promise<Res> {
    if (this.#closed) return Promise.reject(this.#options.closed())
    const refusal = refusalOf(options)
    if (refusal !== undefined) return refusal
    if (this.#active !== null) return this.#send(this.#active, request, options)
    return this.#isMoving ? this.#waiting.queue(request, options) : this.#waiting.add(request, options)
  }

  /** Sends the call to the next version as well; whatever comes of it, the answer is the active version's. */
  #mirror(next: Backend<Req, Res>, request: Req, options: CallOptions | undefined): void {
    if (this.#propagate?.(request) === true) this.#callNext(next, request, options)
  }

  #callNext(next: Backend<Req, Res>, request: Req, options: CallOptions | undefined): void {
    const failed = (error: unknown) => this.#mirrorFailed(next.version, error)
    Promise.resolve(next.callee.call(request, options)).catch(failed)
  }

  #mirrorFailed(version: string, err: unknown): void {
    this.#options.logger.warn({ version, err }, 'a call propagated to the next version failed')
  }
}

/** What a call gets whose signal is none, or has fired. */
function refusalOf(options: CallOptions | undefined): Promise<never> | undefined {
  try {
    const signal = signalOf(options)
    return signal?.aborted === true ? Promise.reject(signal.reason) : undefined
  } catch (error) {
    return Promise.reject(error)
  }
}
