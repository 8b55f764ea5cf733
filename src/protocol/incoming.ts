import { describe } from '../errors.js'
import type { Transferable } from '../runtime.js'
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
  readonly maxInFlight: number
  /** The kinds of the other side's calls, of their answers, and of the requests that give one up. */
  readonly callKind: string
  readonly callAnswerKind: string
  readonly cancelKind: string
  /** How errors are sent. */
  readonly errors: WireErrorOptions
}

/** What the other side asks. An answer that is there at once is sent at once. */
export class IncomingRequests {
  readonly #options: IncomingOptions
  /** Those that are not answered yet. */
  readonly #unanswered = new Map<MessageId, IncomingRequest>()

  constructor(options: IncomingOptions) {
    this.#options = options
  }

  /** How many are not answered yet. */
  get count(): number {
    return this.#unanswered.size
  }

  take(transport: Transport, id: MessageId, kind: string, payload: unknown): void {
    const options = this.#options
    if (kind === options.cancelKind) {
      this.#unanswered.get((payload as { id?: MessageId } | null)?.id ?? -1)?.interrupt(undefined)
      this.#answer(transport, id, EMPTY, {}, undefined)
    } else if (this.#unanswered.size >= options.maxInFlight) {
      this.#refuse(transport, id, new Error(`More than ${options.maxInFlight} requests are not answered yet.`))
    } else if (this.#unanswered.has(id)) {
      this.#refuse(transport, id, new Error(`The id ${id} is in use by a request that is not answered yet.`))
    } else if (kind === options.callKind) this.#takeCall(transport, id, payload)
    else this.#takeOther(transport, id, kind, payload)
  }

  /** Fires the signals of all requests that are not answered yet. */
  interrupt(reason: unknown): void {
    for (const request of this.#unanswered.values()) request.interrupt(reason)
  }

  #takeCall(transport: Transport, id: MessageId, payload: unknown): void {
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
    const request = new IncomingRequest()
    try {
      const answer = this.#options.answer(kind, payload, request)
      if (isThenable(answer)) this.#await(transport, id, request, answer, body => body as Body)
      else this.#answer(transport, id, answer.kind, answer.payload, request.handedOver)
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

  /** Never throws: an error that cannot be sent is described. */
  #refuse(transport: Transport, id: MessageId, error: unknown): void {
    const options = this.#options.errors
    try {
      transport.send(id, RESPONSE, ERROR, toWire(error, options))
    } catch (cause) {
      const why = new Error(`An error cannot be sent: ${describe(error)}; ${describe(String(cause))}`)
      transport.send(id, RESPONSE, ERROR, toWire(why, options))
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

  transfer(list: readonly Transferable[]): void {
    this.handedOver = [...(this.handedOver ?? []), ...list]
  }

  interrupt(reason: unknown): void {
    this.#interrupted ??= { reason }
    this.#controller?.abort(this.#interrupted.reason)
  }
}

function isThenable(value: unknown): value is PromiseLike<unknown> {
  return typeof value === 'object' && value !== null && typeof (value as { then?: unknown }).then === 'function'
}
