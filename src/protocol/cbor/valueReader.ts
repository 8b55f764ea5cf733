import { ITEMS_PER_BYTE_STRING, TooManyItemsError } from '../limits.js'
import { decodeCbor, decodeFirstCbor } from './cbor.js'
import { isBefore } from './keyOrder.js'

/** The nesting levels of the fast path; the library decodes deeper ones. */
const MAX_DEPTH = 16
/** Keys up to this length come from a cache. */
const MAX_KEY_LENGTH = 32
const KEY_SLOTS = 1024
/** Up to 12 characters, a loop is faster than Buffer.toString(). */
const SHORT_TEXT = 12
/** Preallocate arrays of up to 16 items: a growing array reserves room for 17. */
const SHORT_ARRAY = 16
/** An argument that the fast path does not handle. */
const NOT_FAST = -1
/** The payload lies in the body, which lies in the message. */
const ENVELOPE_LEVELS = 2

/**
 * Decodes values from canonical CBOR. A fast path decodes plain items; the library decodes the rest, and reports errors. Both
 * give the same values. The values share no memory with the bytes.
 */
export class ValueReader {
  bytes: Buffer = Buffer.alloc(0)
  at = 0
  end = 0
  /** The number of items below the last value, counted before they are allocated. */
  items = 0
  /** Why a part of the last value is missing: it was nested too deep, or is no valid value of its type. */
  unreadable: Error | undefined
  readonly #maxItems: number
  readonly #hasTags: boolean
  /** The fast path met a map that it cannot decode: the library decodes the whole value. */
  #needsLibrary = false
  /** Recent keys by a hash of their bytes: the next message probably has the same ones. */
  readonly #keys: string[] = new Array<string>(KEY_SLOTS).fill('')

  /**
   * @param maxItems - the most items below one value. @default Infinity
   * @param hasTags - whether to accept tags. @default true
   */
  constructor(maxItems: number = Number.POSITIVE_INFINITY, hasTags = true) {
    this.#maxItems = maxItems
    this.#hasTags = hasTags
  }

  /** Sets the bytes to read. */
  open(bytes: Buffer, start: number, end: number): void {
    this.bytes = bytes
    this.at = start
    this.end = end
  }

  /** Decodes one value. @throws TooManyItemsError; Error for malformed or forbidden CBOR */
  value(): unknown {
    const start = this.at
    this.#needsLibrary = false
    this.items = 0
    this.unreadable = undefined
    const value = this.#item(MAX_DEPTH)
    if (!this.#needsLibrary) return value
    this.items = 0
    this.unreadable = undefined
    return this.#decodeByLibrary(start, MAX_DEPTH)
  }

  /** Decodes a non-negative integer in its shortest form. Returns -1 for anything else. */
  uint(): number {
    if (this.at >= this.end) return NOT_FAST
    return this.#argument(this.bytes[this.at++] as number)
  }

  /** Decodes a short ASCII text through the cache. Returns `undefined` for anything else. */
  key(): string | undefined {
    const { bytes } = this
    let at = this.at
    if (at >= this.end) return undefined
    const head = bytes[at++] as number
    let length = head - 0x60
    if (length === 24) length = bytes[at++] as number
    else if (length < 0 || length > 24) return undefined
    if (length > MAX_KEY_LENGTH || at + length > this.end || (length < 24 && head === 0x78)) return undefined
    let hash = length
    for (let i = at; i < at + length; i++) {
      const byte = bytes[i] as number
      if (byte > 0x7f) return undefined
      hash = (hash * 31 + byte) | 0
    }
    this.at = at + length
    const slot = (hash ^ (hash >>> 10)) & (KEY_SLOTS - 1)
    const known = this.#keys[slot] as string
    if (known.length === length && this.#isAt(at, known)) return known
    const key = internalized(bytes.toString('latin1', at, at + length))
    this.#keys[slot] = key
    return key
  }

  /** Decodes one message through the library. @throws Error as {@link value} */
  message(start: number): unknown {
    const context = { level: -ENVELOPE_LEVELS, items: 0, maxItems: this.#maxItems, hasTags: this.#hasTags }
    const { value, items, unreadable } = decodeCbor(this.#rest(start), context)
    this.items = items
    this.unreadable = unreadable
    return value
  }

  #isAt(at: number, text: string): boolean {
    const { bytes } = this
    for (let i = 0; i < text.length; i++) if (text.charCodeAt(i) !== bytes[at + i]) return false
    return true
  }

  #item(depth: number): unknown {
    const start = this.at
    if (start >= this.end) return this.#decodeByLibrary(start, depth)
    const head = this.bytes[start] as number
    this.at = start + 1
    if (head >= 0xe0) return this.#simple(head, start)
    const argument = this.#argument(head & 31)
    if (argument === NOT_FAST) return this.#decodeByLibrary(start, depth)
    switch (head >> 5) {
      case 0:
        return argument
      case 1:
        return argument < Number.MAX_SAFE_INTEGER ? -1 - argument : this.#decodeByLibrary(start, depth)
    }
    // Each byte, character, item and entry takes at least one byte.
    if (argument > this.end - this.at) return this.#decodeByLibrary(start, depth)
    switch (head >> 5) {
      case 2:
        return this.#copy(argument)
      case 3:
        return this.#text(argument, start)
      case 4:
        return depth === 0 ? this.#decodeByLibrary(start, depth) : this.#array(argument, depth - 1)
      case 5:
        return depth === 0 ? this.#decodeByLibrary(start, depth) : this.#map(argument, depth - 1)
      default:
        return this.#decodeByLibrary(start, depth)
    }
  }

  #simple(head: number, start: number): unknown {
    switch (head) {
      case 0xf4:
        return false
      case 0xf5:
        return true
      case 0xf6:
        return null
      case 0xf7:
        return undefined
      case 0xfb:
        if (this.end - this.at < 8) return this.#decodeByLibrary(start, MAX_DEPTH)
        this.at += 8
        return this.bytes.readDoubleBE(start + 1)
      default:
        return this.#decodeByLibrary(start, MAX_DEPTH)
    }
  }

  /** Decodes the argument of a head. Returns -1 if it is longer than needed, cut off, indefinite or above 2^53. */
  #argument(minor: number): number {
    if (minor < 24) return minor
    const { bytes, at } = this
    const size = 1 << (minor - 24)
    if (minor > 27 || this.end - at < size) return NOT_FAST
    this.at = at + size
    if (minor === 24) return atLeast(24, bytes[at] as number)
    if (minor === 25) return atLeast(0x100, bytes.readUInt16BE(at))
    if (minor === 26) return atLeast(0x1_0000, bytes.readUInt32BE(at))
    const high = bytes.readUInt32BE(at)
    return high === 0 || high > 0x1f_ffff ? NOT_FAST : high * 0x1_0000_0000 + bytes.readUInt32BE(at + 4)
  }

