import { AsyncResource } from 'node:async_hooks'
import { onAbort } from '../abortListeners.js'
import { asError, CutoverError, describe } from '../errors.js'
import type { Transferable } from '../runtime.js'
import { ERROR } from './messages.js'
import { REQUEST, type Transport, Unreadable } from './transport.js'
import { fromWire } from './wireError.js'

/** What a request resolves with: the payload of the answer, its {@link Body}, or that as `{ [kind]: payload }`. */
export type AnswerShape = 'payload' | 'body' | 'raw'

export interface OutgoingOptions {
  readonly maxInFlight: number
  /** While the calls in flight take this, in bytes, further ones wait. */
  readonly maxInFlightBytes: number
  readonly maxWaitingCalls: number
  /** The kind of request that gives up another one. */
  readonly cancelKind: string
  /** Says that an answer cannot be read. */
  invalidAnswer(cause: Error): Error
}

/** A request that is about to be sent. */
export interface Outgoing {
  readonly kind: string
  readonly payload: unknown
  /** The kind of the answer; any when undefined. */
  readonly expects: string | undefined
  readonly shape: AnswerShape
  /** When it is aborted, the other side is told. */
  readonly cancels: boolean
  readonly signal: AbortSignal | undefined
  readonly transfer: readonly Transferable[] | undefined
}

/** A request that waits for its turn, or for its answer. */
interface Pending {
  readonly expects: string | undefined
  readonly shape: AnswerShape
  /** It counts towards `maxInFlight`. */
  readonly isCall: boolean
  /** What it counts towards `maxInFlightBytes`. */
  bytes: number
  resolve: (answer: unknown) => void
  reject: (error: unknown) => void
  unlisten: (() => void) | undefined
}

/** A call that waits for its turn. */
interface Waiting {
  readonly call: Outgoing
  readonly pending: Pending
  /** Sends it in the async context of its caller: to encode a request may run getters of it. */
  readonly caller: AsyncResource
}

const SETTLED = Promise.resolve()

/**
 * What this side asks: calls in flight, calls that wait, and the requests that are no calls.
 *
 * A caller may be at the end of its stack, where any call of a function throws. So a request is known here before it is
 * sent, and what follows from a failure there is done in a turn of its own.
 */
export class OutgoingRequests {
  readonly #options: OutgoingOptions
  readonly #pending = new Map<number, Pending>()
  /** A Set keeps the order and deletes in constant time. */
  readonly #waiting = new Set<Waiting>()
  /** Counts up for as long as the connection lasts: a late answer is never taken for that of another request. */
  #lastId = 0
  /** Requests that were given up and forgotten: so many answers may still come that nobody waits for. */
  #forgotten = 0
  /** Calls in flight, with those that were given up and must still be answered. */
  inFlight = 0
  /** The memory that they take on the other side, by estimate; not counted where there is no limit. */
  #bytes = 0
  /** Where calls go; `null` while they wait. */
  #way: Transport | null = null

  constructor(options: OutgoingOptions) {
    this.#options = options
  }

  get waiting(): number {
    return this.#waiting.size
  }

  /** Calls go here now, first those that wait; with `null` they wait. */
  route(way: Transport | null): void {
    this.#way = way
    this.release()
  }

