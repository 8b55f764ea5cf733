import { types } from 'node:util'
import { describe } from '../../contract/index.js'
import { tagOf } from '../../support/index.js'
import { MAX_NESTING } from '../limits.js'
import { decodeCbor, encodeCbor } from './cbor.js'

const MAX_UINT = 2n ** 64n - 1n
const NAME = /^[A-Za-z_$][\w$]*$/

/** Returns whether `value` can be sent. */
export function isEncodable(value: unknown): boolean {
  return encodableCopy(value) !== undefined
}

/** Copies `value` as it would arrive, without accessors and proxies. Returns `undefined` if it cannot be sent. */
export function encodableCopy(value: unknown): { readonly copy: unknown } | undefined {
  try {
    // The bytes may be a slice of a Buffer. Byte strings of the copy must not share its memory.
    const bytes = new Uint8Array(encodeCbor(value, 0).bytes)
    return { copy: decodeCbor(bytes, { level: 0, items: 0, maxItems: Number.POSITIVE_INFINITY }).value }
  } catch {
    return undefined
  }
}

/** Describes the first part of `value` that CBOR cannot encode, with its path. Returns `undefined` if there is none. */
export function whyNotEncodable(value: unknown, path: string): string | undefined {
  return search(value, path, [])
}

function search(value: unknown, path: string, above: readonly object[]): string | undefined {
  if (typeof value === 'function' || typeof value === 'symbol') return `${path} is ${nameOf(value)}`
  if (typeof value === 'bigint' && (value > MAX_UINT || value < -1n - MAX_UINT)) {
    return `${path} is a bigint of more than 64 bits`
  }
  if (typeof value !== 'object' || value === null || types.isUint8Array(value)) return undefined
  if (ArrayBuffer.isView(value) || types.isAnyArrayBuffer(value)) {
    return `${path} is ${withArticle(tagOf(value))}; send a Uint8Array of its bytes`
  }
  if (above.includes(value)) return `${path} contains itself`
  if (above.length === MAX_NESTING) return `it is nested more than ${MAX_NESTING} levels deep`
  const within = [...above, value]
  if (Array.isArray(value)) return first(value.entries(), ([i, item]) => search(item, `${path}[${i}]`, within))
  if (types.isMap(value)) {
    return first(
      value,
      ([key, item]) => search(key, `a key of ${path}`, within) ?? search(item, `${path}.get(${describe(key)})`, within),
    )
  }
  const tag = tagOf(value)
  if (tag !== 'Object') return `${path} is ${withArticle(tag)}`
  return first(Object.keys(value), key => search(fieldOf(value, key), pathTo(path, key), within))
}

function first<T>(items: Iterable<T>, find: (item: T) => string | undefined): string | undefined {
  for (const item of items) {
    const found = find(item)
    if (found !== undefined) return found
  }
  return undefined
}

function withArticle(noun: string): string {
  return `${/^[AEIO]/.test(noun) ? 'an' : 'a'} ${noun}`
}

function fieldOf(value: object, key: string): unknown {
  try {
    return (value as Record<string, unknown>)[key]
  } catch {
    return () => 'a getter that throws'
  }
}

function pathTo(path: string, key: string): string {
  return NAME.test(key) ? `${path}.${key}` : `${path}[${JSON.stringify(key)}]`
}

function nameOf(value: unknown): string {
  return typeof value === 'symbol' ? 'a symbol' : 'a function'
}
