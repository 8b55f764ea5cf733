import { asError, CutoverError, type Transferable } from '../contract/index.js'
import { isThenable } from '../support/index.js'
import { IncomingRequest, type RequestContext } from './incomingRequest.js'
import { TooManyRequestsError } from './limits.js'
import { type Body, EMPTY, ERROR } from './messages.js'
import { estimateSize } from './transports/sizeEstimate.js'
import { type MessageId, RESPONSE, type Transport, UnreadablePayload } from './transports/transport.js'
import { toWire, type WireErrorOptions } from './wireError.js'

export interface RequestHandlers {
  /** Answers a call; what it throws, or rejects with, becomes an `Error` body. */
  answerCall(payload: unknown, context: RequestContext): unknown
  /** Answers a request of any other kind. */
  answer(kind: string, payload: unknown, context: RequestContext): Body | Promise<Body>
}

export interface IncomingOptions extends RequestHandlers {
  /** Calls that are not answered yet, at most, and other requests; one more is answered with an error. */
  readonly maxUnanswered: number
  /** One request more than those which take this, in bytes, ends the connection. */
  readonly maxUnansweredBytes: number
  /** The kinds of the other side's calls, of their answers, and of the requests that give one up. */
  readonly callKind: string
  readonly callAnswerKind: string
  readonly cancelKind: string
  /** How errors are sent. */
  readonly errors: WireErrorOptions
  /** Says that the answer of a call cannot be sent. */
  invalidAnswer(cause: Error): Error
  /** The other side asks for more than it may: the connection is to end. */
  limitExceeded(error: Error): void
}

/** How long calls are begun in one turn of the event loop, in ms; then whatever else has come has its turn. */
const TURN_MS = 8
/** So many characters fit in the smallest frame that is allowed. */
const MAX_SHORT_MESSAGE = 200

/**
 * What the other side asks. An answer that is there at once is sent at once.
 *
 * Calls are held back, in their order, while the other side does not read its answers, and after some ms of calls that
 * block: so answers leave, and pings, cancels and aborts are heard, however many calls have come before them.
 */
export class IncomingRequests {
  readonly #options: IncomingOptions
  /** Those that were begun and are not answered yet. */
  readonly #unanswered = new Map<MessageId, IncomingRequest>()
  /** Calls that were not begun yet. */
  readonly #deferred = new Map<MessageId, DeferredCall>()
  /** The memory that all of those take, by estimate; not counted where there is no limit. */
  #bytes = 0
  /** Of the unanswered, those that are no calls. */
  #otherRequests = 0
  /** When this turn has taken long enough; null between turns. */
  #turnEnd: number | null = null
  #nextTurn: NodeJS.Immediate | undefined

  constructor(options: IncomingOptions) {
    this.#options = options
  }

  receive(transport: Transport, id: MessageId, kind: string, payload: unknown, size: number | undefined): void {
    const { callKind, cancelKind, maxUnansweredBytes } = this.#options
    if (payload instanceof UnreadablePayload) this.#refuse(transport, id, cannotRead(payload.error))
    else if (kind === cancelKind) this.#receiveCancel(transport, id, payload)
    else if (this.#unanswered.has(id) || this.#deferred.has(id)) {
      this.#refuse(transport, id, new Error(`The id ${id} is in use by a request that is not answered yet.`))
    } else if (this.#bytes >= maxUnansweredBytes) {
      this.#options.limitExceeded(new TooManyRequestsError(maxUnansweredBytes))
    } else {
      const bytes = maxUnansweredBytes === Number.POSITIVE_INFINITY ? 0 : (size ?? estimateSize(payload))
      if (kind === callKind) this.#receiveCall(transport, id, payload, bytes)
      else this.#receiveOther(transport, id, kind, payload, bytes)
    }
  }

  /** An answer that was sent cannot be sent after all. */
  sendFailed(transport: Transport, id: MessageId, error: Error): void {
    this.#refuse(transport, id, this.#options.invalidAnswer(error))
  }

