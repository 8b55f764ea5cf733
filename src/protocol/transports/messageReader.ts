import { describe } from '../../contract/index.js'
import { isPlain } from '../../support/index.js'
import { ValueReader } from '../cbor/valueReader.js'
import { ValueWriter } from '../cbor/valueWriter.js'
import { BYTES_PER_ITEM, DEFAULT_MAX_MESSAGE_ITEMS } from '../limits.js'
import { isOwnKind } from '../messages.js'
import { EncodedCbor } from '../values/encodedCbor.js'
import { BEFORE_TYPE } from './messageWriter.js'
import { type MessageId, type MessageType, ONE_WAY, REQUEST, RESPONSE, UnreadablePayload } from './transport.js'

/** A message from the other side. */
export interface DecodedMessage {
  readonly id: MessageId
  readonly type: MessageType
  readonly kind: string
  /** {@link UnreadablePayload} if it is nested too deep or has an invalid value: the rest of the message is valid. */
  readonly payload: unknown
}

const MAX_ID = 2n ** 64n - 1n

/**
 * Decodes messages. The fast path reads canonical key order. Messages with another order go through the CBOR library, which
 * is slower.
 */
export class MessageReader {
  readonly #input: ValueReader
  readonly #hasTags: boolean
  readonly #keepsEncoded: boolean
  #bytes = 0

  /**
   * @param maxItems - the most items of a message; a key counts as one, a byte string as four. @default 1_000_000
   * @param hasTags - whether to accept CBOR tags. @default true
   * @param keepsEncoded - whether to give payloads as `EncodedCbor`, except those that the library reads itself. @default false
   */
  constructor(maxItems: number = DEFAULT_MAX_MESSAGE_ITEMS, hasTags = true, keepsEncoded = false) {
    this.#hasTags = hasTags
    this.#keepsEncoded = keepsEncoded
    this.#input = new ValueReader(maxItems, hasTags)
  }

  /** The estimated memory of the last message, in bytes. */
  get size(): number {
    return this.#bytes + this.#input.items * BYTES_PER_ITEM
  }

  /**
   * Decodes one message.
   *
   * @param bytes - a buffer with the message from `start` to before `end`, without the length of its frame
   * @throws Error if the bytes are not exactly one valid message, or hold more than `maxItems` items
   */
  read(bytes: Buffer, start: number, end: number): DecodedMessage {
    this.#bytes = end - start
    this.#input.open(bytes, start, end)
    return this.#readCanonical(bytes, end) ?? this.#readAnyOrder(start)
  }

  #readCanonical(bytes: Buffer, end: number): DecodedMessage | undefined {
    const input = this.#input
    if (end - input.at < 4 || bytes[input.at++] !== 0xa3 || input.key() !== 'id') return undefined
    const id = input.uint()
    if (id < 0 || input.key() !== 'body' || bytes[input.at++] !== 0xa1) return undefined
    const kind = input.key()
    if (kind === undefined) return undefined
    const start = input.at
    const value = input.value()
    const at = input.at
    const type = bytes[at + BEFORE_TYPE.length]
    if (at + BEFORE_TYPE.length + 1 !== end || !isType(type)) return undefined
    for (let i = 0; i < BEFORE_TYPE.length; i++) if (bytes[at + i] !== BEFORE_TYPE[i]) return undefined
    const isKept = this.#keepsEncoded && !isOwnKind(kind)
    const payload = isKept ? new EncodedCbor(new Uint8Array(bytes.subarray(start, at))) : this.#payloadOf(value)
    return { id, type, kind, payload }
  }

  #payloadOf(payload: unknown): unknown {
    const { unreadable } = this.#input
    return unreadable === undefined ? payload : new UnreadablePayload(unreadable)
  }

  #readAnyOrder(start: number): DecodedMessage {
    const message = this.#input.message(start)
    if (!isPlain(message)) throw new Error(`A message must be a map, got ${describe(message)}.`)
    const { id, body, message_type: type, ...others } = message
    const [other] = Object.keys(others)
    if (other !== undefined) throw new Error(`A message has the unknown key ${describe(other)}.`)
    if (!isId(id)) throw new Error(`The id of a message must be an unsigned integer of 64 bits, got ${describe(id)}.`)
    if (!isType(type)) throw new Error(`A message_type must be 1, 2 or 3, got ${describe(type)}.`)
    const kinds = isPlain(body) ? Object.keys(body) : []
    const [kind] = kinds
    if (!isPlain(body) || kind === undefined || kinds.length > 1) {
      throw new Error(`The body of a message must have one kind, got ${kinds.length}.`)
    }
    const payload = this.#payloadOf(body[kind])
    const isKept = this.#keepsEncoded && !isOwnKind(kind) && !(payload instanceof UnreadablePayload)
    return { id, type, kind, payload: isKept ? this.#encoded(payload) : payload }
  }

  /** Encodes a payload again, because the bytes of a message in another key order are not known. */
  #encoded(payload: unknown): EncodedCbor {
    const writer = new ValueWriter(0, this.#hasTags)
    writer.value(payload)
    return new EncodedCbor(new Uint8Array(writer.take()))
  }
}

function isType(type: unknown): type is MessageType {
  return type === REQUEST || type === RESPONSE || type === ONE_WAY
}

function isId(id: unknown): id is MessageId {
  return typeof id === 'bigint' ? id >= 0n && id <= MAX_ID : Number.isSafeInteger(id) && (id as number) >= 0
}
