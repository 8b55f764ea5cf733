import { types } from 'node:util'
import { ITEMS_PER_BYTE_STRING, MAX_NESTING, TooDeepError } from '../limits.js'
import type { EncodedCbor } from '../values/encodedCbor.js'
import { formOf, isDetached, viewName } from '../values/forms.js'
import { serializeErrorValue } from '../values/serializedError.js'
import { isWellFormed } from '../values/wellFormed.js'
import { countItems } from './cbor.js'
import { sorted } from './keyOrder.js'
import { OutputBuffer } from './outputBuffer.js'
import * as tags from './tags.js'

/** Up to 64 characters, a loop is faster than Buffer.write(). */
const SHORT_TEXT = 64
/** From 1,024 characters on, try ASCII first: counting the bytes costs as much as encoding them. */
const LONG_TEXT = 1024
const UTF8 = new TextEncoder()

const UINT = 0x00
const NEGATIVE = 0x20
const BYTES = 0x40
const TEXT = 0x60
const ARRAY = 0x80
const MAP = 0xa0
const TAG = 0xc0
const MAX_UINT = 2n ** 64n - 1n

/**
 * Encodes values as canonical CBOR into a buffer: keys are sorted by length, then bytewise, and all arguments are in their
 * shortest form. Values that plain CBOR lacks get a tag of `tags.ts`, unless the reader accepts no tags.
 */
export class ValueWriter extends OutputBuffer {
  /** The number of items below the written values, as {@link ValueReader} counts them. The caller resets it. */
  items = 0
  readonly #hasTags: boolean

  /**
   * @param size - the size of the first buffer, in bytes
   * @param hasTags - whether the reader accepts tags. @default true
   */
  constructor(size?: number, hasTags = true) {
    super(size)
    this.#hasTags = hasTags
  }

  /**
   * Encodes one value.
   *
   * @param depth - the levels of nesting that are left
   * @throws Error if it has no CBOR encoding
   */
  value(value: unknown, depth: number = MAX_NESTING): void {
    if (typeof value === 'string') this.text(value)
    else if (typeof value === 'number') this.#number(value)
    else if (typeof value === 'boolean') this.byte(value ? 0xf5 : 0xf4)
    else if (value === null) this.byte(0xf6)
    else if (value === undefined) this.byte(0xf7)
    else if (typeof value === 'object') this.#object(value, depth)
    else if (typeof value === 'bigint') this.#bigint(value)
    else throw notEncodable()
  }

  text(text: string): void {
    const length = text.length
    if (length >= LONG_TEXT && this.#longAscii(text, length)) return
    if (length > SHORT_TEXT || !this.#ascii(text, length)) {
      if (!isWellFormed(text)) throw new TypeError('a text has a lone surrogate')
      const size = Buffer.byteLength(text)
      this.head(TEXT, size)
      this.reserve(size)
      this.at += this.bytes.write(text, this.at, size, 'utf8')
    }
  }

  /** Encodes an integer from 0 to 2^64 - 1. */
  uint(value: number | bigint): void {
    if (typeof value === 'number') this.head(UINT, value)
    else this.wideHead(UINT, value)
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
    this.head(TEXT, length)
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
    if (!Number.isSafeInteger(value)) this.float(value)
    else if (value > 0 || Object.is(value, 0)) this.head(UINT, value)
    else if (value < 0) this.head(NEGATIVE, -1 - value)
    else this.float(value)
  }

  #object(value: object, depth: number): void {
    if (depth === 0) throw new TooDeepError()
    if (Array.isArray(value)) this.#array(value, depth - 1)
    else if (Object.getPrototypeOf(value) === Object.prototype) this.#fields(value as PlainObject, depth - 1)
    else if (types.isUint8Array(value)) this.#copy(value)
    else this.#rare(value, depth - 1)
  }

  /** Encodes any other object. Both sides count items alike: an object that takes more memory counts as several. */
  #rare(value: object, depth: number): void {
    switch (formOf(value, this.#hasTags)) {
      case 'fields':
        this.#fields(value as PlainObject, depth)
        break
      case 'map':
        this.#map(value as ReadonlyMap<unknown, unknown>, depth)
        break
      case 'set':
        this.#tag(tags.SET)
        this.#array([...(value as ReadonlySet<unknown>)], depth)
        break
      case 'date':
        this.#tag(tags.DATE)
        this.#number((value as Date).getTime() / 1_000)
        break
      case 'regexp':
        this.#tag(tags.REGEXP)
        this.#array([(value as RegExp).source, (value as RegExp).flags], depth)
        break
      case 'url':
        this.#tag(tags.URL)
        this.text((value as URL).href)
        break
      case 'error':
        this.#object27(tags.ERROR, serializeErrorValue(value as Error), depth)
        break
      case 'view':
        this.#typedArray(value as ArrayBufferView, depth)
        break
      case 'buffer':
        this.#object27(tags.ARRAY_BUFFER, new Uint8Array(value as ArrayBuffer), depth)
        break
      case 'encoded':
        this.items += countItems((value as EncodedCbor).bytes, this.#hasTags)
        this.append((value as EncodedCbor).bytes)
        break
      default:
        throw notEncodable()
    }
  }

  /** An object of a class: its name, and what it consists of. */
  #object27(name: string, content: unknown, depth: number): void {
    this.#tag(tags.OBJECT)
    this.#array([name, content], depth)
  }

