import { types } from 'node:util'
import { type EncodeOptions, encode, Token, Type } from 'cborg'
import { type CborContext, CborDecoder } from './cborDecoder.js'
import { MAX_NESTING, TooDeepError } from './limits.js'

/** Arrays of numbers would arrive as bytes, which they are not. */
const NOT_BYTES = [
  ...['Int8Array', 'Uint8ClampedArray', 'Int16Array', 'Uint16Array', 'Int32Array', 'Uint32Array', 'Float32Array'],
  ...['Float64Array', 'BigInt64Array', 'BigUint64Array', 'DataView', 'ArrayBuffer', 'SharedArrayBuffer'],
]
const ENCODING: EncodeOptions = {
  typeEncoders: {
    ...Object.fromEntries(NOT_BYTES.map(name => [name, () => refuse(name)])),
    // cborg takes the bytes of another realm for an object with a field for each byte.
    Object: value => (types.isUint8Array(value) ? new Token(Type.bytes, Buffer.from(value)) : null),
  },
}

function refuse(name: string): never {
  throw new TypeError(`${name} is refused: send a Uint8Array of its bytes.`)
}

/**
 * Encodes any value, in canonical CBOR, and counts the items below it.
 *
 * @param level - how deep the value is nested
 * @throws Error for what CBOR cannot carry, and for what the other side would refuse: two keys with the same bytes, or a
 * value that is nested too deep
 */
export function encodeCbor(value: unknown, level: number): { readonly bytes: Uint8Array; readonly items: number } {
  checkNesting(value, level)
  const bytes = encode(value, ENCODING)
  if (typeof value !== 'object' || value === null || ArrayBuffer.isView(value)) return { bytes, items: 0 }
  return { bytes, items: decodeCbor(bytes, { level, items: 0, maxItems: Number.POSITIVE_INFINITY }).items }
}

/** The library compares each level with all those above it: what is nested too deep is refused before. */
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
  /** The items of the message so far. */
  readonly items: number
  /** How many bytes the value took. */
  readonly length: number
  /** Something in it is nested too deep, and is not in the value. */
  readonly isTooDeep: boolean
}

/** Decodes one item that takes all of `bytes`. @throws Error as {@link CborDecoder.read}, and for what is left of them */
export function decodeCbor(bytes: Uint8Array, context: CborContext): Decoded {
  const decoded = decodeFirstCbor(bytes, context)
  if (decoded.length === bytes.length) return decoded
  throw new Error(`CBOR is refused: ${bytes.length - decoded.length} bytes are left behind the item.`)
}

/** Decodes the first item of `bytes`. @throws Error as {@link CborDecoder.read} */
export function decodeFirstCbor(bytes: Uint8Array, context: CborContext): Decoded {
  const decoder = new CborDecoder(bytes, context)
  const value = decoder.read()
  return { value, items: decoder.items, length: decoder.at, isTooDeep: decoder.isTooDeep }
}
