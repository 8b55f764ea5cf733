import { AsyncResource } from 'node:async_hooks'
import { type CallOptions, type Clock, signalOf } from '../contract/index.js'
import { flowOf } from '../streams/index.js'
import { onAbort } from '../support/index.js'
import type { CallCounts } from './callCounts.js'

export interface QueueLimits {
  /** ms; Infinity for none */
  readonly timeout: number
  readonly max: number
  readonly clock: Clock
  /** The error of a call that has waited too long. */
  timedOut(): Error
  /** The error of a call that finds the queue full. */
  tooMany(): Error
  /** Counts the calls that are rejected before they are sent. */
  readonly unsent?: CallCounts
}

interface QueuedCall<Req, Res> {
  readonly request: Req
  readonly options: CallOptions | undefined
  readonly hash: number
  /** Sends the call in the async context of its caller, not of the code that flushes the queue. */
  readonly caller: AsyncResource
  readonly resolve: (answer: Res | Promise<Res>) => void
  readonly reject: (error: unknown) => void
  /** Removes the call from the queue, and its signal listener and timer. */
  readonly remove: () => void
}

const SETTLED = Promise.resolve()

/** Calls that cannot be sent yet, in order of arrival. Nothing polls: {@link CallQueue.flush} sends them. */
export class CallQueue<Req, Res> {
  /** A Set keeps the order and deletes in constant time. */
  readonly #calls = new Set<QueuedCall<Req, Res>>()
  readonly #limits: QueueLimits

  constructor(limits: QueueLimits) {
    this.#limits = limits
  }

  get size(): number {
    return this.#calls.size
  }

  /**
   * Waits until {@link flush} or {@link rejectAll}, the time limit, or the abort of `options.signal`.
   *
   * @param hash - is kept for {@link flush}
   */
  add(request: Req, options: CallOptions | undefined, hash = 0): Promise<Res> {
    const { timeout, max, timedOut, tooMany } = this.#limits
    if (this.#calls.size >= max) return this.#refuse(tooMany(), request, options)
    if (timeout === 0) return this.#refuse(timedOut(), request, options)
    return this.addAnyway(request, options, hash)
  }

  /** As {@link add}, for a call that goes out within this turn: `max` and a `timeout` of 0 do not apply. */
  addAnyway(request: Req, options: CallOptions | undefined, hash = 0): Promise<Res> {
    const { timeout, clock, timedOut } = this.#limits
    return new Promise((resolve, reject) => {
      const signal = signalOf(options)
      let timer: unknown
      let unlisten: (() => void) | undefined
      const remove = () => {
        this.#calls.delete(call)
        if (timer !== undefined) clock.clearTimeout(timer)
        unlisten?.()
      }
      const call = { request, options, hash, caller: new AsyncResource('CutoverCall'), resolve, reject, remove }
      const fail = (error: unknown) => this.#fail(call, error)
      try {
        if (signal !== undefined) unlisten = onAbort(signal, () => fail(signal.reason))
        if (timeout !== Number.POSITIVE_INFINITY) timer = clock.setTimeout(() => fail(timedOut()), timeout)
      } catch (error) {
        // The clock threw, or the stack is full and has no room for `remove`.
        SETTLED.then(remove)
        throw error
      }
      this.#calls.add(call)
    })
  }

  /**
   * Sends the calls, oldest first. A call leaves the queue before it is sent.
   *
   * @param isOpen - asked before each call; false ends the flush, undefined leaves this call where it is
   */
  flush(
    isOpen: (options: CallOptions | undefined, hash: number) => boolean | undefined,
    send: (request: Req, options: CallOptions | undefined) => Promise<Res>,
  ): void {
    for (const call of this.#calls) {
      const canGo = isOpen(call.options, call.hash)
      if (canGo === undefined) continue
      if (!canGo) return
      try {
        call.remove()
        call.resolve(call.caller.runInAsyncScope(send, undefined, call.request, call.options))
      } catch (error) {
        call.reject(error)
        this.#limits.unsent?.rejected(error, call.options)
      }
    }
  }

  rejectAll(error: Error): void {
    for (const call of this.#calls) this.#fail(call, error)
  }

  #refuse(error: Error, request: Req, options: CallOptions | undefined): Promise<never> {
    this.#limits.unsent?.rejected(error, options)
    flowOf(request)?.stop('failed', error)
    return Promise.reject(error)
  }

  #fail(call: QueuedCall<Req, Res>, error: unknown): void {
    call.remove()
    call.reject(error)
    flowOf(call.request)?.stop('failed', error)
    this.#limits.unsent?.rejected(error, call.options)
  }
}