  #typedArray(view: ArrayBufferView, depth: number): void {
    const bytes = new Uint8Array(view.buffer, view.byteOffset, view.byteLength)
    const name = viewName(view)
    const tag = tags.typedArrayTag(name)
    if (tag !== undefined) {
      this.#tag(tag)
      this.#copy(bytes)
    } else if (name === tags.DATA_VIEW) this.#object27(name, bytes, depth)
    else throw notEncodable()
  }

  #tag(tag: number): void {
    this.items += tags.itemsOf(tag)
    this.head(TAG, tag)
  }

  /** A bigint that a number could be mistaken for gets a tag, so that it arrives as a bigint. */
  #bigint(value: bigint): void {
    const magnitude = value < 0n ? -1n - value : value
    const isNumber = value >= Number.MIN_SAFE_INTEGER && value <= Number.MAX_SAFE_INTEGER
    if (magnitude <= MAX_UINT && !(isNumber && this.#hasTags)) {
      this.wideHead(value < 0n ? NEGATIVE : UINT, magnitude)
      return
    }
    if (!this.#hasTags) throw notEncodable()
    this.#tag(value < 0n ? tags.NEGATIVE_BIGINT : tags.BIGINT)
    this.#copy(bytesOf(magnitude))
  }

  #copy(part: Uint8Array): void {
    const size = part.byteLength
    if (size === 0 && isDetached(part.buffer)) throw notEncodable()
    this.items += ITEMS_PER_BYTE_STRING - 1
    this.head(BYTES, size)
    this.append(part)
  }

  #array(items: readonly unknown[], depth: number): void {
    const count = items.length
    this.items += count
    this.head(ARRAY, count)
    for (let i = 0; i < count; i++) {
      const item = items[i]
      if (item === undefined && !(i in items)) throw new TypeError('an array has a hole')
      this.value(item, depth)
    }
  }

  #fields(object: PlainObject, depth: number): void {
    const before = this.length
    const itemsBefore = this.items
    const keys = sorted(Object.keys(object))
    const count = keys.length
    this.items += 2 * count
    this.head(MAP, count)
    for (let i = 0; i < count; i++) {
      const key = keys[i] as string
      // Sorting by characters equals sorting by bytes only for ASCII keys.
      if (key.length > SHORT_TEXT || !this.#ascii(key, key.length)) {
        this.rewind(before)
        this.items = itemsBefore
        this.#entries(keys, name => object[name as string], depth)
        return
      }
      this.value(object[key], depth)
    }
  }

  /** Without a tag, a map whose keys are all texts arrives as an object. */
  #map(map: ReadonlyMap<unknown, unknown>, depth: number): void {
    const keys = [...map.keys()]
    if (this.#hasTags && keys.every(key => typeof key === 'string')) this.#tag(tags.MAP)
    this.#entries(keys, key => map.get(key), depth)
  }

  /** Encodes a map in canonical order. It calls itself by few and small frames. @throws Error if two keys have the same bytes */
  #entries(keys: readonly unknown[], read: (key: unknown) => unknown, depth: number): void {
    const count = keys.length
    this.items += 2 * count
    this.head(MAP, count)
    const encoded: EncodedKey[] = []
    for (let i = 0; i < count; i++) {
      const before = this.length
      this.value(keys[i], depth)
      encoded.push({ key: keys[i], bytes: this.#cut(before) })
    }
    encoded.sort((a, b) => a.bytes.length - b.bytes.length || a.bytes.compare(b.bytes))
    for (let i = 0; i < count; i++) this.value(read(this.#key(encoded, i)), depth)
  }

  /** Removes the bytes behind the first `length`, and returns them. */
  #cut(length: number): Buffer {
    const bytes = Buffer.from(this.bytes.subarray(this.start + length, this.at))
    this.rewind(length)
    return bytes
  }

  /** Writes a key of a map, and returns it. */
  #key(encoded: readonly EncodedKey[], i: number): unknown {
    const { key, bytes } = encoded[i] as EncodedKey
    if (encoded[i - 1]?.bytes.equals(bytes)) throw new TypeError('two keys of a map have the same encoding')
    if (encoded.length > 1 && typeof key === 'object' && key !== null) this.items += tags.itemsOfKey(bytes.length)
    this.append(bytes)
    return key
  }
}

function bytesOf(value: bigint): Uint8Array {
  const digits = value.toString(16)
  return value === 0n ? new Uint8Array() : Buffer.from(digits.length % 2 === 0 ? digits : `0${digits}`, 'hex')
}

/** The caller finds the path of the value. */
function notEncodable(): TypeError {
  return new TypeError('a value cannot be encoded')
}

type PlainObject = Readonly<Record<string, unknown>>
type EncodedKey = { readonly key: unknown; readonly bytes: Buffer }
