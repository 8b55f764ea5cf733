import type { MessagePort } from 'node:worker_threads'
import { asError, type Transferable } from '../../contract/index.js'
import { assertStackRoom } from '../../support/index.js'
import { DEFAULT_MAX_BUFFERED_BYTES, UnreadBytesError } from '../limits.js'
import { BatchedValues } from './batchedValues.js'
import { checkTransfer } from './checkTransfer.js'
import { estimateSize } from './sizeEstimate.js'
import {
  type MessageId,
  type MessageType,
  type OpenTransport,
  REQUEST,
  type Transport,
  type TransportObserver,
  UnreadablePayload,
} from './transport.js'

/** So many small messages are posted at once: to post one by one costs more, and more at once makes the other side wait. */
const BATCH_MESSAGES = 16
/** id, type, kind, payload */
const FIELDS = 4
/** Added to the type of a message whose payload was posted by itself, before the batch that begins with the message. */
const SEPARATE = 4
/** Asks the other side to answer with {@link ACK}: then it has read everything that was posted before. */
const ACK_REQUEST = 'acknowledge reading'
const ACK = 'acknowledged'
/** So much may be unread before the other side is asked. */
const ACK_INTERVAL_BYTES = 8 * 1024 * 1024
/** More than this unread, and nothing is begun that can wait. */
const CONGESTED_BYTES = 16 * 1024 * 1024

export interface PortTransportOptions {
  /** If more than this is unread, in bytes, by estimate, one more message ends the connection. @default 64 MiB */
  readonly maxBufferedBytes?: number | undefined
}

/**
 * Messages as structured clones on a MessagePort.
 *
 * Small ones go many to a post, a batch, if they have no object in common, which would be one object on the other side as
 * well. The payload of any other message is a post of its own, `[payload]`, and the rest of the message begins the next
 * batch: a payload that cannot be cloned is refused before anything is sent, and one that cannot be read on the other side
 * costs its own message only.
 */
export function openPort(port: MessagePort, options: PortTransportOptions = {}): OpenTransport {
  return observer => new PortTransport(port, options, observer)
}

class PortTransport implements Transport {
  readonly #port: MessagePort
  /** `null` when there is nothing more to say. */
  #observer: TransportObserver | null
  readonly #maxBufferedBytes: number
  /** What is not posted yet: of each message its four fields, one after the other. */
  #batch: unknown[] = []
  readonly #batchedValues = new BatchedValues()
  /** A payload that has come, the message of which begins the next batch. */
  #separatePayload: { readonly payload: unknown } | undefined
  sentBytes = 0
  /** What `sentBytes` was at the last post that the other side is known to have read. */
  #acknowledgedBytes = 0
  /** What `sentBytes` was when the other side was asked; null when no answer is awaited. */
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
    const isMoved = transfer !== undefined && transfer.length > 0
    const size = isMoved ? 0 : this.#batchedValues.add(payload)
    if (size > 0) {
      if (type === REQUEST && this.#batch.length === (BATCH_MESSAGES - 1) * FIELDS) assertStackRoom()
      this.#add(id, type, kind, payload, size)
      return
    }
    checkTransfer(transfer)
    // Before a buffer of it is moved away.
    const bytes = estimateSize(payload)
    // On a full stack, the payload could leave without its message.
    assertStackRoom()
    this.#flush()
    this.#port.postMessage([payload], transfer ?? [])
    this.#add(id, type + SEPARATE, kind, undefined, bytes)
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
      // Not from within a call of the observer's: it hears of it in the next turn.
      this.#end(new UnreadBytesError(this.#maxBufferedBytes), process.nextTick)
      return
    }
    // First, what flushes the batch: on a full stack, a message that is in the batch must still leave.
    if (this.#batch.length === 0) process.nextTick(this.#flush)
    this.sentBytes += bytes
    if (unread + bytes > CONGESTED_BYTES) this.isCongested = true
    const length = this.#batch.push(id, type, kind, payload)
    if (length >= BATCH_MESSAGES * FIELDS) this.#flush()
  }

  readonly #flush = (): void => {
    this.#batchedValues.clear()
    const batch = this.#batch
    if (batch.length === 0) return
    this.#batch = []
    try {
      this.#port.postMessage(batch)
    } catch {
      this.#port.postMessage(this.#cloneEach(batch))
    }
    this.#requestAck()
  }

  /** One of them cannot be cloned, a proxy for example: the others do not suffer from it. */
  #cloneEach(batch: readonly unknown[]): unknown[] {
    const clones: unknown[] = []
    for (let at = 0; at < batch.length; at += FIELDS) {
      const [id, type, kind, payload] = batch.slice(at, at + FIELDS)
      try {
        clones.push(id, type, kind, structuredClone(payload))
      } catch (error) {
        // When the others have left: whoever hears of it may send something.
        process.nextTick(this.#reportSendFailed, id, type, asError(error))
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
    // What waits to be posted is asked about when it is posted.
    if (this.#batch.length === 0) this.#requestAck()
    if (!this.isCongested || this.sentBytes - bytes > CONGESTED_BYTES) return
    this.isCongested = false
    this.#observer?.drained()
  }

  readonly #receive = (post: unknown): void => {
    if (Array.isArray(post)) {
      if (post.length === 1) this.#receiveSeparate(post[0])
      else this.#receiveBatch(post)
    } else if (post === ACK_REQUEST) this.#port.postMessage(ACK)
    else if (post === ACK && this.#ackRequestedAt !== null) this.#acknowledge(this.#ackRequestedAt)
    else this.#end(new Error('Something that is not a batch of messages came in.'))
  }

  readonly #unreadable = (error: Error): void => this.#receiveSeparate(new UnreadablePayload(error))

  #receiveSeparate(payload: unknown): void {
    if (this.#separatePayload === undefined) this.#separatePayload = { payload }
    else this.#end(mismatch())
  }

  #receiveBatch(batch: readonly unknown[]): void {
    const separate = this.#separatePayload
    this.#separatePayload = undefined
    for (let at = 0; at < batch.length; at += FIELDS) {
      const type = batch[at + 1] as number
      const isSeparate = type > SEPARATE
      if (isSeparate !== (at === 0 && separate !== undefined)) {
        this.#end(mismatch())
        return
      }
      const payload = isSeparate ? separate?.payload : batch[at + 3]
      const messageType = (isSeparate ? type - SEPARATE : type) as MessageType
      this.#observer?.message(batch[at] as MessageId, messageType, batch[at + 2] as string, payload)
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

/** A batch itself could not be read, or whoever has posted it is none of ours. */
function mismatch(): Error {
  return new Error('The payloads that came in do not fit the messages that came in.')
}
