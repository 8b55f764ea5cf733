import { AsyncResource } from 'node:async_hooks'
import { CutoverError, describe, isCutoverError } from '../contract/index.js'
import { onAbort } from '../support/index.js'
import { ERROR, STREAM_CALL_RESPONSE } from './messages.js'
import { type OutgoingRequest, type PendingRequest, pendingOf } from './outgoingRequest.js'
import { RequestTable } from './requestTable.js'
import { REQUEST, type Transport, UnreadablePayload } from './transports/transport.js'
import { serializeError } from './values/serializedError.js'
import { fromWire } from './wireError.js'

export interface OutgoingOptions {
  readonly maxInFlight: number
  /** While the calls in flight take this many bytes, further calls wait in the queue. */
  readonly maxInFlightBytes: number
  readonly maxWaitingCalls: number
  readonly cancelKind: string
  /** Send the stack of the reason with a cancel. */
  readonly sendsStack: boolean
  /** Builds the error for a request that cannot be sent. */
  invalidRequest(error: unknown): Error
  /** Builds the error for an answer that cannot be read. */
  invalidAnswer(cause: Error): Error
  /** Receives a stream that is the answer to a call; undefined if there can be none. */
  receiveStream(id: number, payload: unknown): unknown
  /** Cancels such a stream, because nobody waits for the answer. */
  refuseStream(id: number, reason: unknown): void
  /** The other side has answered a call that had been cancelled. */
  released?(): void
}

/** A call in the queue. */
interface QueuedCall {
  readonly call: OutgoingRequest
  readonly pending: PendingRequest
  /** The async context of the caller: encoding the request may run its getters. */
  readonly caller: AsyncResource
}

/** The largest property of an error that is the reason of a cancel, in bytes. */
const MAX_DETAIL_BYTES = 64 * 1024
const SETTLED = Promise.resolve()

/**
 * The requests of this side: the call queue, the calls in flight, and other pending requests.
 *
 * A caller may be near the end of its stack, where any function call can throw a RangeError. So a request is registered before
 * it is sent, and the clean-up after a failed send runs in a microtask.
 */