  #copy(length: number): Uint8Array {
    this.#count(ITEMS_PER_BYTE_STRING - 1)
    const copy = new Uint8Array(length)
    copy.set(this.bytes.subarray(this.at, this.at + length))
    this.at += length
    return copy
  }

  #text(length: number, start: number): unknown {
    const from = this.at
    const until = from + length
    this.at = until
    if (length <= SHORT_TEXT) {
      const text = shortText(this.bytes, from, length)
      if (text !== undefined) return text
    }
    const text = this.bytes.toString('utf8', from, until)
    return text.includes('\ufffd') ? this.#decodeByLibrary(start, MAX_DEPTH) : text
  }

  #array(count: number, depth: number): unknown {
    this.#count(count)
    if (count > SHORT_ARRAY) return this.#longArray(count, depth)
    const items = new Array<unknown>(count)
    for (let i = 0; i < count; i++) {
      items[i] = this.#item(depth)
      if (this.#needsLibrary) return undefined
    }
    return items
  }

  #longArray(count: number, depth: number): unknown {
    const items: unknown[] = []
    for (let i = 0; i < count; i++) {
      items.push(this.#item(depth))
      if (this.#needsLibrary) return undefined
    }
    return items
  }

  #map(count: number, depth: number): unknown {
    this.#count(2 * count)
    const fields: Record<string, unknown> = {}
    let last = ''
    for (let i = 0; i < count; i++) {
      const key = this.key()
      // Ascending keys cannot repeat.
      if (key === undefined || key === '__proto__' || (i > 0 && !isBefore(last, key))) {
        this.#needsLibrary = true
        return undefined
      }
      fields[key] = this.#item(depth)
      if (this.#needsLibrary) return undefined
      last = key
    }
    return fields
  }

  #count(items: number): void {
    this.items += items
    if (this.items > this.#maxItems) throw new TooManyItemsError(this.#maxItems)
  }

  /** @param depth - the levels that the fast path has left at `start` */
  #decodeByLibrary(start: number, depth: number): unknown {
    const context = { level: MAX_DEPTH - depth, items: this.items, maxItems: this.#maxItems, hasTags: this.#hasTags }
    const { value, items, length, unreadable } = decodeFirstCbor(this.#rest(start), context)
    this.items = items
    this.unreadable ??= unreadable
    this.at = start + length
    return value
  }

  /** A Uint8Array, because slices of a Buffer share its memory. */
  #rest(start: number): Uint8Array {
    return new Uint8Array(this.bytes.buffer, this.bytes.byteOffset + start, this.end - start)
  }
}

/** Decodes a text. Returns `undefined` if it is not ASCII. */
function shortText(bytes: Buffer, from: number, length: number): string | undefined {
  let text = ''
  for (let i = from; i < from + length; i++) {
    const byte = bytes[i] as number
    if (byte > 0x7f) return undefined
    text += String.fromCharCode(byte)
  }
  return text
}

function atLeast(min: number, value: number): number {
  return value < min ? NOT_FAST : value
}

/** Returns the text as an internalized string of V8, which is faster as a property name. */
function internalized(text: string): string {
  return Object.keys({ [text]: 0 })[0] ?? text
}
