import { asError } from '../errors.js'
import { whyNotEncodable } from './encodable.js'
import { DEFAULT_MAX_FRAME_BYTES, HEADER_BYTES } from './frames.js'
import { BYTES_PER_ITEM, TooManyItemsError } from './limits.js'
import type { MessageId, MessageType } from './transport.js'
import { ValueWriter } from './valueWriter.js'

/** A map of 3 entries, the first of which is `id`. */
const BEFORE_ID = Buffer.from([0xa3, 0x62, ...Buffer.from('id')])
const BODY = Buffer.from([0x64, ...Buffer.from('body'), 0xa1])
export const BEFORE_TYPE: Buffer = Buffer.from([0x6c, ...Buffer.from('message_type')])
/** More kinds than these are encoded each time: in `raw` calls anybody makes them up. */
const MAX_KNOWN_KINDS = 64

/**
 * Writes messages as frames, one behind the other: the length, then the canonical CBOR map
 * `{ id, body: { <kind>: payload }, message_type }`.
 */
export class MessageWriter {
  readonly #out = new ValueWriter()
  readonly #maxFrameBytes: number
  readonly #maxItems: number
  readonly #kinds = new Map<string, Buffer>()
  #lastKind: string | undefined
  #lastBody: Buffer = BODY
  /** While it writes: a getter of a payload must not send. */
  #writing = false

  /**
   * @param maxFrameBytes - the largest frame that the other side takes
   * @param maxItems - the most items that the other side takes in a message. @default any number
   */
  constructor(maxFrameBytes: number = DEFAULT_MAX_FRAME_BYTES, maxItems: number = Number.POSITIVE_INFINITY) {
    this.#maxFrameBytes = maxFrameBytes
    this.#maxItems = maxItems
  }

  /** How many bytes can be taken. */
  get length(): number {
    return this.#out.length
  }

  /** Hands out the frames that were added. They stay as they are until {@link recycle}. */
  take(): Buffer {
    return this.#out.take()
  }

  /** Nothing that was taken is needed any more: its memory is used again. */
  recycle(): void {
    this.#out.recycle()
  }

  /**
   * Adds a message, and returns the memory that it takes on the other side, in bytes, by estimate.
   *
   * @throws TypeError that says why the payload cannot be encoded; RangeError when it is too large. Nothing is added then.
   */
  add(id: MessageId, type: MessageType, kind: string, payload: unknown): number {
    if (this.#writing) throw new TypeError('A message cannot be sent by a getter of the payload of another message.')
    const out = this.#out
    const before = out.length
    let size = 0
    out.items = 0
    this.#writing = true
    try {
      out.reserve(HEADER_BYTES)
      out.at += HEADER_BYTES
      this.#append(BEFORE_ID)
      out.uint(id)
      this.#append(kind === this.#lastKind ? this.#lastBody : this.#bodyOf(kind))
      out.value(payload)
      this.#append(BEFORE_TYPE)
      out.reserve(1)
      out.bytes[out.at++] = type
      size = out.length - before - HEADER_BYTES
      out.bytes.writeUInt32BE(size, out.at - size - HEADER_BYTES)
    } catch (error) {
      // As rewind() does, for which a stack that is full has no room: what is left of a message spoils the stream.
      out.at = out.start + before
      throw refusal(error, kind, payload)
    } finally {
      this.#writing = false
    }
    if (size <= this.#maxFrameBytes && out.items <= this.#maxItems) return size + out.items * BYTES_PER_ITEM
    out.at = out.start + before
    throw this.#tooLarge(kind, size)
  }

  #tooLarge(kind: string, size: number): RangeError {
    const max = this.#maxFrameBytes
    if (size <= max) return new TooManyItemsError(this.#maxItems)
    return new RangeError(`A ${kind} of ${size} bytes is larger than maxFrameBytes, ${max}.`)
  }

  #append(part: Buffer): void {
    const out = this.#out
    const count = part.length
    out.reserve(count)
    const { bytes, at } = out
    for (let i = 0; i < count; i++) bytes[at + i] = part[i] as number
    out.at = at + count
  }

  /** What stands between the id and the payload. */
  #bodyOf(kind: string): Buffer {
    const body = this.#kinds.get(kind) ?? encodeBody(kind)
    if (this.#kinds.size < MAX_KNOWN_KINDS) this.#kinds.set(kind, body)
    this.#lastKind = kind
    this.#lastBody = body
    return body
  }
}

function encodeBody(kind: string): Buffer {
  const text = new ValueWriter()
  text.text(kind)
  return Buffer.concat([BODY, text.take()])
}

function refusal(error: unknown, kind: string, payload: unknown): TypeError {
  const why = whyNotEncodable(payload, 'payload') ?? asError(error).message
  return new TypeError(`A ${kind} cannot be encoded: ${why}.`, { cause: error })
}
