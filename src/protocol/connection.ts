import { type ActorRefFrom, createActor, type SnapshotFrom } from 'xstate'
import {
  type ConnectionEffect,
  type ConnectionEvent,
  connectionEffects,
  connectionMachine,
} from '../../machines/index.js'
import { asError, describe, inspection, inspectSafely } from '../contract/index.js'
import { type Flow, flowOf } from '../streams/index.js'
import { EffectQueue, performedByOwner, printable, startOwned } from '../support/index.js'
import { connectionLost, invalidAnswer, invalidRequest } from './connectionErrors.js'
import type { ConnectionOptions, RequestOptions, Role } from './connectionOptions.js'
import { IncomingRequests } from './incomingRequests.js'
import { DEFAULT_MAX_HOST_REQUEST_BYTES, DEFAULT_MAX_HOST_REQUESTS } from './limits.js'
import * as messages from './messages.js'
import type { AnswerShape, OutgoingRequest } from './outgoingRequest.js'
import { OutgoingRequests } from './outgoingRequests.js'
import { ConnectionStreams } from './streams/connectionStreams.js'
import {
  type MessageId,
  type MessageType,
  ONE_WAY,
  REQUEST,
  type Transport,
  type TransportObserver,
} from './transports/transport.js'

const machine = connectionMachine.provide({ actions: performedByOwner(connectionEffects) })

const UNLIMITED = Number.POSITIVE_INFINITY

type State = SnapshotFrom<typeof connectionMachine>['value']

/**
 * One side of a connection: sends requests, answers the other side's, and ends with the transport.
 *
 * 1. `open()` opens the transport. Requests go both ways; calls wait in the queue.
 * 2. `initialized()`, after the handshake, sends the queued calls.
 * 3. `close()`, a lost transport or a protocol error rejects everything that is queued or in flight, and fires the signals of
 *    the other side's requests. A closed connection stays closed.
 */
export class Connection {
  readonly #options: ConnectionOptions
  readonly #outgoing: OutgoingRequests
  readonly #incoming: IncomingRequests
  readonly #streams: ConnectionStreams
  readonly #effects: EffectQueue
  readonly #actor: ActorRefFrom<typeof connectionMachine>
  readonly #kinds: (typeof messages.CALL_KINDS)[Role]
  #transport: Transport | null = null
  /** The kind of calls that belong to a trace, if the other side takes them. */
  #tracedCall: string | undefined
  /** Why it closed; the first reason wins. */
  #reason: Error | null = null
  #onNextMessage: (() => void) | null = null
  /** The number of answers that match no pending request. */
  #unmatchedAnswers = 0

