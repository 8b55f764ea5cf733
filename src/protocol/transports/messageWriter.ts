import { asError } from '../../contract/index.js'
import { whyNotEncodable } from '../cbor/encodable.js'
import { ValueWriter } from '../cbor/valueWriter.js'
import { BYTES_PER_ITEM, TooManyItemsError } from '../limits.js'
import { DEFAULT_MAX_FRAME_BYTES, HEADER_BYTES } from './frames.js'
import type { MessageId, MessageType } from './transport.js'

/** A map of 3 entries, the first of which is `id`. */
const BEFORE_ID = Buffer.from([0xa3, 0x62, ...Buffer.from('id')])
const BODY_KEY = Buffer.from([0x64, ...Buffer.from('body'), 0xa1])
export const BEFORE_TYPE: Buffer = Buffer.from([0x6c, ...Buffer.from('message_type')])
/** More kinds than these are encoded each time: in `raw` calls anybody makes them up. */
const MAX_KNOWN_KINDS = 64

/**
 * Writes messages as frames, one behind the other: the length, then the canonical CBOR map
 * `{ id, body: { <kind>: payload }, message_type }`.
 */
export class MessageWriter {
  readonly #output = new ValueWriter()
  readonly #maxFrameBytes: number
  readonly #maxItems: number
  readonly #bodyHeads = new Map<string, Buffer>()
  #lastKind: string | undefined
  #lastBodyHead: Buffer = BODY_KEY
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
    return this.#output.length
  }

  /** Hands output the frames that were added. They stay as they are until {@link recycle}. */
  take(): Buffer {
    return this.#output.take()
  }

  /** Nothing that was taken is needed any more: its memory is used again. */
  recycle(): void {
    this.#output.recycle()
  }

  /**
   * Adds a message, and returns the memory that it takes on the other side, in bytes, by estimate.
   *
   * @throws TypeError that says why the payload cannot be encoded; RangeError when it is too large. Nothing is added then.
   */
  add(id: MessageId, type: MessageType, kind: string, payload: unknown): number {
    if (this.#writing) throw new TypeError('A message cannot be sent by a getter of the payload of another message.')
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
      // As rewind() does, for which a stack that is full has no room: what is left of a message spoils the stream.
      output.at = output.start + before
      throw encodingError(error, kind, payload)
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
    return new RangeError(`A ${kind} of ${size} bytes is larger than maxFrameBytes, ${max}.`)
  }

  #append(part: Buffer): void {
    const output = this.#output
    const count = part.length
    output.reserve(count)
    const { bytes, at } = output
    for (let i = 0; i < count; i++) bytes[at + i] = part[i] as number
    output.at = at + count
  }

  /** What stands between the id and the payload. */
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

function encodingError(error: unknown, kind: string, payload: unknown): TypeError {
  const why = whyNotEncodable(payload, 'payload') ?? asError(error).message
  return new TypeError(`A ${kind} cannot be encoded: ${why}.`, { cause: error })
}
