import { types } from 'node:util'
import type { MessagePort } from 'node:worker_threads'
import { asError, type Transferable } from '../../contract/index.js'
import { assertStackRoom } from '../../support/index.js'
import { DEFAULT_MAX_BUFFERED_BYTES, UnreadBytesError } from '../limits.js'
import { payloadName, STREAM_ERROR } from '../messages.js'
import { BatchedValues, copyOfPlain } from './batchedValues.js'
import { checkTransfer } from './checkTransfer.js'
import { whyNotCloneable } from './notCloneable.js'
import { putIn, SUBSTITUTED_LENGTH, substitute } from './substitutes.js'
import { survey } from './survey.js'
import {
  type MessageId,
  type MessageType,
  ONE_WAY,
  type OpenTransport,
  REQUEST,
  RESPONSE,
  type Transport,
  type TransportObserver,
  UnreadablePayload,
} from './transport.js'

/** The transfer list of `postMessage`. Its types differ between versions of Node.js. */
type TransferList = NonNullable<Parameters<MessagePort['postMessage']>[1]>

/** Post up to 16 small messages at once: single posts cost more, and larger batches make the other side wait. */
const BATCH_MESSAGES = 16
/** The fields of one message in a batch: id, type, kind, payload. */
const FIELDS = 4
/** Added to the type of a message whose payload was posted separately, before the batch that the message begins. */
const SEPARATE = 4
/** The type of a one-way message carries its cost, so many times. */
const COST_UNIT = 8
/** Up to so many bytes share a batch: moving them costs more than copying them. */
const SMALL_BYTES = 4_096
/** Asks the other side for an {@link ACK}, which confirms that it has read all earlier posts. */
const ACK_REQUEST = 'acknowledge reading'
const ACK = 'acknowledged'
/** Ask for an acknowledgement after 8 MiB. */
const ACK_INTERVAL_BYTES = 8 * 1024 * 1024
/** Above 16 MiB unread, the transport is congested. */
const CONGESTED_BYTES = 16 * 1024 * 1024

/** The options of `openPort()`. */
export interface PortTransportOptions {
  /** If more than this is unread, in estimated bytes, the next message ends the connection. @default 64 MiB */
  readonly maxBufferedBytes?: number | undefined
}

/**
 * Opens a transport that sends messages as structured clones over a MessagePort. The transport closes the port.
 *
 * Small messages share a post, a batch, unless they share an object: it would be one object on the other side too. A large
 * payload of few plain values, which the other side can surely read, has a batch of its own. Any other payload is posted
 * separately, as `[payload]`, and the rest of its message begins the next batch. So `send` throws for a payload that cannot
 * be cloned, and a payload that the other side cannot read fails only its own request. A payload with values that a
 * structured clone would change is posted with substitutes for them.
 *
 * @param port - a port that nothing else uses
 */
export function openPort(port: MessagePort, options: PortTransportOptions = {}): OpenTransport {
  return observer => new PortTransport(port, options, observer)
}

class PortTransport implements Transport {
  readonly #port: MessagePort
  /** `null` after the end. */
  #observer: TransportObserver | null
  readonly #maxBufferedBytes: number
  /** The next post: the four fields of each message in turn. */
  #batch: unknown[] = []
  readonly #batchedValues = new BatchedValues()
  /** A received payload whose message begins the next batch. */
  #separatePayload: { readonly payload: unknown } | undefined
  sentBytes = 0
  lastCost = 0
  /** `sentBytes` at the last acknowledged post. */
  #acknowledgedBytes = 0
  /** `sentBytes` when the pending acknowledgement was requested; `null` if none is pending. */
  #ackRequestedAt: number | null = null
  isCongested = false

