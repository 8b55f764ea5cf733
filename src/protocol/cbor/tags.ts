/** A date as seconds since 1970, as an integer or a float; NaN is an invalid date. */
export const DATE = 1
/** A date as text, which other programs may send. */
export const DATE_TEXT = 0
export const BIGINT = 2
export const NEGATIVE_BIGINT = 3
/** An object of a class: `[name, content]`. */
export const OBJECT = 27
export const URL = 32
export const SET = 258
/** A map that arrives as a `Map`, though all its keys are texts. */
export const MAP = 259
/** `[source, flags]`. */
export const REGEXP = 21_066

/** The names of objects with the tag {@link OBJECT}. */
export const ERROR = 'Error'
export const ARRAY_BUFFER = 'ArrayBuffer'
export const DATA_VIEW = 'DataView'

/** The tags of typed arrays in little-endian byte order (RFC 8746). A `Uint8Array` needs no tag. */
const TYPED_ARRAYS: Readonly<Record<string, number>> = {
  Uint8Array: 64,
  Uint8ClampedArray: 68,
  Uint16Array: 69,
  Uint32Array: 70,
  BigUint64Array: 71,
  Int8Array: 72,
  Int16Array: 77,
  Int32Array: 78,
  BigInt64Array: 79,
  Float16Array: 84,
  Float32Array: 85,
  Float64Array: 86,
}
const NAMES = new Map(Object.entries(TYPED_ARRAYS).map(([name, tag]) => [tag, name]))
/** Tags of big-endian typed arrays are 4 lower: 65 to 67, 73 to 75, and 80 to 82. */
const BIG_ENDIAN = 4

/** Returns the tag of a typed array, or `undefined` if there is none for its class. */
export function typedArrayTag(name: string): number | undefined {
  return Object.hasOwn(TYPED_ARRAYS, name) ? TYPED_ARRAYS[name] : undefined
}

/** Returns the class of a tag, or `undefined` for other tags. */
export function typedArrayOf(tag: number): { readonly name: string; readonly isBigEndian: boolean } | undefined {
  const name = NAMES.get(tag)
  if (name !== undefined) return { name, isBigEndian: false }
  // 64 has no byte order, so 60 is no tag of a typed array.
  const swapped = tag >= 65 ? NAMES.get(tag + BIG_ENDIAN) : undefined
  return swapped === undefined ? undefined : { name: swapped, isBigEndian: true }
}

const KNOWN: ReadonlySet<number> = new Set([DATE, DATE_TEXT, BIGINT, NEGATIVE_BIGINT, OBJECT, URL, SET, MAP, REGEXP])

/** Whether the reader accepts a tag. */
export function isKnown(tag: number): boolean {
  return KNOWN.has(tag) || typedArrayOf(tag) !== undefined
}

/** The number of items that a tagged value counts as, besides its content: about 64 bytes of heap each. */
export function itemsOf(tag: number): number {
  switch (tag) {
    case OBJECT:
      // An error keeps its stack.
      return 32
    case REGEXP:
    case URL:
      return 16
    default:
      return 4
  }
}

/** The number of items that a key counts as, besides itself, if it is an object: its bytes are compared with other keys. */
export function itemsOfKey(bytes: number): number {
  return Math.ceil(bytes / 64)
}
