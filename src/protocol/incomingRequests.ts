import { asError, type Transferable } from '../contract/index.js'
import { isThenable } from '../support/index.js'
import { IncomingRequest, type RequestContext } from './incomingRequest.js'
import { TooManyRequestsError } from './limits.js'
import { type Body, EMPTY, ERROR } from './messages.js'
import { estimateSize } from './transports/survey.js'
import { type MessageId, RESPONSE, type Transport, UnreadablePayload } from './transports/transport.js'
import { deserializeError } from './values/serializedError.js'
import { toWire, type WireErrorOptions } from './wireError.js'

/** The handlers of the requests that the other side sends. */
export interface RequestHandlers {
  /**
   * Answers a call.
   *
   * @param payload - the request of the caller
   * @returns the payload of the answer, or a promise of it. If it throws or rejects, the caller gets that error.
   */
  answerCall(payload: unknown, context: RequestContext): unknown
  /**
   * Answers a request of any other kind, except cancels, which the connection handles.
   *
   * @param kind - the kind of the request
   * @returns the body of the answer, or a promise of it. If it throws or rejects, the other side gets that error.
   */
  answer(kind: string, payload: unknown, context: RequestContext): Body | Promise<Body>
}

export interface IncomingOptions extends RequestHandlers {
  /** The most unanswered calls, and the most other unanswered requests. Excess ones are answered with an error. */
  readonly maxUnanswered: number
  /** If the unanswered requests take this many bytes or more, the next request ends the connection. */
  readonly maxUnansweredBytes: number
  /** The kinds of the other side's calls, of their answers, and of their cancels. */
  readonly callKind: string
  readonly tracedCallKind: string | undefined
  readonly callAnswerKind: string
  readonly cancelKind: string
  readonly errors: WireErrorOptions
  /** Builds the error for a request that cannot be read. */
  invalidRequest(cause: Error): Error
  /** Builds the error for an answer that cannot be sent. */
  invalidAnswer(cause: Error): Error
  /** Ends the connection because the other side exceeded `maxUnansweredBytes`. */
  limitExceeded(error: Error): void
}

/** Start calls for 8 ms per turn of the event loop, so that answers leave and pings are read between them. */
const TURN_MS = 8
/** The largest property of an error in each attempt to send it, in bytes. */
const DETAIL_BYTES = [Number.POSITIVE_INFINITY, 64 * 1024, 0]
/** Short enough for the smallest frame that `maxFrameBytes` allows, in characters. */
const MAX_SHORT_MESSAGE = 200

/**
 * The requests of the other side: starts them, tracks them until they settle, and sends their answers.
 *
 * While the other side does not read, and after 8 ms of calls in one turn, it defers further calls, in order. Pings, cancels
 * and aborts are never deferred. Decision 9 has the measurements.
 */
export class IncomingRequests {
  readonly #options: IncomingOptions
  /** Requests that were started and are not answered. */
  readonly #unanswered = new Map<MessageId, IncomingRequest>()
  /** Calls that were not started yet, in order of arrival. */
  readonly #deferred = new Map<MessageId, DeferredCall>()
  /** The estimated memory of the unanswered and deferred requests. Stays 0 if there is no limit. */
  #bytes = 0
  /** The number of unanswered requests that are not calls. */
  #otherRequests = 0
  /** When this turn must stop starting calls; `null` between turns. */
  #turnEnd: number | null = null
  #nextTurn: NodeJS.Immediate | undefined

  constructor(options: IncomingOptions) {
    this.#options = options
  }

