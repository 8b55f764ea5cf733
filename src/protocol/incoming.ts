import { asError } from '../errors.js'
import type { Transferable } from '../runtime.js'
import { isThenable } from '../thenable.js'
import { type Body, EMPTY, ERROR } from './messages.js'
import { type MessageId, RESPONSE, type Transport } from './transport.js'
import { toWire, type WireErrorOptions } from './wireError.js'

/** What whoever answers a request knows of it. */
export interface RequestContext {
  /** Fires when the caller gives up, when the work is interrupted, and when the connection closes. */
  readonly signal: AbortSignal
  /** What the answer hands over instead of copying it, where the transport can do that. */
  transfer(list: readonly Transferable[]): void
}

export interface Answering {
  /** Answers a call; what it throws, or rejects with, becomes an `Error` body. */
  answerCall(payload: unknown, context: RequestContext): unknown
  /** Answers a request of any other kind. */
  answer(kind: string, payload: unknown, context: RequestContext): Body | Promise<Body>
}

export interface IncomingOptions extends Answering {
  /** Calls that are not answered yet, at most, and other requests; one more is answered with an error. */
  readonly maxUnanswered: number
  /** The kinds of the other side's calls, of their answers, and of the requests that give one up. */
  readonly callKind: string
  readonly callAnswerKind: string
  readonly cancelKind: string
  /** How errors are sent. */
  readonly errors: WireErrorOptions
}

