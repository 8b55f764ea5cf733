import { types } from 'node:util'
import { type EncodeOptions, encode, Token, Type } from 'cborg'
import { MAX_NESTING, TooDeepError } from '../limits.js'
import { type CborContext, CborDecoder } from './cborDecoder.js'

/** cborg would send these as bytes, and lose the type of their elements. */
const NOT_BYTES = [
  ...['Int8Array', 'Uint8ClampedArray', 'Int16Array', 'Uint16Array', 'Int32Array', 'Uint32Array', 'Float32Array'],
  ...['Float64Array', 'BigInt64Array', 'BigUint64Array', 'DataView', 'ArrayBuffer', 'SharedArrayBuffer'],
]
const ENCODING: EncodeOptions = {
  typeEncoders: {
    ...Object.fromEntries(NOT_BYTES.map(name => [name, () => refuse(name)])),
    // cborg encodes a Uint8Array of another realm as an object with a field per byte.
    Object: value => (types.isUint8Array(value) ? new Token(Type.bytes, Buffer.from(value)) : null),
  },
}

function refuse(name: string): never {
  throw new TypeError(`${name} cannot be sent. Send a Uint8Array of its bytes.`)
}

/**
 * Encodes any value as canonical CBOR, and counts the items below it.
 *
 * @param level - the nesting level of the value
 * @throws Error for a value without CBOR encoding, and for one that the other side would refuse: two keys with the same
 * bytes, or too deep nesting
 */
export function encodeCbor(value: unknown, level: number): { readonly bytes: Uint8Array; readonly items: number } {
  checkNesting(value, level)
  const bytes = encode(value, ENCODING)
  if (typeof value !== 'object' || value === null || ArrayBuffer.isView(value)) return { bytes, items: 0 }
  return { bytes, items: decodeCbor(bytes, { level, items: 0, maxItems: Number.POSITIVE_INFINITY }).items }
}

/** Checks the nesting before cborg does, which takes quadratic time: it compares each level with all levels above. */
function checkNesting(value: unknown, level: number): void {
  if (typeof value !== 'object' || value === null || ArrayBuffer.isView(value)) return
  if (level === MAX_NESTING) throw new TooDeepError()
  for (const item of itemsOf(value)) checkNesting(item, level + 1)
}

function itemsOf(value: object): Iterable<unknown> {
  if (Array.isArray(value)) return value
  return types.isMap(value) ? [...value.keys(), ...value.values()] : Object.values(value)
}

export interface Decoded {
  readonly value: unknown
  /** The number of items of the message so far. */
  readonly items: number
  /** The number of bytes of the value. */
  readonly length: number
  /** A part of the value was nested too deep, and is missing. */
  readonly isTooDeep: boolean
}

/** Decodes `bytes` as one item. @throws Error as {@link CborDecoder.read}, and for trailing bytes */
export function decodeCbor(bytes: Uint8Array, context: CborContext): Decoded {
  const decoded = decodeFirstCbor(bytes, context)
  if (decoded.length === bytes.length) return decoded
  throw new Error(`Invalid CBOR: ${bytes.length - decoded.length} bytes follow the item.`)
}

/** Decodes the first item of `bytes`. @throws Error as {@link CborDecoder.read} */
export function decodeFirstCbor(bytes: Uint8Array, context: CborContext): Decoded {
  const decoder = new CborDecoder(bytes, context)
  const value = decoder.read()
  return { value, items: decoder.items, length: decoder.at, isTooDeep: decoder.isTooDeep }
}
