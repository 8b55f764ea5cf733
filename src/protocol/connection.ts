import { type ActorRefFrom, createActor, type SnapshotFrom } from 'xstate'
import {
  type ConnectionEffect,
  type ConnectionEvent,
  connectionEffects,
  connectionMachine,
} from '../../machines/index.js'
import {
  asError,
  describe,
  type Inspect,
  inspection,
  inspectSafely,
  type Logger,
  type Transferable,
} from '../contract/index.js'
import { EffectQueue, performedByOwner, printable, startOwned } from '../support/index.js'
import { connectionLost, invalidAnswer } from './connectionErrors.js'
import { IncomingRequests, type RequestHandlers } from './incomingRequests.js'
import { DEFAULT_MAX_HOST_REQUEST_BYTES, DEFAULT_MAX_HOST_REQUESTS } from './limits.js'
import * as messages from './messages.js'
import { type AnswerShape, cannotSend, type OutgoingRequest, OutgoingRequests } from './outgoingRequests.js'
import {
  type MessageId,
  type MessageType,
  type OpenTransport,
  REQUEST,
  type Transport,
  type TransportObserver,
} from './transports/transport.js'

/** The statechart of all connections. */
const machine = connectionMachine.provide({ actions: performedByOwner(connectionEffects) })

export type Role = 'host' | 'guest'

export interface ConnectionOptions extends RequestHandlers {
  readonly role: Role
  readonly open: OpenTransport
  readonly logger: Logger
  /** Calls in flight, at most; more wait. @default 10_000 */
  readonly maxInFlight?: number | undefined
  /**
   * While the calls in flight take so much memory on the other side, in bytes, by estimate, more wait.
   * @default 33_554_432 (32 MiB) for a guest, Infinity for a host
   */
  readonly maxInFlightBytes?: number | undefined
  /** The most unanswered requests of the guest that a host keeps; further ones get an error. @default 10_000 */
  readonly maxHostRequests?: number | undefined
  /** If they take so much, in bytes, by estimate, one more ends the connection. @default 33_554_432 (32 MiB) */
  readonly maxHostRequestBytes?: number | undefined
  /** Send errors with no fields but those of Oasis Core. @default false */
  readonly plainErrors?: boolean | undefined
  /** Calls that wait at most. @default 65_536 */
  readonly maxWaitingCalls?: number | undefined
  /** A function or an observer that sees every event and snapshot of its statechart. @default none */
  readonly inspect?: Inspect | undefined
  /** What an inspector calls it. @default 'connection' */
  readonly name?: string | undefined
  /** The version that the guest runs, for errors about its answers. @default not named */
  version?(): string | undefined
  /**
   * Called once, when it closes for whatever reason. What has not been answered rejects with `error`, or with what the
   * returned promise resolves with: whoever learns more within a moment can say it.
   */
  // biome-ignore lint/suspicious/noConfusingVoidType: most return nothing
  closed(error: Error): void | Promise<Error>
}

export interface RequestOptions {
  readonly signal?: AbortSignal | undefined
  /** What is handed over instead of copied, where the transport can do that. */
  readonly transfer?: readonly Transferable[] | undefined
}

const UNLIMITED = Number.POSITIVE_INFINITY

type State = SnapshotFrom<typeof connectionMachine>['value']

/** Requests and their answers, both ways, over any transport. The host has one, and so has the guest. */
export class Connection {
  readonly #options: ConnectionOptions
  readonly #outgoing: OutgoingRequests
  readonly #incoming: IncomingRequests
  readonly #effects: EffectQueue
  readonly #actor: ActorRefFrom<typeof connectionMachine>
  readonly #kinds: (typeof messages.CALL_KINDS)[Role]
  #transport: Transport | null = null
  /** Why it closed; what came first counts. */
  #reason: Error | null = null
  #onNextMessage: (() => void) | null = null
  /** Answers that nobody waited for. */
  #unmatchedAnswers = 0

