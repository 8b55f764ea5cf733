import { asError, type Transferable } from '../contract/index.js'
import { type Flow, flowOf } from '../streams/index.js'
import { isThenable } from '../support/index.js'
import { type DeferredCall, DeferredCalls } from './deferredCalls.js'
import { IncomingRequest, type RequestContext } from './incomingRequest.js'
import { TooManyRequestsError } from './limits.js'
import { type Body, EMPTY, ERROR, STREAM_CALL_RESPONSE } from './messages.js'
import { RequestTable } from './requestTable.js'
import type { ConnectionStreams } from './streams/connectionStreams.js'
import { estimateSize } from './transports/survey.js'
import { type MessageId, RESPONSE, type Transport, UnreadablePayload } from './transports/transport.js'
import { deserializeError } from './values/serializedError.js'
import { sendError, type WireErrorOptions } from './wireError.js'

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
  readonly streamCallKind: string | undefined
  readonly callAnswerKind: string
  readonly cancelKind: string
  readonly errors: WireErrorOptions
  readonly streams: ConnectionStreams
  /** Builds the error for a request that cannot be read. */
  invalidRequest(cause: Error): Error
  /** Builds the error for an answer that cannot be sent. */
  invalidAnswer(cause: Error): Error
  /** Ends the connection because the other side exceeded `maxUnansweredBytes`. */
  limitExceeded(error: Error): void
}

/**
 * The requests of the other side: starts them, tracks them until they settle, and sends their answers.
 *
 * Calls may be deferred, in order. Pings, cancels and aborts never are.
 */
export class IncomingRequests {
  readonly #options: IncomingOptions
  /** Requests that were started and are not answered. */
  readonly #unanswered = new RequestTable<MessageId, IncomingRequest>()
  /** Calls that were answered with a stream that flows. */
  readonly #streaming = new Map<MessageId, IncomingRequest>()
  readonly #deferred = new DeferredCalls((id, call) => this.#start(id, call))
  /** The estimated memory of the unanswered requests. Stays 0 if there is no limit. */
  #bytes = 0
  /** The number of unanswered requests that are not calls. */
  #otherRequests = 0

  constructor(options: IncomingOptions) {
    this.#options = options
  }

