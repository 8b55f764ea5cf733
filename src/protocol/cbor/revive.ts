import { types } from 'node:util'
import { MAX_PATTERN } from '../values/forms.js'
import { deserializeError } from '../values/serializedError.js'
import * as tags from './tags.js'

// Each function makes a value from what follows its tag, and throws if there is no such value. Bytes have a buffer of their
// own: the library copies them.

const MAX_TIME = 8.64e15
const RFC_3339 = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?(Z|[+-]\d\d:\d\d)$/i

export function date(seconds: number): Date {
  const time = Math.round(seconds * 1_000)
  if (Math.abs(time) > MAX_TIME) throw new RangeError(`a date of ${seconds} seconds`)
  return new Date(time)
}

export function dateText(text: string): Date {
  const date = new Date(RFC_3339.test(text) ? text : Number.NaN)
  if (Number.isNaN(date.getTime())) throw new RangeError('a date that is no text of RFC 3339')
  return date
}

/** Hexadecimal digits are read in linear time. */
export function bigint(bytes: Uint8Array): bigint {
  const digits = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString('hex')
  return digits === '' ? 0n : BigInt(`0x${digits}`)
}

export function url(text: string): URL {
  return new URL(text)
}

export function set(items: readonly unknown[]): Set<unknown> {
  const elements = new Set(items)
  if (elements.size !== items.length) throw new TypeError('a set with an element twice')
  return elements
}

export function regexp(content: readonly unknown[]): RegExp {
  const [source, flags = ''] = content
  if (typeof source !== 'string' || typeof flags !== 'string' || content.length > 2) {
    throw new TypeError('a RegExp that is not [source, flags]')
  }
  if (source.length > MAX_PATTERN) throw new RangeError(`a RegExp of more than ${MAX_PATTERN} characters`)
  return new RegExp(source, flags)
}

export function object(content: readonly unknown[]): unknown {
  const [name, part] = content
  if (name === tags.ERROR && typeof part === 'object' && part !== null) return deserializeError(part, 'stack')
  if (types.isUint8Array(part)) {
    if (name === tags.ARRAY_BUFFER) return part.buffer
    if (name === tags.DATA_VIEW) return new DataView(part.buffer)
  }
  throw new TypeError('an object of an unknown class')
}

/** The swaps of byte order, by the size of an element. */
const SWAPS: Readonly<Record<number, 'swap16' | 'swap32' | 'swap64'>> = { 2: 'swap16', 4: 'swap32', 8: 'swap64' }

interface TypedArrayClass {
  readonly BYTES_PER_ELEMENT: number
  new (buffer: ArrayBuffer): ArrayBufferView
}

export function typedArray(
  { name, isBigEndian }: { readonly name: string; readonly isBigEndian: boolean },
  bytes: Uint8Array,
): ArrayBufferView {
  // Node.js 20 and 22 have no Float16Array.
  const TypedArray = (globalThis as unknown as Readonly<Record<string, TypedArrayClass | undefined>>)[name]
  if (TypedArray === undefined) throw new TypeError(`this version of Node.js has no ${name}`)
  const size = TypedArray.BYTES_PER_ELEMENT
  if (bytes.length % size !== 0)
    throw new RangeError(`${bytes.length} bytes in a ${name} with ${size} for each element`)
  const buffer = bytes.buffer as ArrayBuffer
  const swap = SWAPS[size]
  if (isBigEndian && swap !== undefined) Buffer.from(buffer)[swap]()
  return new TypedArray(buffer)
}
