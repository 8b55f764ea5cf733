import { AsyncResource } from 'node:async_hooks'
import { asError, CutoverError, describe, type Transferable } from '../contract/index.js'
import { onAbort } from '../support/index.js'
import { ERROR } from './messages.js'
import { REQUEST, type Transport, UnreadablePayload } from './transports/transport.js'
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
export interface OutgoingRequest {
  readonly kind: string
  readonly payload: unknown
  /** The kind of the answer; any when undefined. */
  readonly expectedKind: string | undefined
  readonly shape: AnswerShape
  /** When it is aborted, the other side is told. */
  readonly sendsCancel: boolean
  readonly signal: AbortSignal | undefined
  readonly transfer: readonly Transferable[] | undefined
}

/** A request that waits for its turn, or for its answer. */
interface PendingRequest {
  readonly expectedKind: string | undefined
  readonly shape: AnswerShape
  /** It counts towards `maxInFlight`. */
  readonly isCall: boolean
  /** What it counts towards `maxInFlightBytes`. */
  bytes: number
  resolve: (answer: unknown) => void
  reject: (error: unknown) => void
  removeAbortListener: (() => void) | undefined
}

/** A call that waits for its turn. */
interface QueuedCall {
  readonly call: OutgoingRequest
  readonly pending: PendingRequest
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
  readonly #pending = new Map<number, PendingRequest>()
  /** A Set keeps the order and deletes in constant time. */
  readonly #queue = new Set<QueuedCall>()
  /** Counts up for as long as the connection lasts: a late answer is never taken for that of another request. */
  #lastId = 0
  /** Requests that were given up and forgotten: so many answers may still come that nobody waits for. */
  #abandoned = 0
  /** Calls in flight, with those that were given up and must still be answered. */
  inFlight = 0
  /** The memory that they take on the other side, by estimate; not counted where there is no limit. */
  #bytes = 0
  /** Where calls go; `null` while they wait. */
  #transport: Transport | null = null

  constructor(options: OutgoingOptions) {
    this.#options = options
  }

  get waiting(): number {
    return this.#queue.size
  }

  /** Calls go here now, first those that wait; with `null` they wait. */
  useTransport(transport: Transport | null): void {
    this.#transport = transport
    this.flush()
  }

