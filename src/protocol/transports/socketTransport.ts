import { Socket } from 'node:net'
import { asError } from '../../contract/index.js'
import { assertStackRoom } from '../../support/index.js'
import { DEFAULT_MAX_BUFFERED_BYTES, UnreadBytesError } from '../limits.js'
import { isPlainCall, opensStream } from '../messages.js'
import { chunkBytesIn } from '../streams/credit.js'
import { DEFAULT_MAX_FRAME_BYTES, FrameDecoder, HEADER_BYTES } from './frames.js'
import { MessageReader } from './messageReader.js'
import { MessageWriter } from './messageWriter.js'
import {
  type MessageId,
  type MessageType,
  ONE_WAY,
  type OpenTransport,
  REQUEST,
  type Transport,
  type TransportObserver,
} from './transport.js'

/**
 * Write after 32 messages or 64 KiB, so that the other side decodes while this one still encodes. With one write per turn the
 * two processes would alternate.
 */
const BATCH_MESSAGES = 32
const BATCH_BYTES = 64 * 1024
/**
 * While the guest has sent nothing since the last write, it has work. Then calls wait for each other, 8 at most, until the end of this
 * round of the event loop: a write takes 25 µs, as long as everything else that a short call takes. What a guest sends does not wait,
 * because it may compute for long in the same round.
 */
const WAITING_CALLS = 8
/** Above 64 KiB unsent, streams wait: what they send is still in the caches of the processor when it is written. */
const BEHIND_BYTES = 64 * 1024
/** Above 1 MiB unsent, the transport is congested. Less would delay a few large messages. */
const CONGESTED_BYTES = 1024 * 1024

const RESOLVED = Promise.resolve()

/** The options of `openSocket()`. */
export interface SocketTransportOptions {
  /** The longest frame, sent or received, in bytes. @default 16 MiB */
  readonly maxFrameBytes?: number | undefined
  /** The most items of a received message; a key counts as one, a byte string as four. @default 1_000_000 */
  readonly maxMessageItems?: number | undefined
  /** The most items of a sent message: the `maxMessageItems` of the other side. @default Infinity */
  readonly maxSentItems?: number | undefined
  /**
   * If more than this is unsent, in bytes, the connection ends with an error. @default 64 MiB, or four times
   * `maxFrameBytes` if that is more
   */
  readonly maxBufferedBytes?: number | undefined
  /** Whether both sides accept CBOR tags, which dates, sets and others need. Oasis Core forbids them. @default true */
  readonly hasTags?: boolean | undefined
  /** Whether payloads arrive as `EncodedCbor`, except those that the library reads itself. @default false */
  readonly encodedPayloads?: boolean | undefined
}

/** The default of `maxBufferedBytes`: room for four of the longest frames. */
export function defaultMaxBufferedBytes(maxFrameBytes: number): number {
  return Math.max(DEFAULT_MAX_BUFFERED_BYTES, 4 * maxFrameBytes)
}

/**
 * Opens a transport that sends messages as frames over a socket. The transport closes the socket.
 *
 * Any other Duplex works too, without reuse of send buffers: it may report a chunk as written and still hold on to it.
 *
 * @param socket - a connected socket that nothing else uses
 */
export function openSocket(socket: Socket, options: SocketTransportOptions = {}): OpenTransport {
  return observer => new SocketTransport(socket, options, observer)
}

class SocketTransport implements Transport {
  readonly #socket: Socket
  /** A `net.Socket` reports bytes as written when the kernel has copied them. */
  readonly #recycles: boolean
  readonly #writer: MessageWriter
  readonly #reader: MessageReader
  readonly #frames: FrameDecoder
  readonly #maxBufferedBytes: number
  /** `null` after the end. */
  #observer: TransportObserver | null
  #batched = 0
  #sentInTurn = 0
  #isEndOfTurnDue = false
  /** Whether nothing has arrived since the last write. */
  #hasWritten = false
  /** Whether the batch has a message that waits for the end of the turn at most. */
  #isUrgent = false
  #endOfRound: NodeJS.Immediate | undefined
  /** After a turn with one message at most, write the first message of the next turn at once: it probably comes alone. */
  #writesFirstAtOnce = true
  isCongested = false
  isBehind = false
  sentBytes = 0
  lastCost = 0
  readonly maxChunkBytes: number