  constructor(options: ConnectionOptions) {
    const { role, maxInFlight = 10_000, maxWaitingCalls = 65_536 } = options
    const isHost = role === 'host'
    const { maxInFlightBytes = isHost ? UNLIMITED : DEFAULT_MAX_HOST_REQUEST_BYTES } = options
    const otherKinds = messages.CALL_KINDS[isHost ? 'guest' : 'host']
    this.#options = options
    this.#kinds = messages.CALL_KINDS[role]
    const version = () => options.version?.()
    const errors = { stack: !isHost, isPlain: options.plainErrors }
    const otherRole = isHost ? 'guest' : 'host'
    this.#streams = new ConnectionStreams({
      errors,
      notSendable: cause => (isHost ? invalidRequest : invalidAnswer)('sent', role, version(), cause),
      notReadable: cause => (isHost ? invalidAnswer : invalidRequest)('read', otherRole, version(), cause),
      failed: error => this.#end(connectionLost(error)),
    })
    this.#outgoing = new OutgoingRequests({
      maxInFlight,
      maxInFlightBytes,
      maxWaitingCalls,
      cancelKind: this.#kinds.cancel,
      sendsStack: !isHost,
      invalidRequest: error => this.#invalidRequest(error),
      invalidAnswer: cause => invalidAnswer('read', otherRole, version(), cause),
      receiveStream: (id, payload) => this.#receiveStream(id, payload),
      refuseStream: (id, reason) => this.#streams.refuse(id, reason),
      released: () => options.released?.(),
    })
    this.#incoming = new IncomingRequests({
      answerCall: (payload, context) => options.answerCall(payload, context),
      answer: (kind, payload, context) => options.answer(kind, payload, context),
      maxUnanswered: isHost ? (options.maxHostRequests ?? DEFAULT_MAX_HOST_REQUESTS) : UNLIMITED,
      maxUnansweredBytes: isHost ? (options.maxHostRequestBytes ?? DEFAULT_MAX_HOST_REQUEST_BYTES) : UNLIMITED,
      callKind: otherKinds.call,
      tracedCallKind: otherKinds.tracedCall,
      streamCallKind: otherKinds.streamCall,
      callAnswerKind: otherKinds.answer,
      cancelKind: otherKinds.cancel,
      errors,
      streams: this.#streams,
      invalidRequest: cause => invalidRequest('read', otherRole, version(), cause),
      invalidAnswer: cause => invalidAnswer('sent', role, version(), cause),
      limitExceeded: error => this.#end(connectionLost(error)),
    })
    this.#effects = new EffectQueue({
      failed: err => options.logger.error({ err }, 'an effect threw: please report this as a bug of cutover'),
    })
    this.#actor = this.#createActor()
  }

  /** The state of its statechart. */
  get state(): State {
    return this.#actor.getSnapshot().value
  }

  /** The number of calls in flight, including cancelled ones that the other side has not answered yet. */
  get inFlight(): number {
    return this.#outgoing.inFlight
  }

  /** The number of streams that flow, in both directions. */
  get streams(): number {
    return this.#streams.count
  }

  /** The number of calls in flight that were cancelled. */
  get cancelled(): number {
    return this.#outgoing.cancelled
  }

  /** The number of calls in the queue. */
  get waiting(): number {
    return this.#outgoing.waiting
  }

  /** Opens the transport. Requests go both ways; calls wait in the queue until {@link initialized}. */
  open(): void {
    this.#send('open')
  }

  /**
   * Sends the queued calls, and later ones at once.
   *
   * @param features - those of the other side: with `cutover_traceparent: true`, a guest gets the `traceparent` of later calls; with
   * `cutover_streams: true`, requests and answers may be streams. @default none
   */
  initialized(features: Readonly<Record<string, unknown>> = {}): void {
    if (features[messages.TRACEPARENT_FEATURE] === true) this.#tracedCall = this.#kinds.tracedCall
    this.#streams.isOn = features[messages.STREAMS_FEATURE] === true
    this.#send('initialized')
  }

  /** Closes the connection, and rejects everything that is queued or in flight with `reason`. */
  close(reason: Error): void {
    this.#end(reason)
    this.#rejectAll(reason)
  }

  /** Fires the signals of the other side's unanswered requests with `reason`. */
  interrupt(reason: unknown): void {
    this.#incoming.interrupt(reason)
  }

  /** Calls `callback` once, when the next message of any kind arrives: the other side is alive. */
  onNextMessage(callback: () => void): void {
    this.#onNextMessage = callback
  }

  /**
   * Sends a request past the queue, however many calls are in flight.
   *
   * @param kind - the kind of the request
   * @param payload - any value that the transport can carry
   * @returns the body of the answer. Rejects with the error of the other side, with `signal.reason`, or with the reason that
   * closed the connection; with `CUTOVER_INVALID_REQUEST` if the request cannot be sent, `CUTOVER_INVALID_ANSWER` if the
   * answer cannot be read, and `CUTOVER_INVALID_RUNTIME` if the answer has the wrong kind.
   */
  request(kind: string, payload: unknown, options?: RequestOptions): Promise<messages.Body> {
    const request = this.#requestOf(kind, payload, messages.answerTo(kind), 'body', false, options)
    const transport = this.#transport
    if (transport === null)
      return Promise.reject(this.#reason ?? new Error('The connection is not open yet. Call open() first.'))
    return this.#outgoing.request(transport, request) as Promise<messages.Body>
  }

  /**
   * Calls the other side. The call waits in the queue until the connection is ready and has room for it. If `signal` fires,
   * the call rejects at once, and the other side gets a cancel.
   *
   * @param payload - any value that the transport can carry, or what `streamed()` returns
   * @returns the payload of the answer, or its stream. Rejects as {@link request} does, and with `CUTOVER_TOO_MANY_WAITING_CALLS` if the
   * queue is full.
   */
  call(payload: unknown, options?: RequestOptions): Promise<unknown> {
    const { call, answer } = this.#kinds
    if (this.#reason !== null) return Promise.reject(this.#reason)
    const flow = flowOf(payload)
    if (flow !== undefined) return this.#callWithStream(flow, options)
    const tracedCall = this.#tracedCall
    const traceparent = tracedCall === undefined ? undefined : options?.traceparent
    if (tracedCall === undefined || traceparent === undefined)
      return this.#outgoing.call(this.#requestOf(call, payload, answer, 'payload', true, options))
    const traced = { request: payload, traceparent }
    return this.#outgoing.call(this.#requestOf(tracedCall, traced, answer, 'payload', true, options))
  }

  /**
   * Sends a call of any kind, `{ [kind]: payload }`, through the queue. If `signal` fires, the other side gets no cancel.
   *
   * @param body - an object with one key
   * @returns the body of the answer, `{ [kind]: payload }`. Rejects as {@link call} does.
   */
  callRaw(body: Readonly<Record<string, unknown>>, options?: RequestOptions): Promise<Record<string, unknown>> {
    const [kind, other] = Object.keys(Object(body))
    if (this.#reason !== null) return Promise.reject(this.#reason)
    if (kind === undefined || other !== undefined) {
      return Promise.reject(
        this.#invalidRequest(new TypeError('a raw call must be an object with one key, the kind of the request.')),
      )
    }
    const call = this.#requestOf(kind, body[kind], undefined, 'raw', false, options)
    return this.#outgoing.call(call) as Promise<Record<string, unknown>>
  }

  #callWithStream(flow: Flow, options: RequestOptions | undefined): Promise<unknown> {
    const { streamCall, answer } = this.#kinds
    const { head } = flow
    const traceparent = this.#tracedCall === undefined ? undefined : options?.traceparent
    const payload = { ...(head === undefined ? {} : { head }), ...(traceparent === undefined ? {} : { traceparent }) }
    if (streamCall === undefined || !this.#streams.isOn || flow.hasBegun || flow.end !== undefined) {
      const reason = flow.hasBegun || flow.end !== undefined ? 'was used before' : 'the other side does not take'
      return Promise.reject(this.#invalidRequest(new TypeError(`request is a stream, which ${reason}.`)))
    }
    const request = this.#requestOf(streamCall, payload, answer, 'payload', true, options)
    const call = this.#outgoing.call({ ...request, sent: id => this.#streams.send(id, flow) })
    call.catch(error => flow.stop('failed', error))
    return call
  }

  #receiveStream(id: number, payload: unknown): unknown {
    if (!this.#streams.isOn) return undefined
    const { head }: { readonly head?: unknown } = Object(payload)
    return this.#streams.receive(id, head).given
  }

  #invalidRequest(error: unknown): Error {
    return invalidRequest('sent', this.#options.role, this.#options.version?.(), error)
  }

  #requestOf(
    kind: string,
    payload: unknown,
    expectedKind: string | undefined,
    shape: AnswerShape,
    sendsCancel: boolean,
    options: RequestOptions | undefined,
  ): OutgoingRequest {
    return { kind, payload, expectedKind, shape, sendsCancel, signal: options?.signal, transfer: options?.transfer }
  }

  #createActor(): ActorRefFrom<typeof connectionMachine> {
    const { logger, inspect, name = 'connection' } = this.#options
    const actor = createActor(machine, { id: name, ...inspectSafely(inspection(inspect), logger) })
    return startOwned(actor, { effects: this.#effects, perform: (effect: ConnectionEffect) => this.#perform(effect) })
  }

  #perform(effect: ConnectionEffect): void {
    switch (effect.type) {
      case 'openTransport':
        this.#openTransport()
        break
      case 'releaseCalls':
        this.#outgoing.useTransport(this.#transport)
        break
      case 'closeTransport':
        this.#closeTransport()
        break
      case 'reportClosed':
        this.#reportClosed()
        break
    }
  }

  #send(type: ConnectionEvent['type']): void {
    this.#effects.decide(() => {
      if (this.state !== 'closed') this.#actor.send({ type })
    })
  }

  #openTransport(): void {
    const observer: TransportObserver = {
      message: (id, type, kind, payload, size) => this.#message(id, type, kind, payload, size),
      sendFailed: (id, type, error) => this.#sendFailed(id, type, error),
      drained: () => {
        this.#outgoing.flush()
        this.#incoming.resume()
        this.#streams.resume()
      },
      ended: error => this.#end(connectionLost(error)),
    }
    try {
      this.#transport = this.#options.open(observer)
      this.#streams.use(this.#transport)
    } catch (error) {
      this.#end(connectionLost(asError(error)))
    }
  }

  #message(id: MessageId, type: MessageType, kind: string, payload: unknown, size: number | undefined): void {
    const transport = this.#transport
    if (transport === null) return
    if (this.#onNextMessage !== null) this.#reportAlive(this.#onNextMessage)
    if (type === REQUEST) this.#incoming.receive(transport, id, kind, payload, size)
    else if (type === ONE_WAY) this.#streams.message(id, kind, payload, size ?? 0)
    else if (!this.#outgoing.settle(id, kind, payload) && ++this.#unmatchedAnswers === 1) {
      this.#options.logger.warn(
        { id: String(id), kind: printable(describe(kind)) },
        'ignored an answer that matches no pending request',
      )
    }
  }

  #sendFailed(id: MessageId, type: MessageType, error: Error): void {
    if (type === REQUEST) this.#outgoing.sendFailed(id, error)
    else if (type === ONE_WAY) this.#streams.sendFailed(id, error)
    else if (this.#transport !== null) this.#incoming.sendFailed(this.#transport, id, error)
  }

  #reportAlive(callback: () => void): void {
    this.#onNextMessage = null
    callback()
  }

  #end(reason: Error): void {
    this.#reason ??= reason
    this.#send('close')
  }

  #closeTransport(): void {
    const transport = this.#transport
    this.#transport = null
    this.#streams.use(null)
    this.#outgoing.useTransport(null)
    try {
      transport?.close()
    } catch (err) {
      this.#options.logger.error({ err }, 'closing the transport failed')
    }
    this.#incoming.end(this.#reason)
    if (this.#unmatchedAnswers < 2) return
    this.#options.logger.warn({ count: this.#unmatchedAnswers }, 'ignored answers that match no pending request')
  }

  #reportClosed(): void {
    const reason = this.#reason ?? new Error('The connection is closed.')
    try {
      const better = this.#options.closed(reason)
      if (better === undefined) this.#rejectAll(reason)
      else {
        better.then(
          error => this.#rejectAll(error),
          () => this.#rejectAll(reason),
        )
      }
    } catch (err) {
      this.#options.logger.error({ err }, 'the closed() callback of a connection threw')
      this.#rejectAll(reason)
    }
  }

  #rejectAll(reason: Error): void {
    this.#outgoing.rejectAll(reason)
    this.#streams.end(reason)
  }
}