  receive(transport: Transport, id: MessageId, kind: string, payload: unknown, size: number | undefined): void {
    const { callKind, tracedCallKind, cancelKind, maxUnansweredBytes } = this.#options
    if (payload instanceof UnreadablePayload) this.#refuse(transport, id, this.#options.invalidRequest(payload.error))
    else if (kind === cancelKind) this.#receiveCancel(transport, id, payload)
    else if (this.#unanswered.has(id) || this.#deferred.has(id)) {
      this.#refuse(transport, id, new Error(`Request ${id} is still unanswered. Use another id.`))
    } else if (this.#bytes >= maxUnansweredBytes) {
      this.#options.limitExceeded(new TooManyRequestsError(maxUnansweredBytes))
    } else {
      const bytes = maxUnansweredBytes === Number.POSITIVE_INFINITY ? 0 : (size ?? estimateSize(payload))
      if (kind === callKind) this.#receiveCall(transport, id, payload, bytes)
      else if (kind === tracedCallKind) this.#receiveTracedCall(transport, id, payload, bytes)
      else this.#receiveOther(transport, id, kind, payload, bytes)
    }
  }

  /** Answers with an error instead, because the transport could not send an answer that it had accepted. */
  sendFailed(transport: Transport, id: MessageId, error: Error): void {
    this.#refuse(transport, id, this.#options.invalidAnswer(error))
  }

  /** Starts the deferred calls in the next turn. */
  resume(): void {
    if (this.#deferred.size > 0) this.#nextTurn ??= setImmediate(this.#startDeferred)
  }

  /** Fires the signals of all unanswered requests, and answers deferred calls with `reason`. */
  interrupt(reason: unknown): void {
    for (const [id, call] of [...this.#deferred]) {
      this.#removeDeferred(id, call)
      this.#refuse(call.transport, id, reason)
    }
    for (const request of this.#unanswered.values()) request.interrupt(reason)
  }

  /** Fires the signals of all unanswered requests, and drops deferred calls: the connection is closed. */
  end(reason: unknown): void {
    this.#deferred.clear()
    clearImmediate(this.#nextTurn)
    this.interrupt(reason)
  }

  #receiveCancel(transport: Transport, id: MessageId, payload: unknown): void {
    const { id: cancelled = -1, reason } = Object(payload) as Partial<Cancel>
    const deferred = this.#deferred.get(cancelled)
    if (deferred !== undefined) {
      this.#removeDeferred(cancelled, deferred)
      this.#refuse(transport, cancelled, new Error('The caller cancelled the call.'))
    } else if (typeof reason !== 'object' || reason === null) this.#unanswered.get(cancelled)?.interrupt(undefined)
    else this.#unanswered.get(cancelled)?.interrupt(deserializeError(reason, 'guestStack'))
    this.#respond(transport, id, EMPTY, {}, undefined)
  }

  /** A traceparent that is no text is ignored: a trace must not cost an answer. */
  #receiveTracedCall(transport: Transport, id: MessageId, traced: unknown, bytes: number): void {
    const { request, traceparent }: { readonly request?: unknown; readonly traceparent?: unknown } = Object(traced)
    this.#receiveCall(transport, id, request, bytes, typeof traceparent === 'string' ? traceparent : undefined)
  }

  #receiveCall(transport: Transport, id: MessageId, payload: unknown, bytes: number, traceparent?: string): void {
    const unanswered = this.#unanswered.size - this.#otherRequests + this.#deferred.size
    if (unanswered >= this.#options.maxUnanswered) this.#refuseExcess(transport, id)
    else if (this.#deferred.size === 0 && !transport.isCongested && this.#hasTime()) {
      this.#start(transport, id, payload, bytes, traceparent)
    } else {
      this.#deferred.set(id, { transport, payload, bytes, traceparent })
      this.#bytes += bytes
      if (!transport.isCongested) this.resume()
    }
  }

  readonly #startDeferred = (): void => {
    this.#nextTurn = undefined
    for (const [id, call] of this.#deferred) {
      if (call.transport.isCongested) return
      if (!this.#hasTime()) break
      this.#removeDeferred(id, call)
      this.#start(call.transport, id, call.payload, call.bytes, call.traceparent)
    }
    this.resume()
  }

  #removeDeferred(id: MessageId, { bytes }: DeferredCall): void {
    this.#deferred.delete(id)
    this.#bytes -= bytes
  }

  #hasTime(): boolean {
    const now = performance.now()
    if (this.#turnEnd === null) {
      this.#turnEnd = now + TURN_MS
      process.nextTick(this.#endTurn)
    }
    return now < this.#turnEnd
  }

  readonly #endTurn = (): void => {
    this.#turnEnd = null
  }

