/** One end of a session: a transport of the protocol over two inboxes of NATS, and the notices beside it. */
import type { Msg, NatsConnection, Subscription } from '@nats-io/transport-node'
import { asError } from '../../contract/index.js'
import {
  type MessageId,
  MessageReader,
  type MessageType,
  MessageWriter,
  type Transport,
  type TransportObserver,
} from '../../protocol/index.js'
import { chunkBytesIn, HEADER_BYTES, ONE_WAY, REQUEST } from '../../protocol/internal.js'
import { assertStackRoom } from '../../support/index.js'
import { Intake } from './intake.js'
import { Outlet } from './outlet.js'
import {
  CONTROL,
  CREDIT,
  END,
  HEAD_BYTES,
  head,
  LAST_PIECE,
  LEAVING,
  type Notice,
  notice,
  PIECE,
  wordsOf,
} from './wire.js'

/** Publish after so many messages, or bytes, so that the other end reads while this one still writes. */
const BATCH_MESSAGES = 64
const BATCH_BYTES = 64 * 1024

export interface ChannelOptions {
  readonly connection: NatsConnection
  /** Where this end listens. */
  readonly inbox: string
  /** Whether the server of NATS shall say with each message, not only with notices, if nobody listens at the other end. */
  readonly asksForListeners: boolean
  readonly maxFrameBytes: number
  readonly maxMessageItems: number
  /** The limits of the other end. */
  readonly maxSentBytes: number
  readonly maxSentItems: number
  readonly maxBufferedBytes: number
  /** The other end says so. */
  noticed(kind: Notice, words: string): void
  /** A message was read. */
  received?(): void
  /** A message that makes no sense was dropped. */
  dropped(error: Error): void
  /** The other end is gone, or does not keep to the protocol. Called once. */
  lost(error: Error): void
}

export class Channel implements Transport {
  readonly #options: ChannelOptions
  readonly #writer: MessageWriter
  readonly #reader: MessageReader
  readonly #outlet: Outlet
  readonly #intake: Intake
  readonly #subscription: Subscription
  /** The reply subject of frames. */
  readonly #asking: { readonly reply: string } | undefined
  #to = ''
  /** Null before the transport is open and after it is closed. */
  #observer: TransportObserver | null = null
  #batched = 0
  #sentInTurn = 0
  #isEndOfTurnDue = false
  /** After a turn with one message at most, publish the first of the next one at once: it probably comes alone. */
  #publishesFirstAtOnce = true
  sentBytes = 0
  lastCost = 0
  readonly maxChunkBytes: number

