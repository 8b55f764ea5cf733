import { types } from 'node:util'
import { asError, type CutoverError, describe } from '../../contract/index.js'
import { Flow } from '../../streams/index.js'
import { STREAM_CANCEL, STREAM_CHUNK, STREAM_CREDIT, STREAM_END, STREAM_ERROR } from '../messages.js'
import { type MessageId, ONE_WAY, type Transport, UnreadablePayload } from '../transports/transport.js'
import { deserializeError, serializeError } from '../values/serializedError.js'
import { fromWire, sendError, type WireErrorOptions } from '../wireError.js'
import { CreditExceededError, MAX_CHUNK_BYTES, parseCredit } from './credit.js'
import { Inbox } from './inbox.js'
import { Outbox } from './outbox.js'

export interface StreamsOptions {
  readonly errors: WireErrorOptions
  /** Builds the error of a chunk that this side cannot send. */
  notSendable(cause: Error): CutoverError
  /** Builds the error of a chunk of the other side that cannot be read. */
  notReadable(cause: Error): CutoverError
  /** Ends the connection because the other side broke the protocol. */
  failed(error: Error): void
}

interface Receiving {
  readonly inbox: Inbox
  readonly flow: Flow
}

/** The largest property of an error that is the reason of a cancel, in bytes. */
const MAX_DETAIL_BYTES = 64 * 1024

/**
 * The streams of a connection. A call has one each way at most, named by its id: its request, from the host to the guest, and its
 * answer. Messages about a stream that has ended are ignored, because the other side may have sent them before it knew.
 */
export class ConnectionStreams {
  readonly #options: StreamsOptions
  readonly #receiving = new Map<MessageId, Receiving>()
  readonly #sending = new Map<MessageId, Outbox>()
  #transport: Transport | null = null
  /** Whether the other side has said that it takes streams. */
  isOn = false

  constructor(options: StreamsOptions) {
    this.#options = options
  }

  /** How many streams flow, in both directions. */
  get count(): number {
    return this.#receiving.size + this.#sending.size
  }

  /** @param transport - null after the end of the connection */
  use(transport: Transport | null): void {
    this.#transport = transport
  }

  /** Begins to send a stream. After the end of the connection, closes it. */
  send(id: MessageId, flow: Flow): void {
    if (this.#transport === null) {
      flow.stop('cancelled', new Error('The connection is closed.'))
      return
    }
    const { maxChunkBytes = MAX_CHUNK_BYTES } = this.#transport
    const outbox = new Outbox(flow, {
      maxChunkBytes,
      isCongested: () => this.#transport?.isBehind ?? this.#transport?.isCongested === true,
      send: chunk => this.#sendChunk(id, chunk),
      end: end => {
        if (end.status === 'finished') this.#tell(id, STREAM_END, {})
        else if (this.#transport !== null)
          sendError(this.#transport, id, ONE_WAY, STREAM_ERROR, end.reason, this.#options.errors)
      },
      done: () => this.#sending.delete(id),
    })
    this.#sending.set(id, outbox)
    outbox.start()
  }

  /** Begins to receive a stream: its first message is on the way. */
  receive(id: MessageId, head: unknown): Flow {
    const inbox = new Inbox({
      grant: credit => this.#tell(id, STREAM_CREDIT, credit),
      cancel: reason => {
        this.#receiving.delete(id)
        this.refuse(id, reason)
      },
    })
    const flow = new Flow(inbox, head)
    this.#receiving.set(id, { inbox, flow })
    return flow
  }

  /** Cancels a stream of the other side that this side does not receive. */
  refuse(id: MessageId, reason: unknown): void {
    const error = serializeError(reason, { stack: this.#options.errors.stack, maxDetailBytes: MAX_DETAIL_BYTES })
    try {
      this.#tell(id, STREAM_CANCEL, { reason: error })
    } catch {
      // A reason that cannot be sent is left out. A getter of a message that is being written may have led here: it is over then.
      queueMicrotask(() => this.#tell(id, STREAM_CANCEL, {}))
    }
  }

  /** A message about a stream has arrived. @param size - its estimated memory, in bytes */
  message(id: MessageId, kind: string, payload: unknown, size: number): void {
    if (!this.isOn) {
      this.#options.failed(new Error(`Got ${describe(kind)}, but streams were not agreed on.`))
      return
    }
    switch (kind) {
      case STREAM_CHUNK:
        this.#chunk(id, payload, size)
        break
      case STREAM_END:
        this.#ended(id, undefined)
        break
      case STREAM_ERROR:
        this.#ended(id, { reason: payload instanceof UnreadablePayload ? payload.error : fromWire(payload) })
        break
      case STREAM_CREDIT:
        this.#granted(id, payload)
        break
      case STREAM_CANCEL:
        this.#sending.get(id)?.cancel(reasonOf(payload))
        break
      default:
        this.#options.failed(new Error(`Got the unknown one-way message ${describe(kind)}.`))
    }
  }

  /** The transport could not send a message that it had accepted. */
  sendFailed(id: MessageId, error: Error): void {
    this.#sending.get(id)?.fail(this.#options.notSendable(error))
  }

  /** The other side reads again. */
  resume(): void {
    for (const outbox of this.#sending.values()) outbox.resume()
  }

  /** The connection has closed: fails every stream. */
  end(error: Error): void {
    for (const { flow } of [...this.#receiving.values()]) flow.stop('failed', error)
    for (const outbox of [...this.#sending.values()]) outbox.fail(error)
  }

  #sendChunk(id: MessageId, chunk: unknown): number {
    const transport = this.#transport
    if (transport === null) return 0
    try {
      transport.send(id, ONE_WAY, STREAM_CHUNK, chunk)
    } catch (error) {
      throw this.#options.notSendable(asError(error))
    }
    return types.isUint8Array(chunk) ? chunk.length : (transport.lastCost ?? 0)
  }

  #chunk(id: MessageId, chunk: unknown, size: number): void {
    const receiving = this.#receiving.get(id)
    if (receiving === undefined) return
    if (chunk instanceof UnreadablePayload) {
      receiving.flow.stop('failed', this.#options.notReadable(chunk.error))
      return
    }
    const cost = types.isUint8Array(chunk) ? chunk.length : size
    if (!receiving.inbox.push(chunk, cost)) this.#options.failed(new CreditExceededError(id))
  }

  #ended(id: MessageId, error: { readonly reason: unknown } | undefined): void {
    const receiving = this.#receiving.get(id)
    if (receiving === undefined) return
    this.#receiving.delete(id)
    const { inbox, flow } = receiving
    if (error === undefined) inbox.end({})
    else inbox.end({ error })
    flow.settle(error === undefined ? { status: 'finished' } : { status: 'failed', reason: error.reason })
  }

  #granted(id: MessageId, payload: unknown): void {
    const outbox = this.#sending.get(id)
    if (outbox === undefined) return
    try {
      outbox.grant(parseCredit(payload))
    } catch (error) {
      this.#options.failed(asError(error))
    }
  }

  #tell(id: MessageId, kind: string, payload: object): void {
    this.#transport?.send(id, ONE_WAY, kind, payload)
  }
}

function reasonOf(payload: unknown): unknown {
  const { reason }: { readonly reason?: unknown } = Object(payload)
  return typeof reason === 'object' && reason !== null ? deserializeError(reason, 'guestStack') : undefined
}
