import { types } from 'node:util'
import { type DecodeOptions, decode, decodeFirst, type EncodeOptions, encode, Token, Type } from 'cborg'
import { isError } from '../realms.js'

/** What is refused: heads longer than needed, indefinite lengths, a key that comes twice. */
const STRICT: DecodeOptions = { strict: true, allowIndefinite: false, rejectDuplicateMapKeys: true }
const WITH_MAPS: DecodeOptions = { ...STRICT, useMaps: true }

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
 * Encodes any value, in canonical CBOR.
 *
 * @throws Error for what CBOR cannot carry, and for a map that the other side would refuse: two keys with the same bytes
 */
export function encodeCbor(value: unknown): Uint8Array {
  const bytes = encode(value, ENCODING)
  if (typeof value === 'object' && value !== null && !ArrayBuffer.isView(value)) decodeCbor(bytes)
  return bytes
}

/** Decodes one item that takes all of `bytes`. @throws Error for what is not well-formed, or refused */
export function decodeCbor(bytes: Uint8Array): unknown {
  try {
    return decode(bytes, STRICT)
  } catch (error) {
    if (!isAboutKeys(error)) throw error
    return withObjects(decode(bytes, WITH_MAPS))
  }
}

/** Decodes the first item of `bytes`, and says how long it is. @throws Error as {@link decodeCbor} */
export function decodeFirstCbor(bytes: Uint8Array): { readonly value: unknown; readonly length: number } {
  try {
    const [value, rest] = decodeFirst(bytes, STRICT)
    return { value, length: bytes.length - rest.length }
  } catch (error) {
    if (!isAboutKeys(error)) throw error
    const [value, rest] = decodeFirst(bytes, WITH_MAPS)
    return { value: withObjects(value), length: bytes.length - rest.length }
  }
}

/** cborg reads maps as objects, or all of them as `Map`. */
function isAboutKeys(error: unknown): boolean {
  return isError(error) && error.message.includes('non-string keys')
}

/** A map is an object, unless it has other keys than texts: then it stays a `Map`. */
function withObjects(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(withObjects)
  if (!types.isMap(value)) return value
  const entries = [...value].map(([key, item]: [unknown, unknown]) => [key, withObjects(item)] as const)
  if (entries.every(([key]) => typeof key === 'string')) return Object.fromEntries(entries)
  if (entries.some(([key]) => typeof key === 'object' && key !== null)) {
    throw new Error('A map has a key that is bytes, an array or a map; keys are texts or numbers.')
  }
  return new Map(entries)
}
