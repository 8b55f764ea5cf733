import { types } from 'node:util'
import { ITEMS_PER_BYTE_STRING } from '../limits.js'
import { encodeCbor } from './cbor.js'
import { sorted } from './keyOrder.js'

/** The minimum size of a buffer. A socket may hold on to parts of it until they are sent. */
const BUFFER_BYTES = 64 * 1024
/** The nesting levels of the fast path; the library encodes deeper ones. */
const MAX_DEPTH = 16
/** Up to 64 characters, a loop is faster than Buffer.write(). */
const SHORT_TEXT = 64
/** From 1,024 characters on, try ASCII first: counting the bytes costs as much as encoding them. */
const LONG_TEXT = 1024
/** Do not keep buffers above 1 MiB, so that one large message does not hold its memory. */
const MAX_KEPT_BYTES = 1024 * 1024
/** Grow by 64 bytes more than needed, for the end of a message after a large payload. */
const ROOM_BEHIND = 64
const UTF8 = new TextEncoder()

const UINT = 0x00
const NEGATIVE = 0x20
const BYTES = 0x40
const TEXT = 0x60
const ARRAY = 0x80
const MAP = 0xa0

/**
 * Encodes values as canonical CBOR into a buffer. A fast path encodes plain values; the library encodes the rest. Both give
 * the same bytes.
 *
 * `take()` returns parts of the buffer without a copy. Their memory is reused only after `recycle()`.
 */
export class ValueWriter {
  bytes: Buffer
  /** The offset of the next byte. */
  at = 0
  /** The number of items below the written values, as {@link ValueReader} counts them. The caller resets it. */
  items = 0
  /** The offset of the part that was not taken. */
  start = 0
  /** A full buffer, parts of which may be in use. */
  #retired: Buffer | undefined
  /** A free buffer. */
  #spare: Buffer | undefined
  readonly #view = new DataView(new ArrayBuffer(4))

  /** @param size - the size of the first buffer, in bytes */
  constructor(size: number = BUFFER_BYTES) {
    this.bytes = Buffer.allocUnsafeSlow(size)
  }

  /** The number of bytes that {@link take} returns. */
  get length(): number {
    return this.at - this.start
  }

  /** Drops all but the first `length` bytes of the part that was not taken. */
  rewind(length: number): void {
    this.at = this.start + length
  }

  /** Returns the bytes that were written since the last call, without a copy. */
  take(): Buffer {
    const part = this.bytes.subarray(this.start, this.at)
    this.start = this.at
    return part
  }

  /** Reuses the memory of all parts that were taken. */
  recycle(): void {
    this.#spare = larger(this.#spare, this.#retired)
    this.#retired = undefined
    if (this.length > 0) return
    if (this.bytes.length > MAX_KEPT_BYTES) {
      this.bytes = this.#spare ?? Buffer.allocUnsafeSlow(BUFFER_BYTES)
      this.#spare = undefined
    }
    this.at = 0
    this.start = 0
  }

  /** Makes room for `count` more bytes. */
  reserve(count: number): void {
    if (this.at + count > this.bytes.length) this.#grow(count)
  }