  #start(transport: Transport, id: MessageId, payload: unknown, bytes: number, traceparent?: string): void {
    const request = new IncomingRequest(bytes, traceparent)
    const { callAnswerKind } = this.#options
    try {
      const answer = this.#options.answerCall(payload, request)
      if (isThenable(answer)) {
        const later = Promise.resolve(answer)
        this.#respondLater(transport, id, request, later, value => ({ kind: callAnswerKind, payload: value }))
      } else this.#respond(transport, id, callAnswerKind, answer, request.transferList)
    } catch (error) {
      this.#refuse(transport, id, error)
    }
  }

  #receiveOther(transport: Transport, id: MessageId, kind: string, payload: unknown, bytes: number): void {
    if (this.#otherRequests >= this.#options.maxUnanswered) {
      this.#refuseExcess(transport, id)
      return
    }
    const request = new IncomingRequest(bytes)
    try {
      const answer = this.#options.answer(kind, payload, request)
      if (isThenable(answer)) {
        this.#otherRequests++
        const settled = () => {
          this.#otherRequests--
        }
        const later = Promise.resolve(answer)
        later.then(settled, settled)
        this.#respondLater(transport, id, request, later, body => body)
      } else this.#respond(transport, id, answer.kind, answer.payload, request.transferList)
    } catch (error) {
      this.#refuse(transport, id, error)
    }
  }

  #respondLater<T>(
    transport: Transport,
    id: MessageId,
    request: IncomingRequest,
    answer: Promise<T>,
    bodyOf: (value: T) => Body,
  ): void {
    this.#unanswered.set(id, request)
    this.#bytes += request.bytes
    const settled = () => {
      this.#unanswered.delete(id)
      this.#bytes -= request.bytes
    }
    answer.then(
      value => {
        settled()
        try {
          const { kind, payload } = bodyOf(value)
          this.#respond(transport, id, kind, payload, request.transferList)
        } catch (error) {
          this.#refuse(transport, id, error)
        }
      },
      error => {
        settled()
        this.#refuse(transport, id, error)
      },
    )
  }

  #respond(
    transport: Transport,
    id: MessageId,
    kind: string,
    payload: unknown,
    transferList: readonly Transferable[] | undefined,
  ): void {
    try {
      transport.send(id, RESPONSE, kind, payload, transferList)
    } catch (error) {
      this.sendFailed(transport, id, asError(error))
    }
  }

  #refuseExcess(transport: Transport, id: MessageId): void {
    this.#refuse(
      transport,
      id,
      new Error(
        `More than ${this.#options.maxUnanswered} requests are unanswered (maxHostRequests). Send fewer at once.`,
      ),
    )
  }

  /** Answers with an error. If it is too large to send, drops large properties, then all, then most of its message. */
  #refuse(transport: Transport, id: MessageId, error: unknown): void {
    const options = this.#options.errors
    for (const maxDetailBytes of DETAIL_BYTES) {
      try {
        transport.send(id, RESPONSE, ERROR, toWire(error, { ...options, maxDetailBytes }))
        return
      } catch {}
    }
    const { name, message } = asError(error)
    const short = new Error(`${name}: ${message}`.slice(0, MAX_SHORT_MESSAGE))
    transport.send(id, RESPONSE, ERROR, toWire(short, { stack: false, isPlain: true }))
  }
}

/** The payload of a cancel. */
interface Cancel {
  readonly id: MessageId
  /** The reason of the caller's signal. A program without this library sends none. */
  readonly reason: object
}

interface DeferredCall {
  readonly transport: Transport
  readonly payload: unknown
  readonly bytes: number
  readonly traceparent: string | undefined
}