  call(call: OutgoingRequest): Promise<unknown> {
    const { signal } = call
    if (signal?.aborted === true) return Promise.reject(signal.reason)
    const transport = this.#transport
    if (transport === null || this.#queue.size > 0 || !this.#hasRoom(transport)) return this.#enqueue(call)
    return new Promise((resolve, reject) => this.#send(transport, call, pendingOf(call, true, resolve, reject)))
  }

  /** Sends a request at once, however many calls are in flight. */
  request(transport: Transport, request: OutgoingRequest): Promise<unknown> {
    const { signal } = request
    if (signal?.aborted === true) return Promise.reject(signal.reason)
    return new Promise((resolve, reject) => this.#send(transport, request, pendingOf(request, false, resolve, reject)))
  }

  /** Sends the calls that wait, oldest first, for as long as there is room. */
  flush(): void {
    for (const queued of this.#queue) {
      const transport = this.#transport
      if (transport === null || !this.#hasRoom(transport)) return
      this.#queue.delete(queued)
      const { call, pending, caller } = queued
      try {
        pending.removeAbortListener?.()
        pending.removeAbortListener = undefined
        caller.runInAsyncScope(() => this.#send(transport, call, pending))
      } catch (error) {
        pending.reject(error)
      }
    }
  }

  /** Takes an answer; `false` when nobody ever waited for it. */
  settle(id: number | bigint, kind: string, payload: unknown): boolean {
    const pending = this.#pending.get(id as number)
    if (pending === undefined) return this.#isAbandoned(id)
    this.#remove(id as number, pending)
    pending.removeAbortListener?.()
    const { expectedKind, shape } = pending
    if (payload instanceof UnreadablePayload) pending.reject(this.#options.invalidAnswer(payload.error))
    else if (kind === ERROR) pending.reject(fromWire(payload))
    else if (expectedKind !== undefined && kind !== expectedKind) {
      const message = `The other side answered with ${describe(kind)} instead of ${describe(expectedKind)}: mend the guest.`
      pending.reject(new CutoverError('CUTOVER_INVALID_RUNTIME', message))
    } else if (shape === 'payload') pending.resolve(payload)
    else pending.resolve(shape === 'body' ? { kind, payload } : Object.fromEntries([[kind, payload]]))
    if (this.#queue.size > 0) this.flush()
    return true
  }

  /** A request that was sent cannot be sent after all. */
  sendFailed(id: number | bigint, error: Error): void {
    const pending = this.#pending.get(id as number)
    if (pending === undefined) return
    this.#remove(id as number, pending)
    pending.removeAbortListener?.()
    pending.reject(cannotSend(error))
    if (this.#queue.size > 0) this.flush()
  }

  /** Ends everything that waits, for its turn or for its answer. */
  rejectAll(error: Error): void {
    const all = [...this.#pending.values(), ...[...this.#queue].map(({ pending }) => pending)]
    this.#pending.clear()
    this.#queue.clear()
    this.inFlight = 0
    this.#bytes = 0
    for (const { removeAbortListener, reject } of all) {
      removeAbortListener?.()
      reject(error)
    }
  }

  #hasRoom(transport: Transport): boolean {
    const { maxInFlight, maxInFlightBytes } = this.#options
    return this.inFlight < maxInFlight && this.#bytes < maxInFlightBytes && !transport.isCongested
  }

  #remove(id: number, { isCall, bytes }: PendingRequest): void {
    this.#pending.delete(id)
    if (!isCall) return
    this.inFlight--
    this.#bytes -= bytes
  }

  #isAbandoned(id: number | bigint): boolean {
    if (this.#abandoned === 0 || id < 1 || id > this.#lastId) return false
    this.#abandoned--
    return true
  }

  #send(transport: Transport, request: OutgoingRequest, pending: PendingRequest): void {
    const { kind, payload, transfer, signal } = request
    const id = ++this.#lastId
    if (signal !== undefined)
      pending.removeAbortListener = onAbort(signal, () => this.#cancel(transport, id, request, pending))
    this.#pending.set(id, pending)
    if (pending.isCall) this.inFlight++
    const before = transport.sentBytes
    try {
      transport.send(id, REQUEST, kind, payload, transfer)
    } catch (error) {
      this.#remove(id, pending)
      if (pending.removeAbortListener !== undefined) SETTLED.then(pending.removeAbortListener)
      pending.reject(cannotSend(error))
      return
    }
    if (this.#options.maxInFlightBytes !== Number.POSITIVE_INFINITY) this.#countBytes(transport, before, id, pending)
  }

  #countBytes(transport: Transport, before: number | undefined, id: number, pending: PendingRequest): void {
    if (before === undefined || !pending.isCall || !this.#pending.has(id)) return
    pending.bytes = (transport.sentBytes ?? before) - before
    this.#bytes += pending.bytes
  }

  /**
   * Where the other side is told, the call counts until that answers it, in whatever transport: it may still be at work.
   * Where it cannot be told, the call is forgotten: it may never be answered.
   */
  #cancel(transport: Transport, id: number, { signal, sendsCancel }: OutgoingRequest, pending: PendingRequest): void {
    if (this.#pending.get(id) !== pending) return
    pending.removeAbortListener?.()
    pending.removeAbortListener = undefined
    pending.reject(signal?.reason)
    if (!sendsCancel) {
      this.#remove(id, pending)
      this.#abandoned++
      this.flush()
      return
    }
    pending.resolve = ignore
    pending.reject = ignore
    const kind = this.#options.cancelKind
    const cancel: OutgoingRequest = { ...CANCEL, kind, payload: { id } }
    this.#send(transport, cancel, pendingOf(cancel, false, ignore, ignore))
  }

  #enqueue(call: OutgoingRequest): Promise<unknown> {
    const { maxWaitingCalls } = this.#options
    if (this.#queue.size >= maxWaitingCalls) {
      const message = `${maxWaitingCalls} calls wait for this runtime already; call less often, or raise maxWaitingCalls.`
      return Promise.reject(new CutoverError('CUTOVER_TOO_MANY_WAITING_CALLS', message))
    }
    return new Promise((resolve, reject) => {
      const pending = pendingOf(call, true, resolve, reject)
      const queued: QueuedCall = { call, pending, caller: new AsyncResource('CutoverCall') }
      const { signal } = call
      if (signal !== undefined) {
        pending.removeAbortListener = onAbort(signal, () => {
          this.#queue.delete(queued)
          reject(signal.reason)
        })
      }
      this.#queue.add(queued)
    })
  }
}

const CANCEL = {
  expectedKind: undefined,
  shape: 'payload',
  sendsCancel: false,
  signal: undefined,
  transfer: undefined,
} as const

function pendingOf(
  { expectedKind, shape }: OutgoingRequest,
  isCall: boolean,
  resolve: (answer: unknown) => void,
  reject: (error: unknown) => void,
): PendingRequest {
  return { expectedKind, shape, isCall, bytes: 0, resolve, reject, removeAbortListener: undefined }
}

/** What was wrong with the request, under a code of its own. */
export function cannotSend(error: unknown): CutoverError {
  const cause = asError(error)
  return new CutoverError('CUTOVER_INVALID_REQUEST', `The request cannot be sent: ${cause.message}`, { cause })
}

function ignore(): void {}