  #grow(count: number): void {
    const length = this.length
    const size = Math.max(BUFFER_BYTES, 2 * length, length + count + ROOM_BEHIND)
    const spare = this.#spare
    const isEnough = spare !== undefined && spare.length >= size
    const grown = isEnough ? spare : Buffer.allocUnsafeSlow(size)
    if (isEnough) this.#spare = undefined
    this.bytes.copy(grown, 0, this.start, this.at)
    if (this.bytes.length <= MAX_KEPT_BYTES) this.#retired = larger(this.#retired, this.bytes)
    this.bytes = grown
    this.start = 0
    this.at = length
  }

  /** Encodes one value. @throws Error if it has no CBOR encoding */
  value(value: unknown, depth = MAX_DEPTH): void {
    if (typeof value === 'string') this.text(value)
    else if (typeof value === 'number') this.#number(value)
    else if (typeof value === 'boolean') this.#byte(value ? 0xf5 : 0xf4)
    else if (value === null) this.#byte(0xf6)
    else if (value === undefined) this.#byte(0xf7)
    else if (typeof value === 'object') this.#object(value, depth - 1)
    else this.#encodeByLibrary(value, depth)
  }

  text(text: string): void {
    const length = text.length
    if (length >= LONG_TEXT && this.#longAscii(text, length)) return
    if (length > SHORT_TEXT || !this.#ascii(text, length)) {
      const size = Buffer.byteLength(text)
      this.#head(TEXT, size)
      this.reserve(size)
      this.at += this.bytes.write(text, this.at, size, 'utf8')
    }
  }

  /** Encodes an integer from 0 to 2^64 - 1. */
  uint(value: number | bigint): void {
    if (typeof value === 'number') this.#head(UINT, value)
    else this.#encodeByLibrary(value, MAX_DEPTH)
  }

  #byte(byte: number): void {
    this.reserve(1)
    this.bytes[this.at++] = byte
  }

  /** Writes a short ASCII text. Returns `false`, and writes nothing, for any other text. */
  #ascii(text: string, length: number): boolean {
    this.reserve(length + 2)
    const { bytes } = this
    let at = this.at
    if (length < 24) bytes[at++] = TEXT | length
    else {
      bytes[at++] = TEXT | 24
      bytes[at++] = length
    }
    for (let i = 0; i < length; i++) {
      const code = text.charCodeAt(i)
      if (code > 0x7f) return false
      bytes[at++] = code
    }
    this.at = at
    return true
  }

  /** Writes a long ASCII text. Returns `false`, and writes nothing, for any other text. */
  #longAscii(text: string, length: number): boolean {
    const before = this.length
    this.#head(TEXT, length)
    this.reserve(length)
    const { read } = UTF8.encodeInto(text, this.bytes.subarray(this.at, this.at + length))
    // All characters fitted, so each took one byte.
    if (read < length) {
      this.rewind(before)
      return false
    }
    this.at += length
    return true
  }

  #number(value: number): void {
    if (!Number.isSafeInteger(value)) this.#float(value)
    else if (value >= 0) this.#head(UINT, value)
    else this.#head(NEGATIVE, -1 - value)
  }

  /** Writes a float in the shortest form that keeps its value. */
  #float(value: number): void {
    this.#view.setFloat32(0, value)
    const bits = this.#view.getUint32(0)
    const exponent = ((bits >>> 23) & 0xff) - 127
    this.reserve(9)
    const { bytes, at } = this
    if (value !== this.#view.getFloat32(0) && !Number.isNaN(value)) {
      bytes[at] = 0xfb
      this.at = bytes.writeDoubleBE(value, at + 1)
    } else if (exponent < -14 || exponent > 127) {
      // Subnormal half floats, infinities and NaN.
      this.#encodeByLibrary(value, MAX_DEPTH)
    } else if (exponent <= 15 && (bits & 0x1fff) === 0) {
      bytes[at] = 0xf9
      const half = ((bits >>> 16) & 0x8000) | ((exponent + 15) << 10) | ((bits >>> 13) & 0x3ff)
      this.at = bytes.writeUInt16BE(half, at + 1)
    } else {
      bytes[at] = 0xfa
      this.at = bytes.writeUInt32BE(bits, at + 1)
    }
  }

  #object(value: object, depth: number): void {
    if (depth === 0) this.#encodeByLibrary(value, depth)
    else if (Array.isArray(value)) this.#array(value, depth)
    else if (Object.getPrototypeOf(value) === Object.prototype) this.#map(value as PlainObject, depth)
    else if (types.isUint8Array(value)) this.#copy(value)
    else this.#encodeByLibrary(value, depth)
  }

  #copy(part: Uint8Array): void {
    const size = part.byteLength
    this.items += ITEMS_PER_BYTE_STRING - 1
    this.#head(BYTES, size)
    this.reserve(size)
    this.bytes.set(part, this.at)
    this.at += size
  }

  #array(items: readonly unknown[], depth: number): void {
    const count = items.length
    this.items += count
    this.#head(ARRAY, count)
    for (let i = 0; i < count; i++) this.value(items[i], depth)
  }

  #map(object: PlainObject, depth: number): void {
    const before = this.length
    const itemsBefore = this.items
    const keys = sorted(Object.keys(object))
    const count = keys.length
    this.items += 2 * count
    this.#head(MAP, count)
    for (let i = 0; i < count; i++) {
      const key = keys[i] as string
      // Sorting by characters equals sorting by bytes only for ASCII keys.
      if (key.length > SHORT_TEXT || !this.#ascii(key, key.length)) {
        this.rewind(before)
        this.items = itemsBefore
        this.#encodeByLibrary(object, depth)
        return
      }
      this.value(object[key], depth)
    }
  }

  /** @param depth - the levels that the fast path has left below `value` */
  #encodeByLibrary(value: unknown, depth: number): void {
    const { bytes, items } = encodeCbor(value, MAX_DEPTH - 1 - depth)
    this.items += items
    this.reserve(bytes.length)
    this.bytes.set(bytes, this.at)
    this.at += bytes.length
  }

  #head(major: number, value: number): void {
    this.reserve(9)
    const { bytes } = this
    const at = this.at
    if (value < 24) {
      bytes[at] = major | value
      this.at = at + 1
    } else if (value < 0x100) {
      bytes[at] = major | 24
      bytes[at + 1] = value
      this.at = at + 2
    } else if (value < 0x1_0000) {
      bytes[at] = major | 25
      bytes[at + 1] = value >>> 8
      bytes[at + 2] = value
      this.at = at + 3
    } else if (value < 0x1_0000_0000) {
      bytes[at] = major | 26
      bytes[at + 1] = value >>> 24
      bytes[at + 2] = value >>> 16
      bytes[at + 3] = value >>> 8
      bytes[at + 4] = value
      this.at = at + 5
    } else {
      bytes[at] = major | 27
      bytes.writeUInt32BE(Math.floor(value / 0x1_0000_0000), at + 1)
      this.at = bytes.writeUInt32BE(value % 0x1_0000_0000, at + 5)
    }
  }
}

function larger(one: Buffer | undefined, other: Buffer | undefined): Buffer | undefined {
  return (one?.length ?? 0) >= (other?.length ?? 0) ? one : other
}

type PlainObject = Readonly<Record<string, unknown>>