/** How long calls are begun in one turn of the event loop, in ms; then whatever else has come has its turn. */
const TURN = 8
/** So many characters fit in the smallest frame that is allowed. */
const MAX_SHORT = 200

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
  readonly #held = new Map<MessageId, { readonly transport: Transport; readonly payload: unknown }>()
  /** Of the unanswered, those that are no calls. */
  #others = 0
  /** When this turn has taken long enough; null between turns. */
  #turnEnd: number | null = null
  #next: NodeJS.Immediate | undefined

  constructor(options: IncomingOptions) {
    this.#options = options
  }

  take(transport: Transport, id: MessageId, kind: string, payload: unknown): void {
    const { callKind, cancelKind } = this.#options
    if (kind === cancelKind) this.#takeCancel(transport, id, payload)
    else if (this.#unanswered.has(id) || this.#held.has(id)) {
      this.#refuse(transport, id, new Error(`The id ${id} is in use by a request that is not answered yet.`))
    } else if (kind === callKind) this.#takeCall(transport, id, payload)
    else this.#takeOther(transport, id, kind, payload)
  }

  /** The other side reads again. */
  resume(): void {
    if (this.#held.size > 0) this.#next ??= setImmediate(this.#beginHeld)
  }

  /** Fires the signals of all requests that are not answered yet; calls that were not begun are answered with `reason`. */
  interrupt(reason: unknown): void {
    const held = [...this.#held]
    this.#held.clear()
    for (const [id, { transport }] of held) this.#refuse(transport, id, reason)
    for (const request of this.#unanswered.values()) request.interrupt(reason)
  }

  /** As {@link interrupt}, when nobody hears the answers any more. */
  end(reason: unknown): void {
    this.#held.clear()
    clearImmediate(this.#next)
    this.interrupt(reason)
  }

  #takeCancel(transport: Transport, id: MessageId, payload: unknown): void {
    const cancelled = (payload as { readonly id?: MessageId } | null)?.id ?? -1
    if (this.#held.delete(cancelled)) this.#refuse(transport, cancelled, new Error('The call was given up.'))
    else this.#unanswered.get(cancelled)?.interrupt(undefined)
    this.#answer(transport, id, EMPTY, {}, undefined)
  }

  #takeCall(transport: Transport, id: MessageId, payload: unknown): void {
    const unanswered = this.#unanswered.size - this.#others + this.#held.size
    if (unanswered >= this.#options.maxUnanswered) this.#refuseMore(transport, id)
    else if (this.#held.size === 0 && !transport.isCongested && this.#hasTime()) this.#begin(transport, id, payload)
    else {
      this.#held.set(id, { transport, payload })
      if (!transport.isCongested) this.resume()
    }
  }

  readonly #beginHeld = (): void => {
    this.#next = undefined
    for (const [id, { transport, payload }] of this.#held) {
      if (transport.isCongested) return
      if (!this.#hasTime()) break
      this.#held.delete(id)
      this.#begin(transport, id, payload)
    }
    this.resume()
  }

  #hasTime(): boolean {
    const now = performance.now()
    if (this.#turnEnd === null) {
      this.#turnEnd = now + TURN
      process.nextTick(this.#endTurn)
    }
    return now < this.#turnEnd
  }

  readonly #endTurn = (): void => {
    this.#turnEnd = null
  }

  #begin(transport: Transport, id: MessageId, payload: unknown): void {
    const request = new IncomingRequest()
    const { callAnswerKind } = this.#options
    try {
      const answer = this.#options.answerCall(payload, request)
      if (isThenable(answer)) {
        this.#await(transport, id, request, answer, value => ({ kind: callAnswerKind, payload: value }))
      } else this.#answer(transport, id, callAnswerKind, answer, request.handedOver)
    } catch (error) {
      this.#refuse(transport, id, error)
    }
  }

  #takeOther(transport: Transport, id: MessageId, kind: string, payload: unknown): void {
    if (this.#others >= this.#options.maxUnanswered) {
      this.#refuseMore(transport, id)
      return
    }
    const request = new IncomingRequest()
    try {
      const answer = this.#options.answer(kind, payload, request)
      if (isThenable(answer)) {
        this.#others++
        const over = () => {
          this.#others--
        }
        Promise.resolve(answer).then(over, over)
        this.#await(transport, id, request, answer, body => body as Body)
      } else this.#answer(transport, id, answer.kind, answer.payload, request.handedOver)
    } catch (error) {
      this.#refuse(transport, id, error)
    }
  }

  #await(
    transport: Transport,
    id: MessageId,
    request: IncomingRequest,
    answer: PromiseLike<unknown>,
    bodyOf: (value: unknown) => Body,
  ): void {
    this.#unanswered.set(id, request)
    const settle = (send: () => void) => {
      this.#unanswered.delete(id)
      try {
        send()
      } catch (error) {
        this.#refuse(transport, id, error)
      }
    }
    Promise.resolve(answer).then(
      value =>
        settle(() => {
          const { kind, payload } = bodyOf(value)
          this.#answer(transport, id, kind, payload, request.handedOver)
        }),
      error => settle(() => this.#refuse(transport, id, error)),
    )
  }

  #answer(
    transport: Transport,
    id: MessageId,
    kind: string,
    payload: unknown,
    handedOver: readonly Transferable[] | undefined,
  ): void {
    transport.send(id, RESPONSE, kind, payload, handedOver)
  }

  #refuseMore(transport: Transport, id: MessageId): void {
    this.#refuse(transport, id, new Error(`More than ${this.#options.maxUnanswered} requests are not answered yet.`))
  }

  /** Never throws: of an error that is too large, its name and the beginning of its message are sent. */
  #refuse(transport: Transport, id: MessageId, error: unknown): void {
    const options = this.#options.errors
    try {
      transport.send(id, RESPONSE, ERROR, toWire(error, options))
    } catch {
      const { name, message } = asError(error)
      const short = new Error(`${name}: ${message}`.slice(0, MAX_SHORT))
      transport.send(id, RESPONSE, ERROR, toWire(short, { stack: false, isPlain: true }))
    }
  }
}

/** The controller is only made for who asks for the signal: most never do. */
class IncomingRequest implements RequestContext {
  #controller: AbortController | undefined
  #interrupted: { readonly reason: unknown } | undefined
  handedOver: Transferable[] | undefined

  get signal(): AbortSignal {
    if (this.#controller === undefined) {
      this.#controller = new AbortController()
      if (this.#interrupted !== undefined) this.#controller.abort(this.#interrupted.reason)
    }
    return this.#controller.signal
  }

  /** A getter, so that it can be taken out of the context, as the signal can, and costs nothing until then. */
  get transfer(): (list: readonly Transferable[]) => void {
    return list => {
      this.handedOver = [...(this.handedOver ?? []), ...list]
    }
  }

  interrupt(reason: unknown): void {
    this.#interrupted ??= { reason }
    this.#controller?.abort(this.#interrupted.reason)
  }
}