  receive(transport: Transport, id: MessageId, kind: string, payload: unknown, size: number | undefined): void {
    const { callKind, tracedCallKind, streamCallKind, cancelKind, maxUnansweredBytes } = this.#options
    if (payload instanceof UnreadablePayload) this.#refuse(transport, id, this.#options.invalidRequest(payload.error))
    else if (kind === cancelKind) this.#receiveCancel(transport, id, payload)
    else if (this.#unanswered.has(id) || this.#deferred.has(id) || this.#streaming.has(id)) {
      this.#refuse(transport, id, new Error(`Request ${id} is still unanswered. Use another id.`))
    } else if (this.#bytes + this.#deferred.bytes >= maxUnansweredBytes) {
      this.#options.limitExceeded(new TooManyRequestsError(maxUnansweredBytes))
    } else {
      const bytes = maxUnansweredBytes === Number.POSITIVE_INFINITY ? 0 : (size ?? estimateSize(payload))
      if (kind === callKind) this.#receiveCall(transport, id, payload, bytes)
      else if (kind === tracedCallKind) this.#receiveTracedCall(transport, id, payload, bytes)
      else if (kind === streamCallKind && this.#options.streams.isOn)
        this.#receiveStreamCall(transport, id, payload, bytes)
      else this.#receiveOther(transport, id, kind, payload, bytes)
    }
  }

  /** Answers with an error instead, because the transport could not send an answer that it had accepted. */
  sendFailed(transport: Transport, id: MessageId, error: Error): void {
    this.#options.streams.sendFailed(id, error)
    this.#refuse(transport, id, this.#options.invalidAnswer(error))
  }

  /** Starts the deferred calls in the next turn. */
  resume(): void {
    this.#deferred.resume()
  }

  /** Fires the signals of all unanswered requests, and answers deferred calls with `reason`. */
  interrupt(reason: unknown): void {
    for (const [id, { transport, payload }] of this.#deferred.removeAll())
      this.#refuseCall(transport, id, reason, payload)
    for (const request of [...this.#unanswered.valuesInOrder(), ...this.#streaming.values()]) request.interrupt(reason)
  }

  /** Fires the signals of all unanswered requests, and drops deferred calls: the connection is closed. */
  end(reason: unknown): void {
    for (const [, { payload }] of this.#deferred.removeAll()) flowOf(payload)?.stop('cancelled', reason)
    this.interrupt(reason)
  }

  #receiveCancel(transport: Transport, id: MessageId, payload: unknown): void {
    const { id: cancelled = -1, reason } = Object(payload) as Partial<Cancel>
    const deferred = this.#deferred.remove(cancelled)
    if (deferred !== undefined) {
      this.#refuseCall(transport, cancelled, new Error('The caller cancelled the call.'), deferred.payload)
    } else {
      const request = this.#unanswered.get(cancelled) ?? this.#streaming.get(cancelled)
      const hasReason = typeof reason === 'object' && reason !== null
      request?.interrupt(hasReason ? deserializeError(reason, 'guestStack') : undefined)
    }
    this.#respond(transport, id, EMPTY, {}, undefined)
  }

  /** A traceparent that is no text is ignored: a trace must not cost an answer. */
  #receiveTracedCall(transport: Transport, id: MessageId, traced: unknown, bytes: number): void {
    const { request, traceparent }: { readonly request?: unknown; readonly traceparent?: unknown } = Object(traced)
    this.#receiveCall(transport, id, request, bytes, typeof traceparent === 'string' ? traceparent : undefined)
  }

  /** The chunks of the request follow. They may arrive before the call starts. */
  #receiveStreamCall(transport: Transport, id: MessageId, call: unknown, bytes: number): void {
    const { head, traceparent }: { readonly head?: unknown; readonly traceparent?: unknown } = Object(call)
    const { given } = this.#options.streams.receive(id, head)
    this.#receiveCall(transport, id, given, bytes, typeof traceparent === 'string' ? traceparent : undefined)
  }

  #receiveCall(transport: Transport, id: MessageId, payload: unknown, bytes: number, traceparent?: string): void {
    const unanswered = this.#unanswered.size - this.#otherRequests + this.#deferred.size
    const call = { transport, payload, bytes, traceparent }
    if (unanswered >= this.#options.maxUnanswered) this.#refuseExcess(transport, id, payload)
    else if (this.#deferred.mayPass(transport)) this.#start(id, call)
    else this.#deferred.add(id, call)
  }

  #start(id: MessageId, { transport, payload, bytes, traceparent }: DeferredCall): void {
    const request = new IncomingRequest(bytes, traceparent, flowOf(payload))
    try {
      const answer = this.#options.answerCall(payload, request)
      if (isThenable(answer)) {
        const later = Promise.resolve(answer)
        this.#respondLater(transport, id, request, later, value => this.#answer(transport, id, request, value))
      } else this.#answer(transport, id, request, answer)
    } catch (error) {
      this.#refuseCall(transport, id, error, payload)
    }
  }

  /** Answers a call, with a value or with a stream. */
  #answer(transport: Transport, id: MessageId, request: IncomingRequest, value: unknown): void {
    const flow = flowOf(value)
    if (flow !== undefined) this.#answerWithStream(transport, id, request, flow)
    else {
      this.#respond(transport, id, this.#options.callAnswerKind, value, request.transferList)
      if (request.upload !== undefined) request.answered({ status: 'finished' })
    }
  }

  #answerWithStream(transport: Transport, id: MessageId, request: IncomingRequest, flow: Flow): void {
    const { streams } = this.#options
    const { head } = flow
    flow.onEnd(end => {
      this.#streaming.delete(id)
      request.answered(end)
    })
    try {
      if (!streams.isOn || this.#options.streamCallKind === undefined)
        throw new TypeError('answer is a stream, which the other side does not take.')
      transport.send(id, RESPONSE, STREAM_CALL_RESPONSE, head === undefined ? {} : { head }, request.transferList)
    } catch (error) {
      flow.stop('failed', error)
      this.sendFailed(transport, id, asError(error))
      return
    }
    if (flow.end === undefined) this.#streaming.set(id, request)
    streams.send(id, flow)
  }

  #receiveOther(transport: Transport, id: MessageId, kind: string, payload: unknown, bytes: number): void {
    if (this.#otherRequests >= this.#options.maxUnanswered) {
      this.#refuseExcess(transport, id, payload)
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
        this.#respondLater(transport, id, request, later, body =>
          this.#respond(transport, id, body.kind, body.payload, request.transferList),
        )
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
    respond: (value: T) => void,
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
          respond(value)
        } catch (error) {
          this.#refuse(transport, id, error)
        }
      },
      error => {
        settled()
        this.#refuse(transport, id, error)
        request.upload?.stop('cancelled', error)
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

  #refuseExcess(transport: Transport, id: MessageId, payload: unknown): void {
    const { maxUnanswered } = this.#options
    const message = `More than ${maxUnanswered} requests are unanswered (maxHostRequests). Send fewer at once.`
    this.#refuseCall(transport, id, new Error(message), payload)
  }

  /** Answers a call with an error, and stops reading its request. */
  #refuseCall(transport: Transport, id: MessageId, error: unknown, payload: unknown): void {
    this.#refuse(transport, id, error)
    flowOf(payload)?.stop('cancelled', error)
  }

  #refuse(transport: Transport, id: MessageId, error: unknown): void {
    sendError(transport, id, RESPONSE, ERROR, error, this.#options.errors)
  }
}

/** The payload of a cancel. */
interface Cancel {
  readonly id: MessageId
  /** The reason of the caller's signal. A program without this library sends none. */
  readonly reason: object
}
