import type { MessagePort } from 'node:worker_threads'
import { asError, type Transferable } from '../../contract/index.js'
import { assertStackRoom } from '../../support/index.js'
import { DEFAULT_MAX_BUFFERED_BYTES, NotReadError } from '../limits.js'
import { BatchedValues } from './batchedValues.js'
import { checkTransfer } from './checkTransfer.js'
import { estimate } from './sizeEstimate.js'
import {
  type MessageId,
  type MessageType,
  type OpenTransport,
  REQUEST,
  type Transport,
  type TransportObserver,
  Unreadable,
} from './transport.js'

/** So many small messages are posted at once: to post one by one costs more, and more at once makes the other side wait. */
const BATCH = 16
/** What `postMessage` takes by its types, which differ between versions of Node.js. */
type TransferList = NonNullable<Parameters<MessagePort['postMessage']>[1]>

/** id, type, kind, payload */
const FIELDS = 4
/** Added to the type of a message whose payload was posted by itself, before the batch that begins with the message. */
const APART = 4
/** Asks the other side to answer with {@link HAVE_READ}: then it has read everything that was posted before. */
const HAVE_YOU_READ = 'have you read?'
const HAVE_READ = 'have read'
/** So much may be unread before the other side is asked. */
const ASK_BYTES = 8 * 1024 * 1024
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
  readonly #batched = new BatchedValues()
  /** A payload that has come, the message of which begins the next batch. */
  #apart: { readonly payload: unknown } | undefined
  sentBytes = 0
  /** What `sentBytes` was at the last post that the other side is known to have read. */
  #readBytes = 0
  /** What `sentBytes` was when the other side was asked; null when no answer is awaited. */
  #askedBytes: number | null = null
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
    const size = isMoved ? 0 : this.#batched.add(payload)
    if (size > 0) {
      if (type === REQUEST && this.#batch.length === (BATCH - 1) * FIELDS) assertStackRoom()
      this.#add(id, type, kind, payload, size)
      return
    }
    checkTransfer(transfer)
    // Before a buffer of it is moved away.
    const bytes = estimate(payload)
    // On a full stack, the payload could leave without its message.
    assertStackRoom()
    this.#flush()
    this.#port.postMessage([payload], (transfer ?? []) as TransferList)
    this.#add(id, type + APART, kind, undefined, bytes)
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
    const unread = this.sentBytes - this.#readBytes
    if (unread > this.#maxBufferedBytes) {
      // Not from within a call of the observer's: it hears of it in the next turn.
      this.#end(new NotReadError(this.#maxBufferedBytes), process.nextTick)
      return
    }
    // First, what flushes the batch: on a full stack, a message that is in the batch must still leave.
    if (this.#batch.length === 0) process.nextTick(this.#flush)
    this.sentBytes += bytes
    if (unread + bytes > CONGESTED_BYTES) this.isCongested = true
    const length = this.#batch.push(id, type, kind, payload)
    if (length >= BATCH * FIELDS) this.#flush()
  }

  readonly #flush = (): void => {
    this.#batched.clear()
    const batch = this.#batch
    if (batch.length === 0) return
    this.#batch = []
    try {
      this.#port.postMessage(batch)
    } catch {
      this.#port.postMessage(this.#cloned(batch))
    }
    this.#ask()
  }

  /** One of them cannot be cloned, a proxy for example: the others do not suffer from it. */
  #cloned(batch: readonly unknown[]): unknown[] {
    const good: unknown[] = []
    for (let at = 0; at < batch.length; at += FIELDS) {
      const [id, type, kind, payload] = batch.slice(at, at + FIELDS)
      try {
        good.push(id, type, kind, structuredClone(payload))
      } catch (error) {
        // When the others have left: whoever hears of it may send something.
        process.nextTick(this.#unsent, id, type, asError(error))
      }
    }
    return good
  }

  readonly #unsent = (id: MessageId, type: MessageType, error: Error): void => {
    const observer = this.#observer
    if (observer === null) return
    if (observer.unsent === undefined) this.#end(error)
    else observer.unsent(id, type, error)
  }

  #ask(): void {
    if (this.#askedBytes !== null || this.sentBytes - this.#readBytes < ASK_BYTES) return
    this.#askedBytes = this.sentBytes
    this.#port.postMessage(HAVE_YOU_READ)
  }

  #haveRead(bytes: number): void {
    this.#readBytes = bytes
    this.#askedBytes = null
    // What waits to be posted is asked about when it is posted.
    if (this.#batch.length === 0) this.#ask()
    if (!this.isCongested || this.sentBytes - bytes > CONGESTED_BYTES) return
    this.isCongested = false
    this.#observer?.drained()
  }

  readonly #receive = (post: unknown): void => {
    if (Array.isArray(post)) {
      if (post.length === 1) this.#takeApart(post[0])
      else this.#takeBatch(post)
    } else if (post === HAVE_YOU_READ) this.#port.postMessage(HAVE_READ)
    else if (post === HAVE_READ && this.#askedBytes !== null) this.#haveRead(this.#askedBytes)
    else this.#end(new Error('Something that is not a batch of messages came in.'))
  }

  readonly #unreadable = (error: Error): void => this.#takeApart(new Unreadable(error))

  #takeApart(payload: unknown): void {
    if (this.#apart === undefined) this.#apart = { payload }
    else this.#end(outOfStep())
  }

  #takeBatch(batch: readonly unknown[]): void {
    const apart = this.#apart
    this.#apart = undefined
    for (let at = 0; at < batch.length; at += FIELDS) {
      const type = batch[at + 1] as number
      const isApart = type > APART
      if (isApart !== (at === 0 && apart !== undefined)) {
        this.#end(outOfStep())
        return
      }
      const payload = isApart ? apart?.payload : batch[at + 3]
      const sentAs = (isApart ? type - APART : type) as MessageType
      this.#observer?.message(batch[at] as MessageId, sentAs, batch[at + 2] as string, payload)
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
function outOfStep(): Error {
  return new Error('The payloads that came in do not fit the messages that came in.')
}