  call(call: Outgoing): Promise<unknown> {
    const { signal } = call
    if (signal?.aborted === true) return Promise.reject(signal.reason)
    const way = this.#way
    if (way === null || this.#waiting.size > 0 || !this.#hasRoom(way)) return this.#wait(call)
    return new Promise((resolve, reject) => this.#send(way, call, pendingOf(call, true, resolve, reject)))
  }

  /** Sends a request at once, however many calls are in flight. */
  request(transport: Transport, request: Outgoing): Promise<unknown> {
    const { signal } = request
    if (signal?.aborted === true) return Promise.reject(signal.reason)
    return new Promise((resolve, reject) => this.#send(transport, request, pendingOf(request, false, resolve, reject)))
  }

  /** Sends the calls that wait, oldest first, for as long as there is room. */
  release(): void {
    for (const waiting of this.#waiting) {
      const way = this.#way
      if (way === null || !this.#hasRoom(way)) return
      this.#waiting.delete(waiting)
      const { call, pending, caller } = waiting
      try {
        pending.unlisten?.()
        pending.unlisten = undefined
        caller.runInAsyncScope(() => this.#send(way, call, pending))
      } catch (error) {
        pending.reject(error)
      }
    }
  }

  /** Takes an answer; `false` when nobody ever waited for it. */
  settle(id: number | bigint, kind: string, payload: unknown): boolean {
    const pending = this.#pending.get(id as number)
    if (pending === undefined) return this.#isLate(id)
    this.#forget(id as number, pending)
    pending.unlisten?.()
    const { expects, shape } = pending
    if (payload instanceof Unreadable) pending.reject(this.#options.invalidAnswer(payload.error))
    else if (kind === ERROR) pending.reject(fromWire(payload))
    else if (expects !== undefined && kind !== expects) {
      const message = `The other side answered with ${describe(kind)} instead of ${describe(expects)}: mend the guest.`
      pending.reject(new CutoverError('CUTOVER_INVALID_RUNTIME', message))
    } else if (shape === 'payload') pending.resolve(payload)
    else pending.resolve(shape === 'body' ? { kind, payload } : Object.fromEntries([[kind, payload]]))
    if (this.#waiting.size > 0) this.release()
    return true
  }

  /** A request that was sent cannot be sent after all. */
  unsent(id: number | bigint, error: Error): void {
    const pending = this.#pending.get(id as number)
    if (pending === undefined) return
    this.#forget(id as number, pending)
    pending.unlisten?.()
    pending.reject(cannotSend(error))
    if (this.#waiting.size > 0) this.release()
  }

  /** Ends everything that waits, for its turn or for its answer. */
  rejectAll(error: Error): void {
    const all = [...this.#pending.values(), ...[...this.#waiting].map(({ pending }) => pending)]
    this.#pending.clear()
    this.#waiting.clear()
    this.inFlight = 0
    this.#bytes = 0
    for (const { unlisten, reject } of all) {
      unlisten?.()
      reject(error)
    }
  }

  #hasRoom(way: Transport): boolean {
    const { maxInFlight, maxInFlightBytes } = this.#options
    return this.inFlight < maxInFlight && this.#bytes < maxInFlightBytes && !way.isCongested
  }

  #forget(id: number, { isCall, bytes }: Pending): void {
    this.#pending.delete(id)
    if (!isCall) return
    this.inFlight--
    this.#bytes -= bytes
  }

  #isLate(id: number | bigint): boolean {
    if (this.#forgotten === 0 || id < 1 || id > this.#lastId) return false
    this.#forgotten--
    return true
  }

  #send(transport: Transport, outgoing: Outgoing, pending: Pending): void {
    const { kind, payload, transfer, signal } = outgoing
    const id = ++this.#lastId
    if (signal !== undefined) pending.unlisten = onAbort(signal, () => this.#giveUp(transport, id, outgoing, pending))
    this.#pending.set(id, pending)
    if (pending.isCall) this.inFlight++
    const before = transport.sentBytes
    try {
      transport.send(id, REQUEST, kind, payload, transfer)
    } catch (error) {
      this.#forget(id, pending)
      if (pending.unlisten !== undefined) SETTLED.then(pending.unlisten)
      pending.reject(cannotSend(error))
      return
    }
    if (this.#options.maxInFlightBytes !== Number.POSITIVE_INFINITY) this.#weigh(transport, before, id, pending)
  }

  #weigh(transport: Transport, before: number | undefined, id: number, pending: Pending): void {
    if (before === undefined || !pending.isCall || !this.#pending.has(id)) return
    pending.bytes = (transport.sentBytes ?? before) - before
    this.#bytes += pending.bytes
  }

  /**
   * Where the other side is told, the call counts until that answers it, in whatever way: it may still be at work.
   * Where it cannot be told, the call is forgotten: it may never be answered.
   */
  #giveUp(transport: Transport, id: number, { signal, cancels }: Outgoing, pending: Pending): void {
    if (this.#pending.get(id) !== pending) return
    pending.unlisten?.()
    pending.unlisten = undefined
    pending.reject(signal?.reason)
    if (!cancels) {
      this.#forget(id, pending)
      this.#forgotten++
      this.release()
      return
    }
    pending.resolve = ignore
    pending.reject = ignore
    const kind = this.#options.cancelKind
    const cancel: Outgoing = { ...CANCEL, kind, payload: { id } }
    this.#send(transport, cancel, pendingOf(cancel, false, ignore, ignore))
  }

  #wait(call: Outgoing): Promise<unknown> {
    const { maxWaitingCalls } = this.#options
    if (this.#waiting.size >= maxWaitingCalls) {
      const message = `${maxWaitingCalls} calls wait for this runtime already; call less often, or raise maxWaitingCalls.`
      return Promise.reject(new CutoverError('CUTOVER_TOO_MANY_WAITING_CALLS', message))
    }
    return new Promise((resolve, reject) => {
      const pending = pendingOf(call, true, resolve, reject)
      const waiting: Waiting = { call, pending, caller: new AsyncResource('CutoverCall') }
      const { signal } = call
      if (signal !== undefined) {
        pending.unlisten = onAbort(signal, () => {
          this.#waiting.delete(waiting)
          reject(signal.reason)
        })
      }
      this.#waiting.add(waiting)
    })
  }
}

const CANCEL = {
  expects: undefined,
  shape: 'payload',
  cancels: false,
  signal: undefined,
  transfer: undefined,
} as const

function pendingOf(
  { expects, shape }: Outgoing,
  isCall: boolean,
  resolve: (answer: unknown) => void,
  reject: (error: unknown) => void,
): Pending {
  return { expects, shape, isCall, bytes: 0, resolve, reject, unlisten: undefined }
}

/** What was wrong with the request, under a code of its own. */
export function cannotSend(error: unknown): CutoverError {
  const cause = asError(error)
  return new CutoverError('CUTOVER_INVALID_REQUEST', `The request cannot be sent: ${cause.message}`, { cause })
}

function ignore(): void {}
