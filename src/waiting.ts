import { AsyncResource } from 'node:async_hooks'
import { onAbort } from './abortListeners.js'
import type { Clock } from './clock.js'
import type { CallOptions } from './runtime.js'
import { signalOf } from './validate.js'

export interface WaitingLimits {
  /** ms; Infinity for none */
  readonly timeout: number
  readonly max: number
  readonly clock: Clock
  /** What a call rejects with that waited for too long. */
  timedOut(): Error
  /** What a call rejects with that finds the queue full. */
  tooMany(): Error
}

interface WaitingCall<Req, Res> {
  readonly request: Req
  readonly options: CallOptions | undefined
  /** Sends the call in the async context of its caller, not of whoever opens the way. */
  readonly caller: AsyncResource
  readonly resolve: (answer: Res | Promise<Res>) => void
  readonly reject: (error: unknown) => void
  readonly forget: () => void
}

const SETTLED = Promise.resolve()

/** Calls that cannot be sent yet, in order of arrival. No polling: whoever opens the way sends them on. */
export class WaitingCalls<Req, Res> {
  /** A Set keeps the order and deletes in constant time. */
  readonly #calls = new Set<WaitingCall<Req, Res>>()
  readonly #limits: WaitingLimits

  constructor(limits: WaitingLimits) {
    this.#limits = limits
  }

  get size(): number {
    return this.#calls.size
  }

  /** Waits until {@link sendOn} or {@link rejectAll}, the time limit, or the abort of `options.signal`. */
  add(request: Req, options: CallOptions | undefined): Promise<Res> {
    const { timeout, max, timedOut, tooMany } = this.#limits
    if (this.#calls.size >= max) return Promise.reject(tooMany())
    if (timeout === 0) return Promise.reject(timedOut())
    return this.queue(request, options)
  }

  /** As {@link add}, for a call that is sent on in a moment: the limits do not matter. */
  async queue(request: Req, options: CallOptions | undefined): Promise<Res> {
    const { timeout, clock, timedOut } = this.#limits
    const signal = signalOf(options)
    return new Promise((resolve, reject) => {
      let timer: unknown
      let unlisten: (() => void) | undefined
      const forget = () => {
        this.#calls.delete(call)
        if (timer !== undefined) clock.clearTimeout(timer)
        unlisten?.()
      }
      const call = { request, options, caller: new AsyncResource('CutoverCall'), resolve, reject, forget }
      const fail = (error: unknown) => this.#fail(call, error)
      try {
        if (signal !== undefined) unlisten = onAbort(signal, () => fail(signal.reason))
        if (timeout !== Number.POSITIVE_INFINITY) timer = clock.setTimeout(() => fail(timedOut()), timeout)
      } catch (error) {
        // A clock that throws, or a full stack, on which there is no room for `forget` either.
        SETTLED.then(forget)
        throw error
      }
      this.#calls.add(call)
    })
  }

  /** Sends the waiting calls, oldest first, for as long as `isOpen`. A call is off the list before it is sent. */
  sendOn(isOpen: () => boolean, send: (request: Req, options: CallOptions | undefined) => Promise<Res>): void {
    for (const call of this.#calls) {
      if (!isOpen()) return
      try {
        call.forget()
        call.resolve(call.caller.runInAsyncScope(send, undefined, call.request, call.options))
      } catch (error) {
        call.reject(error)
      }
    }
  }

  rejectAll(error: Error): void {
    for (const call of this.#calls) this.#fail(call, error)
  }

  #fail(call: WaitingCall<Req, Res>, error: unknown): void {
    call.forget()
    call.reject(error)
  }
}
