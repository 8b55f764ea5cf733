import { types } from 'node:util'
import { isPlain } from '../../support/index.js'
import { ValueReader } from '../cbor/valueReader.js'
import { ValueWriter } from '../cbor/valueWriter.js'
import { needsSubstitute } from './survey.js'

/**
 * A payload whose URLs, errors and encoded CBOR are missing, and how to put them in: `[payload, places, rebuilt]`.
 *
 * `places` lists an object, a key and the CBOR of a value for each of them. `rebuilt` lists a Map or Set and its content in
 * an array, for each that holds one of them directly. A structured clone of all three keeps their objects identical.
 */
export type Substituted = [payload: unknown, places: unknown[], rebuilt: unknown[]]

/** The length of {@link Substituted}. */
export const SUBSTITUTED_LENGTH = 3

/** Copies a payload with substitutes for what a structured clone would change. @throws Error if one cannot be encoded */
export function substitute(payload: unknown): Substituted {
  return new Copying().of(payload)
}

class Copying {
  readonly #post: Substituted = [undefined, [], []]
  /** Keeps shared objects shared, and ends at cycles. */
  readonly #copies = new Map<object, unknown>()

  of(payload: unknown): Substituted {
    this.#put(this.#post, 0, payload)
    return this.#post
  }

  #put(holder: object, key: string | number, value: unknown): void {
    if (typeof value !== 'object' || value === null) set(holder, key, value)
    else if (needsSubstitute(value)) this.#post[1].push(holder, key, this.#encoded(value))
    else set(holder, key, this.#copies.get(value) ?? this.#copy(value))
  }

  #encoded(value: object): unknown {
    const known = this.#copies.get(value)
    if (known !== undefined) return known
    const writer = new ValueWriter(0)
    writer.value(value)
    const bytes = new Uint8Array(writer.take())
    this.#copies.set(value, bytes)
    return bytes
  }

  #copy(value: object): unknown {
    if (types.isMap(value)) return this.#copyMap(value)
    if (types.isSet(value)) return this.#copySet(value)
    if (!Array.isArray(value) && !isCopied(value)) return value
    const copy = Array.isArray(value) ? new Array<unknown>(value.length) : {}
    this.#copies.set(value, copy)
    for (const key of Object.keys(value)) this.#put(copy, key, (value as Readonly<Record<string, unknown>>)[key])
    return copy
  }

  #copyMap(map: ReadonlyMap<unknown, unknown>): unknown {
    const copy = new Map<unknown, unknown>()
    this.#copies.set(map, copy)
    const entries = this.#copyItems([...map].flat(), copy)
    for (let i = 0; i < entries.length; i += 2) copy.set(entries[i], entries[i + 1])
    return copy
  }

  #copySet(items: ReadonlySet<unknown>): unknown {
    const copy = new Set<unknown>()
    this.#copies.set(items, copy)
    for (const item of this.#copyItems([...items], copy)) copy.add(item)
    return copy
  }

  #copyItems(items: readonly unknown[], collection: object): readonly unknown[] {
    const [, places, rebuilt] = this.#post
    const copies: unknown[] = []
    const before = places.length
    for (const [i, item] of items.entries()) this.#put(copies, i, item)
    const isHolder = places.slice(before).includes(copies)
    if (isHolder) rebuilt.push(collection, copies)
    return isHolder ? [] : copies
  }
}

/** Whether a structured clone would copy the fields of the object: it is plain, or an instance of a user's class. */
function isCopied(value: object): boolean {
  if (isPlain(value)) return true
  const isNative =
    ArrayBuffer.isView(value) ||
    types.isAnyArrayBuffer(value) ||
    types.isDate(value) ||
    types.isRegExp(value) ||
    types.isBoxedPrimitive(value)
  return !isNative && Object.keys(value).length > 0
}

/** Puts the values of a received post in their places. @throws Error if the post was not made by {@link substitute} */
export function putIn(post: unknown[]): unknown {
  const [, places, rebuilt] = post as Substituted
  const reader = new ValueReader()
  const values = new Map<unknown, unknown>()
  for (let i = 0; i < places.length; i += 3) {
    const [holder, key, bytes] = places.slice(i, i + 3) as [object, string | number, Uint8Array]
    if (!values.has(bytes)) values.set(bytes, decoded(reader, bytes))
    set(holder, key, values.get(bytes))
  }
  for (let i = 0; i < rebuilt.length; i += 2) rebuild(rebuilt[i], rebuilt[i + 1] as unknown[])
  return post[0]
}

function decoded(reader: ValueReader, bytes: Uint8Array): unknown {
  reader.open(Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength), 0, bytes.byteLength)
  const value = reader.value()
  if (reader.unreadable !== undefined) throw reader.unreadable
  return value
}

function rebuild(collection: unknown, items: readonly unknown[]): void {
  if (types.isSet(collection)) for (const item of items) collection.add(item)
  else if (types.isMap(collection)) for (let i = 0; i < items.length; i += 2) collection.set(items[i], items[i + 1])
}

/** Defines an own property, also for the key `__proto__`. */
function set(holder: object, key: string | number, value: unknown): void {
  Object.defineProperty(holder, key, { value, configurable: true, enumerable: true, writable: true })
}