export class OutgoingRequests {
  readonly #options: OutgoingOptions
  readonly #pending = new RequestTable<number, PendingRequest>()
  /** A Set, because it keeps the order and deletes an aborted call in constant time. */
  readonly #queue = new Set<QueuedCall>()
  /** Ids are never reused, so that a late answer cannot settle another request. */
  #lastId = 0
  /** The number of abandoned requests whose answers may still arrive. */
  #abandoned = 0
  /** Calls in flight, including cancelled ones that the other side has not answered yet. */
  inFlight = 0
  /** The cancelled calls among them. */
  cancelled = 0
  /** Settles a cancelled call. */
  readonly #released = () => {
    this.cancelled--
    this.#options.released?.()
  }
  /** Their estimated memory on the other side. Stays 0 if there is no limit. */
  #bytes = 0
  /** `null` until the connection is ready, and after it closes: calls wait in the queue. */
  #transport: Transport | null = null

  constructor(options: OutgoingOptions) {
    this.#options = options
  }

  get waiting(): number {
    return this.#queue.size
  }

  /** Sends the queued calls and all later ones on `transport`. With `null`, calls wait in the queue. */
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

  /** Sends a request past the queue, however many calls are in flight. */
  request(transport: Transport, request: OutgoingRequest): Promise<unknown> {
    const { signal } = request
    if (signal?.aborted === true) return Promise.reject(signal.reason)
    return new Promise((resolve, reject) => this.#send(transport, request, pendingOf(request, false, resolve, reject)))
  }

  /** Sends queued calls, oldest first, while there is room. */
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

  /** Settles the request with `id`. Returns `false` for an unmatched answer. */
  settle(id: number | bigint, kind: string, payload: unknown): boolean {
    const pending = this.#pending.get(id as number)
    if (pending === undefined) return this.#isAbandoned(id)
    this.#remove(id as number, pending)
    pending.removeAbortListener?.()
    const { expectedKind, shape } = pending
    if (kind === STREAM_CALL_RESPONSE && pending.isCall && shape === 'payload')
      this.#settleWithStream(id as number, pending, payload)
    else if (payload instanceof UnreadablePayload) pending.reject(this.#options.invalidAnswer(payload.error))
    else if (kind === ERROR) pending.reject(fromWire(payload))
    else if (expectedKind !== undefined && kind !== expectedKind) {
      const message = `The other side answered with ${describe(kind)} instead of ${describe(expectedKind)}. Fix the guest.`
      pending.reject(new CutoverError('CUTOVER_INVALID_RUNTIME', message))
    } else if (shape === 'payload') pending.resolve(payload)
    else pending.resolve(shape === 'body' ? { kind, payload } : Object.fromEntries([[kind, payload]]))
    if (this.#queue.size > 0) this.flush()
    return true
  }

  #settleWithStream(id: number, pending: PendingRequest, payload: unknown): void {
    const isUnreadable = payload instanceof UnreadablePayload
    const isGivenUp = pending.resolve === this.#released
    const stream = isUnreadable || isGivenUp ? undefined : this.#options.receiveStream(id, payload)
    if (stream !== undefined) {
      pending.resolve(stream)
      return
    }
    const cause = isUnreadable ? payload.error : new TypeError('it is a stream, and streams were not agreed on.')
    const error = this.#options.invalidAnswer(cause)
    pending.reject(error)
    this.#options.refuseStream(id, isGivenUp ? undefined : error)
  }

  /** Rejects the request with `id`, because the transport could not send it after it had accepted it. */
  sendFailed(id: number | bigint, error: Error): void {
    const pending = this.#pending.get(id as number)
    if (pending === undefined) return
    this.#remove(id as number, pending)
    pending.removeAbortListener?.()
    pending.reject(this.#options.invalidRequest(error))
    if (this.#queue.size > 0) this.flush()
  }

  /** Rejects every queued and pending request. */
  rejectAll(error: Error): void {
    const all = [...this.#pending.valuesInOrder(), ...[...this.#queue].map(({ pending }) => pending)]
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
      pending.reject(this.#options.invalidRequest(error))
      return
    }
    request.sent?.(id)
    if (this.#options.maxInFlightBytes !== Number.POSITIVE_INFINITY) this.#countBytes(transport, before, id, pending)
  }

  #countBytes(transport: Transport, before: number | undefined, id: number, pending: PendingRequest): void {
    if (before === undefined || !pending.isCall || !this.#pending.has(id)) return
    pending.bytes = (transport.sentBytes ?? before) - before
    this.#bytes += pending.bytes
  }

  /**
   * Rejects an aborted request. After a cancel, the call stays in flight until the other side answers it, because it may
   * still be at work. Without a cancel, the call is abandoned: its answer may never arrive.
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
    pending.resolve = this.#released
    pending.reject = this.#released
    this.cancelled++
    const reason = serializeError(signal?.reason, { stack: this.#options.sendsStack, maxDetailBytes: MAX_DETAIL_BYTES })
    // A reason that cannot be sent is left out.
    this.#sendCancel(transport, { id, reason }, error => {
      if (isCutoverError(error, 'CUTOVER_INVALID_REQUEST')) this.#sendCancel(transport, { id }, ignore)
    })
  }

  #sendCancel(transport: Transport, payload: object, failed: (error: unknown) => void): void {
    const cancel: OutgoingRequest = { ...CANCEL, kind: this.#options.cancelKind, payload }
    this.#send(transport, cancel, pendingOf(cancel, false, ignore, failed))
  }

  #enqueue(call: OutgoingRequest): Promise<unknown> {
    const { maxWaitingCalls } = this.#options
    if (this.#queue.size >= maxWaitingCalls) {
      const message = `${maxWaitingCalls} calls are already waiting for this runtime. Call less often, or raise maxWaitingCalls.`
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

function ignore(): void {}
