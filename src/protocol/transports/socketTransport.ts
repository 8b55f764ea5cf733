import { Socket } from 'node:net'
import { asError } from '../../contract/index.js'
import { assertStackRoom } from '../../support/index.js'
import { DEFAULT_MAX_BUFFERED_BYTES, UnreadBytesError } from '../limits.js'
import { DEFAULT_MAX_FRAME_BYTES, FrameDecoder } from './frames.js'
import { MessageReader } from './messageReader.js'
import { MessageWriter } from './messageWriter.js'
import {
  type MessageId,
  type MessageType,
  type OpenTransport,
  REQUEST,
  type Transport,
  type TransportObserver,
} from './transport.js'

/**
 * So many messages are written at once. Were a whole turn's messages one write, the two processes would take turns; so
 * the other side begins while this one still encodes.
 */
const BATCH_MESSAGES = 32
const BATCH_BYTES = 64 * 1024
/** More than this unsent, and nothing is begun that can wait. A few large messages at once are nothing unusual. */
const CONGESTED_BYTES = 1024 * 1024

export interface SocketTransportOptions {
  /** The largest frame that is sent or taken, in bytes. @default 16 MiB */
  readonly maxFrameBytes?: number | undefined
  /** The most items of a message that is taken; a key counts as one, a byte string as four. @default 1_000_000 */
  readonly maxMessageItems?: number | undefined
  /** The most items of a message that is sent: what the other side takes. @default Infinity */
  readonly maxSentItems?: number | undefined
  /**
   * More than this unsent, in bytes, and the connection ends with an error. @default 64 MiB, or four times `maxFrameBytes`
   * if that is more
   */
  readonly maxBufferedBytes?: number | undefined
}

/** The default of `maxBufferedBytes`: some of the largest messages must have room. */
export function defaultMaxBufferedBytes(maxFrameBytes: number): number {
  return Math.max(DEFAULT_MAX_BUFFERED_BYTES, 4 * maxFrameBytes)
}

/**
 * Messages as frames on a connected socket, which belongs to the transport from now on. Any other Duplex serves as well,
 * only that the memory of what was sent is used again with a `net.Socket` alone: another stream says that it has written
 * what it merely hands on.
 */
export function openSocket(socket: Socket, options: SocketTransportOptions = {}): OpenTransport {
  return observer => new SocketTransport(socket, options, observer)
}

class SocketTransport implements Transport {
  readonly #socket: Socket
  /** What the socket no longer counts as unsent is with the kernel. */
  readonly #recycles: boolean
  readonly #writer: MessageWriter
  readonly #reader: MessageReader
  readonly #frames: FrameDecoder
  readonly #maxBufferedBytes: number
  /** `null` when there is nothing more to say. */
  #observer: TransportObserver | null
  #batched = 0
  #sentInTurn = 0
  /** The end of the turn is due. */
  #isEndOfTurnDue = false
  /** In the last turn there was one message: another one is not made to wait for company. */
  #writesFirstAtOnce = true
  isCongested = false
  sentBytes = 0

  constructor(socket: Socket, options: SocketTransportOptions, observer: TransportObserver) {
    const { maxFrameBytes = DEFAULT_MAX_FRAME_BYTES, maxMessageItems, maxSentItems } = options
    this.#socket = socket
    this.#recycles = socket instanceof Socket
    this.#observer = observer
    this.#writer = new MessageWriter(maxFrameBytes, maxSentItems)
    this.#reader = new MessageReader(maxMessageItems)
    this.#frames = new FrameDecoder(maxFrameBytes)
    this.#maxBufferedBytes = options.maxBufferedBytes ?? defaultMaxBufferedBytes(maxFrameBytes)
    socket.on('data', this.#onData)
    socket.on('drain', this.#onDrain)
    socket.once('end', this.#onEnd)
    socket.once('close', this.#onEnd)
    socket.on('error', this.#onError)
  }

  /**
   * Throws before the message is added, or not at all. A request may come from the end of a stack: then the end of the turn
   * writes it.
   */
  send(id: MessageId, type: MessageType, kind: string, payload: unknown): void {
    if (this.#observer === null || this.#socket.destroyed) return
    if (!this.#isEndOfTurnDue) {
      process.nextTick(this.#endTurn)
      this.#isEndOfTurnDue = true
    }
    this.sentBytes += this.#writer.add(id, type, kind, payload)
    this.#batched++
    const isFirst = this.#sentInTurn++ === 0
    try {
      if (isFirst ? !this.#writesFirstAtOnce : this.#batched < BATCH_MESSAGES && this.#writer.length < BATCH_BYTES)
        return
      if (type === REQUEST) assertStackRoom()
      this.#write()
    } catch (error) {
      if (!(error instanceof RangeError)) throw error
    }
  }

  close(): void {
    this.#write()
    this.#detach()
    this.#socket.end()
    // The end of the other side is only seen when what comes before it is read.
    this.#socket.resume()
  }

  readonly #endTurn = (): void => {
    this.#isEndOfTurnDue = false
    this.#writesFirstAtOnce = this.#sentInTurn <= 1
    this.#sentInTurn = 0
    if (this.#batched > 0) this.#write()
  }

  #write(): void {
    this.#batched = 0
    const socket = this.#socket
    if (this.#writer.length === 0 || socket.destroyed) return
    const hasRoom = socket.write(this.#writer.take())
    if (socket.writableLength === 0) {
      this.#recycle()
      return
    }
    if (hasRoom) return
    this.isCongested = socket.writableLength > CONGESTED_BYTES
    if (socket.writableLength > this.#maxBufferedBytes) {
      this.#fail(new UnreadBytesError(this.#maxBufferedBytes))
    }
  }

  #recycle(): void {
    if (this.#recycles) this.#writer.recycle()
  }

  readonly #onData = (chunk: Buffer): void => {
    try {
      this.#frames.push(chunk, this.#take)
    } catch (error) {
      this.#fail(asError(error))
    }
  }

  readonly #take = (bytes: Buffer, start: number, end: number): void => {
    const { id, type, kind, payload } = this.#reader.read(bytes, start, end)
    this.#observer?.message(id, type, kind, payload, this.#reader.size)
  }

  readonly #onDrain = (): void => {
    this.#recycle()
    this.isCongested = false
    this.#observer?.drained()
  }

  readonly #onEnd = (): void => {
    try {
      this.#frames.end()
      this.#finish(undefined)
    } catch (error) {
      this.#finish(asError(error))
    }
  }

  readonly #onError = (error: Error): void => this.#finish(error)

  /** Not from within a call of the observer's: it hears of it in the next turn. */
  #fail(error: Error): void {
    this.#socket.destroy(error)
  }

  #finish(error: Error | undefined): void {
    const observer = this.#observer
    this.#detach()
    this.#socket.destroy()
    observer?.ended(error)
  }

  /** The listener for errors stays, so that a late one does no harm. */
  #detach(): void {
    this.#observer = null
    const socket = this.#socket
    socket.off('data', this.#onData)
    socket.off('drain', this.#onDrain)
    socket.off('end', this.#onEnd)
    socket.off('close', this.#onEnd)
  }
}