  constructor(port: MessagePort, options: PortTransportOptions, observer: TransportObserver) {
    this.#port = port
    this.#observer = observer
    this.#maxBufferedBytes = options.maxBufferedBytes ?? DEFAULT_MAX_BUFFERED_BYTES
    port.on('message', this.#receive)
    port.on('messageerror', this.#unreadable)
    port.on('close', this.#ended)
  }

  send(id: MessageId, type: MessageType, kind: string, payload: unknown, transfer?: readonly Transferable[]): void {
    if (this.#observer === null) return
    if (type === ONE_WAY && types.isUint8Array(payload)) {
      this.#sendBytes(id, kind, payload)
      return
    }
    const isMoved = transfer !== undefined && transfer.length > 0
    const size = isMoved ? 0 : this.#batchedValues.add(payload)
    if (size > 0) {
      if (type === REQUEST) {
        if (this.#batch.length === (BATCH_MESSAGES - 1) * FIELDS) assertStackRoom()
        this.#add(id, type, kind, payload, size)
      } else this.#add(id, type, kind, this.#copyOf(type, kind, payload), size)
      return
    }
    checkTransfer(transfer)
    // Estimate before postMessage() detaches its buffers.
    const { bytes, isRefused, needsSubstitutes, isReadable } = survey(payload, transfer)
    if (isRefused) throw notCloneable(undefined, type, kind, payload, transfer)
    // A chunk that cannot be cloned must not be followed by the end of its stream, so it is posted before this returns.
    if (isReadable && type !== ONE_WAY) {
      this.#sendAlone(id, type, kind, payload, bytes)
      return
    }
    const post = needsSubstitutes ? substitute(payload) : [payload]
    // On a full stack, the payload could be posted without its message.
    assertStackRoom()
    this.#flush()
    try {
      this.#port.postMessage(post, (transfer ?? []) as TransferList)
    } catch (error) {
      throw notCloneable(error, type, kind, payload, transfer)
    }
    this.#add(id, type + SEPARATE, kind, undefined, bytes)
  }

  /** A module may change what it has answered, or the object of its last chunk, before the batch is posted. */
  #copyOf(type: MessageType, kind: string, payload: unknown): unknown {
    try {
      return copyOfPlain(payload)
    } catch (error) {
      throw notCloneable(error, type, kind, payload, undefined)
    }
  }

  /** Sends bytes in a copy, which is moved: cloning them would copy them twice, and all of the memory that they lie in. */
  #sendBytes(id: MessageId, kind: string, payload: Uint8Array): void {
    const copy = new Uint8Array(payload)
    this.#add(id, ONE_WAY, kind, copy, copy.length)
    if (copy.length > SMALL_BYTES) this.#flush([copy.buffer])
  }

  /** Sends a message as a batch of its own. */
  #sendAlone(id: MessageId, type: MessageType, kind: string, payload: unknown, bytes: number): void {
    assertStackRoom()
    this.#flush()
    this.#add(id, type, kind, payload, bytes)
    this.#flush()
  }

  close(): void {
    this.#flush()
    this.#observer = null
    this.#port.off('message', this.#receive)
    this.#port.off('messageerror', this.#unreadable)
    this.#port.off('close', this.#ended)
    this.#port.close()
  }

  #add(id: MessageId, type: number, kind: string, payload: unknown, bytes: number): void {
    const unread = this.sentBytes - this.#acknowledgedBytes
    if (unread > this.#maxBufferedBytes) {
      // The observer is calling send(): report the end in the next tick.
      this.#end(new UnreadBytesError(this.#maxBufferedBytes), process.nextTick)
      return
    }
    // Schedule the flush first: if the stack is full, no message may stay in the batch for ever.
    if (this.#batch.length === 0) process.nextTick(this.#flushTurn)
    this.sentBytes += bytes
    this.lastCost = bytes
    if (unread + bytes > CONGESTED_BYTES) this.isCongested = true
    const length = this.#batch.push(id, type % SEPARATE === ONE_WAY ? type + bytes * COST_UNIT : type, kind, payload)
    if (length >= BATCH_MESSAGES * FIELDS) this.#flush()
  }

  readonly #flushTurn = (): void => this.#flush()

  #flush(moved?: TransferList): void {
    this.#batchedValues.clear()
    const batch = this.#batch
    if (batch.length === 0) return
    this.#batch = []
    try {
      this.#port.postMessage(batch, moved)
    } catch {
      this.#port.postMessage(this.#cloneEach(batch))
    }
    this.#requestAck()
  }

  /** Clones each payload by itself, after a batch failed: one that cannot be cloned, such as a proxy, fails alone. */
  #cloneEach(batch: readonly unknown[]): unknown[] {
    const clones: unknown[] = []
    for (let at = 0; at < batch.length; at += FIELDS) {
      const [id, type, kind, payload] = batch.slice(at, at + FIELDS)
      try {
        clones.push(id, type, kind, structuredClone(payload))
      } catch (error) {
        // Report it after the batch was posted: the observer may send a message.
        const reason = notCloneable(error, type as MessageType, String(kind), payload, undefined)
        process.nextTick(this.#reportSendFailed, id, (type as number) % SEPARATE, reason)
        if (type !== REQUEST && type !== RESPONSE) clones.push(id, ONE_WAY, STREAM_ERROR, { message: reason.message })
      }
    }
    return clones
  }

  readonly #reportSendFailed = (id: MessageId, type: MessageType, error: Error): void => {
    const observer = this.#observer
    if (observer === null) return
    if (observer.sendFailed === undefined) this.#end(error)
    else observer.sendFailed(id, type, error)
  }