  constructor(socket: Socket, options: SocketTransportOptions, observer: TransportObserver) {
    const { maxFrameBytes = DEFAULT_MAX_FRAME_BYTES, maxMessageItems, maxSentItems, hasTags, encodedPayloads } = options
    this.#socket = socket
    this.#recycles = socket instanceof Socket
    this.#observer = observer
    this.maxChunkBytes = chunkBytesIn(maxFrameBytes)
    this.#writer = new MessageWriter(maxFrameBytes, maxSentItems, hasTags)
    this.#reader = new MessageReader(maxMessageItems, hasTags, encodedPayloads)
    this.#frames = new FrameDecoder(maxFrameBytes)
    this.#maxBufferedBytes = options.maxBufferedBytes ?? defaultMaxBufferedBytes(maxFrameBytes)
    socket.on('data', this.#onData)
    socket.on('drain', this.#onDrain)
    socket.once('end', this.#onEnd)
    socket.once('close', this.#onEnd)
    socket.on('error', this.#onError)
  }

  /**
   * Throws only if the message was not added. A caller near the end of its stack has no room for a write: #endTurn() writes
   * then.
   */
  send(id: MessageId, type: MessageType, kind: string, payload: unknown): void {
    if (this.#observer === null || this.#socket.destroyed) return
    const isOpening = opensStream(kind)
    if (!this.#isEndOfTurnDue) {
      // The chunks that are there come in microtasks, and those of this turn run after its ticks.
      if (isOpening) RESOLVED.then(this.#endAfterMicrotasks)
      else process.nextTick(this.#endTurn)
      this.#isEndOfTurnDue = true
    }
    const before = this.#writer.length
    this.sentBytes += this.#writer.add(id, type, kind, payload)
    this.lastCost = this.#writer.length - before - HEADER_BYTES
    this.#batched++
    const isFirst = this.#sentInTurn++ === 0
    const mayWait = this.#hasWritten && isPlainCall(kind)
    if (!mayWait) this.#isUrgent = true
    try {
      if (
        isFirst
          ? mayWait || !this.#writesFirstAtOnce || isOpening
          : this.#batched < BATCH_MESSAGES && this.#writer.length < BATCH_BYTES
      )
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
    // Read on, or the socket never sees the end of the other side.
    this.#socket.resume()
  }

  readonly #endAfterMicrotasks = (): void => process.nextTick(this.#endTurn)

  readonly #endTurn = (): void => {
    this.#isEndOfTurnDue = false
    this.#writesFirstAtOnce = this.#sentInTurn <= 1
    this.#sentInTurn = 0
    if (this.#batched === 0) return
    const mayWait = !this.#isUrgent && this.#batched < WAITING_CALLS && this.#writer.length < BATCH_BYTES
    if (mayWait) this.#endOfRound ??= setImmediate(this.#endRound)
    else this.#write()
  }

  readonly #endRound = (): void => {
    this.#endOfRound = undefined
    this.#write()
  }

  #write(): void {
    this.#batched = 0
    this.#isUrgent = false
    const socket = this.#socket
    if (this.#writer.length === 0 || socket.destroyed) return
    const hasRoom = socket.write(this.#writer.take())
    this.#hasWritten = true
    if (socket.writableLength === 0) {
      this.#recycle()
      return
    }
    this.isBehind = socket.writableLength > BEHIND_BYTES
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
    this.#hasWritten = false
    try {
      this.#frames.push(chunk, this.#take)
    } catch (error) {
      this.#fail(asError(error))
    }
  }

  readonly #take = (bytes: Buffer, start: number, end: number): void => {
    const { id, type, kind, payload } = this.#reader.read(bytes, start, end)
    this.#observer?.message(id, type, kind, payload, type === ONE_WAY ? end - start : this.#reader.size)
  }

  readonly #onDrain = (): void => {
    this.#recycle()
    this.isCongested = false
    this.isBehind = false
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

  /** Reports the error in a later tick: the observer may be calling send(). */
  #fail(error: Error): void {
    this.#socket.destroy(error)
  }

  #finish(error: Error | undefined): void {
    const observer = this.#observer
    this.#detach()
    this.#socket.destroy()
    observer?.ended(error)
  }

  /** Keeps the error listener, so that a late error is not thrown. */
  #detach(): void {
    this.#observer = null
    const socket = this.#socket
    socket.off('data', this.#onData)
    socket.off('drain', this.#onDrain)
    socket.off('end', this.#onEnd)
    socket.off('close', this.#onEnd)
  }
}
