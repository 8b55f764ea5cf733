import { asError, withoutFullStop } from '../../contract/index.js'
import { ValueWriter } from '../cbor/valueWriter.js'
import { BYTES_PER_ITEM, TooManyItemsError } from '../limits.js'
import { payloadName } from '../messages.js'
import { whyNotSendable } from '../values/notSendable.js'
import { DEFAULT_MAX_FRAME_BYTES, HEADER_BYTES } from './frames.js'
import { type MessageId, type MessageType, REQUEST } from './transport.js'

/** The head of a map with three entries, and its first key, `id`. */
const BEFORE_ID = Buffer.from([0xa3, 0x62, ...Buffer.from('id')])
const BODY_KEY = Buffer.from([0x64, ...Buffer.from('body'), 0xa1])
export const BEFORE_TYPE: Buffer = Buffer.from([0x6c, ...Buffer.from('message_type')])
/** Cache the heads of 64 kinds at most: with `protocol: 'raw'`, callers choose any kind. */
const MAX_KNOWN_KINDS = 64

/**
 * Encodes messages as consecutive frames: the length, then the canonical CBOR map
 * `{ id, body: { <kind>: payload }, message_type }`.
 */
export class MessageWriter {
  readonly #output: ValueWriter
  readonly #hasTags: boolean
  readonly #maxFrameBytes: number
  readonly #maxItems: number
  readonly #bodyHeads = new Map<string, Buffer>()
  #lastKind: string | undefined
  #lastBodyHead: Buffer = BODY_KEY
  /** `true` during {@link add}: a getter of the payload must not add another message. */
  #writing = false

  /**
   * @param maxFrameBytes - the longest frame that the other side accepts, in bytes. @default 16 MiB
   * @param maxItems - the most items of a message that the other side accepts. @default Infinity
   * @param hasTags - whether the other side accepts CBOR tags. @default true
   */
  constructor(
    maxFrameBytes: number = DEFAULT_MAX_FRAME_BYTES,
    maxItems: number = Number.POSITIVE_INFINITY,
    hasTags = true,
  ) {
    this.#output = new ValueWriter(undefined, hasTags)
    this.#hasTags = hasTags
    this.#maxFrameBytes = maxFrameBytes
    this.#maxItems = maxItems
  }

  /** The number of bytes that {@link take} returns. */
  get length(): number {
    return this.#output.length
  }

  /** Returns the frames that were added since the last call. They stay valid until {@link recycle}. */
  take(): Buffer {
    return this.#output.take()
  }

  /** Reuses the memory of all frames that were taken. */
  recycle(): void {
    this.#output.recycle()
  }

  /**
   * Adds a message. If it throws, it adds nothing.
   *
   * @param id - the id of the request
   * @param type - 1 for a request, 2 for a response
   * @returns the estimated memory of the message on the other side, in bytes
   * @throws TypeError if the payload cannot be encoded; RangeError if the message has too many bytes or items
   */
  add(id: MessageId, type: MessageType, kind: string, payload: unknown): number {
    if (this.#writing) throw new TypeError('A getter of a payload cannot send another message.')
    const output = this.#output
    const before = output.length
    let size = 0
    output.items = 0
    this.#writing = true
    try {
      output.reserve(HEADER_BYTES)
      output.at += HEADER_BYTES
      this.#append(BEFORE_ID)
      output.uint(id)
      this.#append(kind === this.#lastKind ? this.#lastBodyHead : this.#bodyHeadOf(kind))
      output.value(payload)
      this.#append(BEFORE_TYPE)
      output.reserve(1)
      output.bytes[output.at++] = type
      size = output.length - before - HEADER_BYTES
      output.bytes.writeUInt32BE(size, output.at - size - HEADER_BYTES)
    } catch (error) {
      // Inlines rewind(): on a full stack a call would throw again, and half a message would corrupt the stream.
      output.at = output.start + before
      throw this.#encodingError(error, type, kind, payload)
    } finally {
      this.#writing = false
    }
    if (size <= this.#maxFrameBytes && output.items <= this.#maxItems) return size + output.items * BYTES_PER_ITEM
    output.at = output.start + before
    throw this.#tooLarge(kind, size)
  }

  #tooLarge(kind: string, size: number): RangeError {
    const max = this.#maxFrameBytes
    if (size <= max) return new TooManyItemsError(this.#maxItems)
    return new RangeError(
      `A ${kind} of ${size} bytes is larger than maxFrameBytes, ${max}. Send less at once, or raise maxFrameBytes.`,
    )
  }

  #encodingError(error: unknown, type: MessageType, kind: string, payload: unknown): TypeError {
    const found = whyNotSendable(payload, payloadName(type === REQUEST, kind), this.#hasTags)
    const reason = found ?? withoutFullStop(asError(error).message)
    return new TypeError(`${reason}.`, { cause: error })
  }

  #append(part: Buffer): void {
    const output = this.#output
    const count = part.length
    output.reserve(count)
    const { bytes, at } = output
    for (let i = 0; i < count; i++) bytes[at + i] = part[i] as number
    output.at = at + count
  }

  /** Returns the bytes between the id and the payload. */
  #bodyHeadOf(kind: string): Buffer {
    const body = this.#bodyHeads.get(kind) ?? encodeBodyHead(kind)
    if (this.#bodyHeads.size < MAX_KNOWN_KINDS) this.#bodyHeads.set(kind, body)
    this.#lastKind = kind
    this.#lastBodyHead = body
    return body
  }
}

function encodeBodyHead(kind: string): Buffer {
  const text = new ValueWriter()
  text.text(kind)
  return Buffer.concat([BODY_KEY, text.take()])
}