  #requestAck(): void {
    if (this.#ackRequestedAt !== null || this.sentBytes - this.#acknowledgedBytes < ACK_INTERVAL_BYTES) return
    this.#ackRequestedAt = this.sentBytes
    this.#port.postMessage(ACK_REQUEST)
  }

  #acknowledge(bytes: number): void {
    this.#acknowledgedBytes = bytes
    this.#ackRequestedAt = null
    // If there is a batch, flush() requests the next acknowledgement.
    if (this.#batch.length === 0) this.#requestAck()
    if (!this.isCongested || this.sentBytes - bytes > CONGESTED_BYTES) return
    this.isCongested = false
    this.#observer?.drained()
  }

  readonly #receive = (post: unknown): void => {
    if (Array.isArray(post)) {
      if (post.length === 1) this.#receiveSeparate(post[0])
      else if (post.length === SUBSTITUTED_LENGTH) this.#receiveSubstituted(post)
      else this.#receiveBatch(post)
    } else if (post === ACK_REQUEST) this.#port.postMessage(ACK)
    else if (post === ACK && this.#ackRequestedAt !== null) this.#acknowledge(this.#ackRequestedAt)
    else this.#end(notAMessage())
  }

  readonly #unreadable = (error: Error): void => this.#receiveSeparate(new UnreadablePayload(error))

  #receiveSubstituted(post: unknown[]): void {
    let payload: unknown
    try {
      payload = putIn(post)
    } catch (error) {
      payload = new UnreadablePayload(asError(error))
    }
    this.#receiveSeparate(payload)
  }

  #receiveSeparate(payload: unknown): void {
    if (this.#separatePayload === undefined) this.#separatePayload = { payload }
    else this.#end(mismatch())
  }

  #receiveBatch(batch: readonly unknown[]): void {
    const separate = this.#separatePayload
    this.#separatePayload = undefined
    for (let at = 0; at < batch.length; at += FIELDS) {
      const tag = batch[at + 1] as number
      const type = tag % COST_UNIT
      const isSeparate = type > SEPARATE
      if (isSeparate !== (at === 0 && separate !== undefined)) {
        this.#end(mismatch())
        return
      }
      const id = batch[at]
      const kind = batch[at + 2]
      // A module can reach its port, and post anything.
      if (!isMessageId(id) || typeof kind !== 'string') {
        this.#end(notAMessage())
        return
      }
      const payload = isSeparate ? separate?.payload : batch[at + 3]
      const messageType = (isSeparate ? type - SEPARATE : type) as MessageType
      if (tag < COST_UNIT) this.#observer?.message(id, messageType, kind, payload)
      else this.#observer?.message(id, messageType, kind, payload, Math.floor(tag / COST_UNIT))
    }
  }

  #end(error: Error, when: (callback: () => void) => void = callback => callback()): void {
    const observer = this.#observer
    this.close()
    when(() => observer?.ended(error))
  }

  readonly #ended = (): void => {
    this.#observer?.ended(undefined)
  }
}

/** Names the part of a payload that cannot be cloned. Returns other errors, such as those of `transfer`, as they are. */
function notCloneable(
  error: unknown,
  type: MessageType,
  kind: string,
  payload: unknown,
  transfer: readonly Transferable[] | undefined,
): Error {
  const reason = whyNotCloneable(payload, payloadName(type === REQUEST, kind), transfer)
  return reason === undefined ? asError(error) : new TypeError(`${reason}.`, { cause: error })
}

/** A batch was unreadable, or foreign code posted to the port. */
function mismatch(): Error {
  return new Error('A separate payload and the next batch do not match.')
}

function isMessageId(id: unknown): id is MessageId {
  return Number.isSafeInteger(id) || typeof id === 'bigint'
}

function notAMessage(): Error {
  return new Error('The other side posted something that is not a batch of messages.')
}