  /** The other side reads again. */
  resume(): void {
    if (this.#deferred.size > 0) this.#nextTurn ??= setImmediate(this.#startDeferred)
  }

  /** Fires the signals of all requests that are not answered yet; calls that were not begun are answered with `reason`. */
  interrupt(reason: unknown): void {
    for (const [id, call] of [...this.#deferred]) {
      this.#removeDeferred(id, call)
      this.#refuse(call.transport, id, reason)
    }
    for (const request of this.#unanswered.values()) request.interrupt(reason)
  }

  /** As {@link interrupt}, when nobody hears the answers any more. */
  end(reason: unknown): void {
    this.#deferred.clear()
    clearImmediate(this.#nextTurn)
    this.interrupt(reason)
  }

  #receiveCancel(transport: Transport, id: MessageId, payload: unknown): void {
    const cancelled = (payload as { readonly id?: MessageId } | null)?.id ?? -1
    const deferred = this.#deferred.get(cancelled)
    if (deferred !== undefined) {
      this.#removeDeferred(cancelled, deferred)
      this.#refuse(transport, cancelled, new Error('The call was given up.'))
    } else this.#unanswered.get(cancelled)?.interrupt(undefined)
    this.#respond(transport, id, EMPTY, {}, undefined)
  }

  #receiveCall(transport: Transport, id: MessageId, payload: unknown, bytes: number): void {
    const unanswered = this.#unanswered.size - this.#otherRequests + this.#deferred.size
    if (unanswered >= this.#options.maxUnanswered) this.#refuseExcess(transport, id)
    else if (this.#deferred.size === 0 && !transport.isCongested && this.#hasTime()) {
      this.#start(transport, id, payload, bytes)
    } else {
      this.#deferred.set(id, { transport, payload, bytes })
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
      this.#start(call.transport, id, call.payload, call.bytes)
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

  #start(transport: Transport, id: MessageId, payload: unknown, bytes: number): void {
    const request = new IncomingRequest(bytes)
    const { callAnswerKind } = this.#options
    try {
      const answer = this.#options.answerCall(payload, request)
      if (isThenable(answer)) {
        this.#respondLater(transport, id, request, answer, value => ({ kind: callAnswerKind, payload: value }))
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
        const over = () => {
          this.#otherRequests--
        }
        Promise.resolve(answer).then(over, over)
        this.#respondLater(transport, id, request, answer, body => body as Body)
      } else this.#respond(transport, id, answer.kind, answer.payload, request.transferList)
    } catch (error) {
      this.#refuse(transport, id, error)
    }
  }

  #respondLater(
    transport: Transport,
    id: MessageId,
    request: IncomingRequest,
    answer: PromiseLike<unknown>,
    bodyOf: (value: unknown) => Body,
  ): void {
    this.#unanswered.set(id, request)
    this.#bytes += request.bytes
    const settled = () => {
      this.#unanswered.delete(id)
      this.#bytes -= request.bytes
    }
    Promise.resolve(answer).then(
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
      new Error(`More than ${this.#options.maxUnanswered} requests are not answered yet (maxHostRequests).`),
    )
  }

  /** Never throws: of an error that is too large, its name and the beginning of its message are sent. */
  #refuse(transport: Transport, id: MessageId, error: unknown): void {
    const options = this.#options.errors
    try {
      transport.send(id, RESPONSE, ERROR, toWire(error, options))
    } catch {
      const { name, message } = asError(error)
      const short = new Error(`${name}: ${message}`.slice(0, MAX_SHORT_MESSAGE))
      transport.send(id, RESPONSE, ERROR, toWire(short, { stack: false, isPlain: true }))
    }
  }
}

interface DeferredCall {
  readonly transport: Transport
  readonly payload: unknown
  readonly bytes: number
}

function cannotRead(cause: Error): CutoverError {
  return new CutoverError('CUTOVER_INVALID_REQUEST', `The request cannot be read: ${cause.message}`, { cause })
}
