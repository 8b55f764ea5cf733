import { types } from 'node:util'
import { isError, isPlain, isUrl, tagOf } from '../../support/index.js'
import { EncodedCbor } from './encodedCbor.js'

/** The forms in which an object travels between processes. */
export type Form =
  | 'array'
  | 'fields'
  | 'map'
  | 'bytes'
  | 'encoded'
  // The other forms need a tag in CBOR.
  | 'set'
  | 'date'
  | 'regexp'
  | 'url'
  | 'error'
  | 'view'
  | 'buffer'

/** The forms that need no tag in CBOR: Oasis Core refuses all tags. */
const UNTAGGED: ReadonlySet<Form | undefined> = new Set<Form>(['array', 'fields', 'map', 'bytes', 'encoded'])

/** Longer patterns are refused on both sides: compiling them takes memory that the length of a message does not limit. */
export const MAX_PATTERN = 65_536

/**
 * Returns the form in which an object travels, or `undefined` if it cannot travel. Checks the class of values of any realm.
 *
 * An instance of another class travels as its own enumerable fields. It cannot travel if it has none, because its data is
 * elsewhere, or if it names its class by `Symbol.toStringTag`, as the classes of the platform do.
 *
 * @param hasTags - whether the receiver reads CBOR tags
 */
export function formOf(value: object, hasTags = true): Form | undefined {
  const form = taggedFormOf(value)
  return hasTags || UNTAGGED.has(form) ? form : undefined
}

function taggedFormOf(value: object): Form | undefined {
  if (Array.isArray(value)) return 'array'
  if (isPlain(value)) return 'fields'
  if (types.isUint8Array(value)) return isDetached(value.buffer) ? undefined : 'bytes'
  if (types.isMap(value)) return 'map'
  if (types.isSet(value)) return 'set'
  if (types.isDate(value)) return 'date'
  if (types.isRegExp(value)) return value.source.length > MAX_PATTERN ? undefined : 'regexp'
  if (isError(value)) return 'error'
  if (ArrayBuffer.isView(value)) return isDetached(value.buffer) ? undefined : 'view'
  if (types.isArrayBuffer(value)) return isDetached(value) ? undefined : 'buffer'
  if (value instanceof EncodedCbor) return 'encoded'
  if (isUrl(value)) return 'url'
  if (types.isPromise(value) || types.isGeneratorObject(value) || isStream(value)) return undefined
  return tagOf(value) === 'Object' && Object.keys(value).length > 0 ? 'fields' : undefined
}

/** Whether an object gives chunks over time: a `ReadableStream`, a stream of Node.js, an async generator. */
export function isStream(value: object): boolean {
  return Symbol.asyncIterator in value
}

/** Whether a buffer was transferred. `ArrayBuffer.prototype.detached` requires Node.js 22. */
export function isDetached(buffer: ArrayBufferLike): boolean {
  if (buffer.byteLength > 0) return false
  try {
    return new Uint8Array(buffer).length !== 0
  } catch {
    return true
  }
}

/** Returns the name of the class of a typed array or `DataView`. */
export function viewName(view: ArrayBufferView): string {
  return types.isDataView(view) ? 'DataView' : String(typedArrayName.call(view))
}

const typedArrayName: (this: ArrayBufferView) => unknown =
  Object.getOwnPropertyDescriptor(Object.getPrototypeOf(Uint8Array.prototype), Symbol.toStringTag)?.get ?? (() => '')

/** Describes the type of a value that cannot travel, with its article: `a Response`. Never throws. */
export function typeOf(value: object): string {
  try {
    const tag = tagOf(value)
    return withArticle(tag === 'Object' ? classOf(value) : tag)
  } catch {
    // A trap of a proxy threw, or the proxy is revoked.
    return 'a proxy'
  }
}

function classOf(value: object): string {
  const made = (value as { readonly constructor?: unknown }).constructor
  const name: unknown = typeof made === 'function' ? made.name : ''
  return typeof name === 'string' && /^[\w$]{1,80}$/.test(name) ? name : 'object'
}

function withArticle(noun: string): string {
  return `${/^[AEIO]/i.test(noun) ? 'an' : 'a'} ${noun}`
}
