import type { MessagePort } from 'node:worker_threads'
import { asError } from '../errors.js'
import type { Transferable } from '../runtime.js'
import { cannotSend } from './outgoing.js'
import { SmallValues } from './smallValues.js'
import {
  type MessageId,
  type MessageType,
  type OpenTransport,
  REQUEST,
  RESPONSE,
  type Transport,
  type TransportObserver,
} from './transport.js'
import { toWire } from './wireError.js'

/** So many small messages are posted at once: to post one by one costs more, and more at once makes the other side wait. */
const BATCH = 16
/** What `postMessage` takes by its types, which differ between versions of Node.js. */
type TransferList = NonNullable<Parameters<MessagePort['postMessage']>[1]>

/** id, type, kind, payload */
const FIELDS = 4

/**
 * Messages as structured clones on a MessagePort: small ones many to a post, if they have no object in common, which would
 * be one object on the other side as well; others by themselves.
 */
export function openPort(port: MessagePort): OpenTransport {
  return observer => new PortTransport(port, observer)
}

class PortTransport implements Transport {
  readonly #port: MessagePort
  readonly #observer: TransportObserver
  /** What is not posted yet: of each message its four fields, one after the other. */
  #batch: unknown[] = []
  readonly #batched = new SmallValues()

  constructor(port: MessagePort, observer: TransportObserver) {
    this.#port = port
    this.#observer = observer
    port.on('message', this.#receive)
    port.on('messageerror', this.#fail)
    port.on('close', this.#ended)
  }

  /** A port holds whatever it is given; what bounds it is the number of calls in flight. */
  get isCongested(): boolean {
    return false
  }

  send(id: MessageId, type: MessageType, kind: string, payload: unknown, transfer?: readonly Transferable[]): void {
    if ((transfer !== undefined && transfer.length > 0) || !this.#batched.add(payload)) {
      this.#flush()
      this.#port.postMessage([id, type, kind, payload], (transfer ?? []) as TransferList)
      return
    }
    const length = this.#batch.push(id, type, kind, payload)
    if (length === FIELDS) process.nextTick(this.#flush)
    else if (length >= BATCH * FIELDS) this.#flush()
  }

  close(): void {
    this.#flush()
    this.#port.off('message', this.#receive)
    this.#port.off('messageerror', this.#fail)
    this.#port.off('close', this.#ended)
    this.#port.close()
  }

  readonly #flush = (): void => {
    this.#batched.clear()
    const batch = this.#batch
    if (batch.length === 0) return
    this.#batch = []
    try {
      this.#port.postMessage(batch)
    } catch {
      this.#postOneByOne(batch)
    }
  }

  /** One of them cannot be cloned: the others do not suffer from it. */
  #postOneByOne(batch: readonly unknown[]): void {
    for (let at = 0; at < batch.length; at += FIELDS) {
      const message = batch.slice(at, at + FIELDS)
      try {
        this.#port.postMessage(message)
      } catch (error) {
        this.#refuse(message[0] as MessageId, message[1] as MessageType, asError(error))
      }
    }
  }

  /** A request that cannot be cloned is answered here; an answer that cannot is replaced by an error. */
  #refuse(id: MessageId, type: MessageType, error: Error): void {
    const reason = type === REQUEST ? cannotSend(error) : error
    const wire = toWire(reason, { stack: false })
    if (type === REQUEST) this.#observer.message(id, RESPONSE, 'Error', wire)
    else this.#port.postMessage([id, RESPONSE, 'Error', wire])
  }

  readonly #receive = (batch: unknown): void => {
    if (!Array.isArray(batch)) {
      this.#fail(new Error('Something that is not a batch of messages came in.'))
      return
    }
    for (let at = 0; at < batch.length; at += FIELDS) {
      this.#observer.message(batch[at], batch[at + 1], batch[at + 2], batch[at + 3])
    }
  }

  readonly #fail = (error: Error): void => {
    this.close()
    this.#observer.ended(error)
  }

  readonly #ended = (): void => {
    this.#observer.ended(undefined)
  }
}