  constructor(options: ChannelOptions) {
    const { connection, inbox, maxFrameBytes, maxSentBytes } = options
    this.#options = options
    this.#asking = options.asksForListeners ? { reply: inbox } : undefined
    this.maxChunkBytes = chunkBytesIn(maxSentBytes)
    this.#writer = new MessageWriter(maxSentBytes, options.maxSentItems)
    this.#reader = new MessageReader(options.maxMessageItems)
    this.#outlet = new Outlet({
      maxPayload: () => connection.info?.max_payload ?? BATCH_BYTES,
      maxBufferedBytes: options.maxBufferedBytes,
      publish: message => this.#publish(message),
      failed: error => options.lost(error),
      drained: () => this.#observer?.drained(),
    })
    this.#intake = new Intake({
      maxBytes: maxFrameBytes + BATCH_BYTES,
      frame: (bytes, start, end) => this.#frame(bytes, start, end),
      grant: bytes => this.#publish(head(CREDIT, bytes)),
      dropped: error => options.dropped(error),
      failed: error => options.lost(error),
    })
    this.#subscription = connection.subscribe(inbox, {
      callback: (error, message) => {
        if (error !== null) options.lost(error)
        else this.#receive(message)
      },
    })
  }

  /** Names the inbox of the other end. */
  connect(to: string): void {
    this.#to = to
  }

  /** Opens it as a transport. */
  readonly open = (observer: TransportObserver): Transport => {
    this.#observer = observer
    return this
  }

  get isCongested(): boolean {
    return this.#outlet.isBehind
  }

  /** Tells the other end something, after all that was sent. */
  tell(kind: Notice, words?: string): void {
    this.#flush()
    if (this.#to !== '') this.#publish(notice(kind, words), { reply: this.#options.inbox })
  }

  /** Throws only if the message was not added: a caller near the end of its stack has no room to publish. */
  send(id: MessageId, type: MessageType, kind: string, payload: unknown): void {
    if (this.#observer === null) return
    if (!this.#isEndOfTurnDue) {
      process.nextTick(this.#endTurn)
      this.#isEndOfTurnDue = true
    }
    const before = this.#writer.length
    this.sentBytes += this.#writer.add(id, type, kind, payload)
    this.lastCost = this.#writer.length - before - HEADER_BYTES
    this.#batched++
    const isFirst = this.#sentInTurn++ === 0
    try {
      if (isFirst ? !this.#publishesFirstAtOnce : this.#batched < BATCH_MESSAGES && this.#writer.length < BATCH_BYTES)
        return
      if (type === REQUEST) assertStackRoom()
      this.#flush()
    } catch (error) {
      if (!(error instanceof RangeError)) throw error
    }
  }

  /** Publishes the rest, and reports nothing more to the observer. Notices still pass. */
  close(): void {
    this.#flush()
    this.#observer = null
  }

  /** The end of the transport. @param error - why, unless the other end has closed it in order */
  end(error: Error | undefined): void {
    const observer = this.#observer
    this.#observer = null
    observer?.ended(error)
  }

  /** Whether it listens no more. */
  get isClosed(): boolean {
    return this.#subscription.isClosed()
  }

  /** Listens no more. */
  unsubscribe(): void {
    this.#observer = null
    if (!this.isClosed) this.#subscription.unsubscribe()
  }

  readonly #endTurn = (): void => {
    this.#isEndOfTurnDue = false
    this.#publishesFirstAtOnce = this.#sentInTurn <= 1
    this.#sentInTurn = 0
    this.#flush()
  }

  #flush(): void {
    this.#batched = 0
    if (this.#writer.length > 0) this.#outlet.send(this.#writer.take())
  }

  #publish(message: Uint8Array, options = this.#asking): void {
    try {
      this.#options.connection.publish(this.#to, message, options)
    } catch (error) {
      this.#options.lost(asError(error))
    }
  }

  #receive(message: Msg): void {
    const { data } = message
    if (data.length === 0) {
      if (message.headers?.code === 503) this.#options.lost(new Error('nobody listens any more: its server is gone.'))
      else this.#options.dropped(new Error('it is empty.'))
      return
    }
    const bytes = Buffer.from(data.buffer, data.byteOffset, data.byteLength)
    switch (bytes[0]) {
      case CREDIT:
        if (bytes.length === HEAD_BYTES) this.#outlet.confirm(bytes.readUInt32BE(1))
        else this.#options.dropped(new Error('it is no credit.'))
        break
      case LEAVING:
      case END:
        this.#options.noticed(bytes[0], wordsOf(bytes))
        break
      default:
        if (isData(bytes[0] as number)) this.#intake.receive(bytes)
        else this.#options.dropped(new Error('its first byte is unknown.'))
    }
    this.#options.received?.()
  }

  /** A transport that has been closed reads on, and passes nothing on. */
  #frame(bytes: Buffer, start: number, end: number): void {
    const { id, type, kind, payload } = this.#reader.read(bytes, start, end)
    this.#observer?.message(id, type, kind, payload, type === ONE_WAY ? end - start : this.#reader.size)
  }
}

function isData(kind: number): boolean {
  return kind < CONTROL || kind === PIECE || kind === LAST_PIECE
}