  constructor(options: ConnectionOptions) {
    const { role, maxInFlight = 10_000, maxWaitingCalls = 65_536 } = options
    const isHost = role === 'host'
    const { maxInFlightBytes = isHost ? UNLIMITED : DEFAULT_MAX_HOST_REQUEST_BYTES } = options
    const otherKinds = messages.CALL_KINDS[isHost ? 'guest' : 'host']
    this.#options = options
    this.#kinds = messages.CALL_KINDS[role]
    this.#outgoing = new OutgoingRequests({
      maxInFlight,
      maxInFlightBytes,
      maxWaitingCalls,
      cancelKind: this.#kinds.cancel,
      invalidAnswer: cause => invalidAnswer('read', isHost ? 'guest' : 'host', options.version?.(), cause),
    })
    this.#incoming = new IncomingRequests({
      answerCall: (payload, context) => options.answerCall(payload, context),
      answer: (kind, payload, context) => options.answer(kind, payload, context),
      maxUnanswered: isHost ? (options.maxHostRequests ?? DEFAULT_MAX_HOST_REQUESTS) : UNLIMITED,
      maxUnansweredBytes: isHost ? (options.maxHostRequestBytes ?? DEFAULT_MAX_HOST_REQUEST_BYTES) : UNLIMITED,
      callKind: otherKinds.call,
      callAnswerKind: otherKinds.answer,
      cancelKind: otherKinds.cancel,
      errors: { stack: !isHost, isPlain: options.plainErrors },
      invalidAnswer: cause => invalidAnswer('sent', role, options.version?.(), cause),
      limitExceeded: error => this.#end(connectionLost(error)),
    })
    this.#effects = new EffectQueue({
      failed: err => options.logger.error({ err }, 'an effect threw: please report this as a bug of cutover'),
    })
    this.#actor = this.#createActor()
  }

  get state(): State {
    return this.#actor.getSnapshot().value
  }

  /** Calls that were sent and not answered yet, those included that were given up. */
  get inFlight(): number {
    return this.#outgoing.inFlight
  }

  /** Calls that were not sent yet. */
  get waiting(): number {
    return this.#outgoing.waiting
  }

  /** Takes the transport: from now on, requests go both ways; calls still wait. */
  open(): void {
    this.#send('open')
  }

  /** Sends the calls that wait, and from now on all others at once. */
  initialized(): void {
    this.#send('initialized')
  }

  /** Ends the connection; everything that is not answered rejects with `reason`. */
  close(reason: Error): void {
    this.#end(reason)
    this.#outgoing.rejectAll(reason)
  }

  /** Fires the signals of the other side's requests that are not answered yet. */
  interrupt(reason: unknown): void {
    this.#incoming.interrupt(reason)
  }

  /** Calls back, once, when the next message comes, whatever it is: the other side is alive. */
  onNextMessage(callback: () => void): void {
    this.#onNextMessage = callback
  }

  /** Sends a request at once, however many calls are in flight; resolves with the body of the answer. */
  request(kind: string, payload: unknown, options?: RequestOptions): Promise<messages.Body> {
    const request = this.#requestOf(kind, payload, messages.answerTo(kind), 'body', false, options)
    const transport = this.#transport
    if (transport === null) return Promise.reject(this.#reason ?? new Error('The connection is not open yet.'))
    return this.#outgoing.request(transport, request) as Promise<messages.Body>
  }

  /**
   * Calls the other side. When its `signal` fires it rejects with the reason of it, and the other side is told.
   *
   * @throws CutoverError `CUTOVER_TOO_MANY_WAITING_CALLS`
   */
  call(payload: unknown, options?: RequestOptions): Promise<unknown> {
    const { call, answer } = this.#kinds
    if (this.#reason !== null) return Promise.reject(this.#reason)
    return this.#outgoing.call(this.#requestOf(call, payload, answer, 'payload', true, options))
  }

  /**
   * Sends a body as it is, `{ [kind]: payload }`, and resolves with the body of the answer.
   *
   * @throws CutoverError `CUTOVER_TOO_MANY_WAITING_CALLS`
   */
  callRaw(body: Readonly<Record<string, unknown>>, options?: RequestOptions): Promise<Record<string, unknown>> {
    const [kind, other] = Object.keys(Object(body))
    if (this.#reason !== null) return Promise.reject(this.#reason)
    if (kind === undefined || other !== undefined) {
      return Promise.reject(cannotSend(new TypeError('a raw call is an object with one key, the kind of the request.')))
    }
    const call = this.#requestOf(kind, body[kind], undefined, 'raw', false, options)
    return this.#outgoing.call(call) as Promise<Record<string, unknown>>
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
      },
      ended: error => this.#end(connectionLost(error)),
    }
    try {
      this.#transport = this.#options.open(observer)
    } catch (error) {
      this.#end(connectionLost(asError(error)))
    }
  }

  #message(id: MessageId, type: MessageType, kind: string, payload: unknown, size: number | undefined): void {
    const transport = this.#transport
    if (transport === null) return
    if (this.#onNextMessage !== null) this.#reportAlive(this.#onNextMessage)
    if (type === REQUEST) this.#incoming.receive(transport, id, kind, payload, size)
    else if (!this.#outgoing.settle(id, kind, payload) && ++this.#unmatchedAnswers === 1) {
      this.#options.logger.warn(
        { id: String(id), kind: printable(describe(kind)) },
        'an answer came to a request that nobody waits for',
      )
    }
  }

  #sendFailed(id: MessageId, type: MessageType, error: Error): void {
    if (type === REQUEST) this.#outgoing.sendFailed(id, error)
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
    this.#outgoing.useTransport(null)
    try {
      transport?.close()
    } catch (err) {
      this.#options.logger.error({ err }, 'a transport cannot be closed')
    }
    this.#incoming.end(this.#reason)
    if (this.#unmatchedAnswers < 2) return
    this.#options.logger.warn({ count: this.#unmatchedAnswers }, 'answers came to requests that nobody waited for')
  }

  #reportClosed(): void {
    const reason = this.#reason ?? new Error('The connection is closed.')
    try {
      const better = this.#options.closed(reason)
      if (better === undefined) this.#outgoing.rejectAll(reason)
      else {
        better.then(
          error => this.#outgoing.rejectAll(error),
          () => this.#outgoing.rejectAll(reason),
        )
      }
    } catch (err) {
      this.#options.logger.error({ err }, 'a connection cannot say that it is closed')
      this.#outgoing.rejectAll(reason)
    }
  }
}
