import { types } from 'node:util'
import { describe } from '../../contract/index.js'
import { MAX_NESTING } from '../limits.js'
import { formOf, isDetached, isStream, MAX_PATTERN, typeOf } from './forms.js'
import { isWellFormed } from './wellFormed.js'

const MAX_UINT = 2n ** 64n - 1n
const NAME = /^[A-Za-z_$][\w$]*$/
const INSTEAD = '; send plain data instead'

/**
 * Describes the first part of `value` that cannot be sent to a process, with its path. Returns `undefined` if there is none.
 *
 * @param path - what to call the value itself
 * @param hasTags - whether the receiver reads CBOR tags
 */
export function whyNotSendable(value: unknown, path: string, hasTags = true): string | undefined {
  return search(value, path, [], hasTags)
}

function search(value: unknown, path: string, above: readonly object[], hasTags: boolean): string | undefined {
  const simple = whyNotSimple(value, path, hasTags)
  if (simple !== undefined || typeof value !== 'object' || value === null) return simple
  if (above.includes(value)) return `${path} contains itself`
  if (above.length === MAX_NESTING) return `it is nested more than ${MAX_NESTING} levels deep`
  const within = [...above, value]
  const inner = (item: unknown, at: string) => search(item, at, within, hasTags)
  switch (formOrNothing(value, hasTags)) {
    case 'array':
      return first((value as unknown[]).keys(), i =>
        i in value ? inner((value as unknown[])[i], `${path}[${i}]`) : `${path}[${i}] is a hole; send null instead`,
      )
    case 'map':
      return first(
        value as Map<unknown, unknown>,
        ([key, item]) => inner(key, `a key of ${path}`) ?? inner(item, `${path}.get(${describe(key)})`),
      )
    case 'set':
      return first(value as Set<unknown>, item => inner(item, `an element of ${path}`))
    case 'fields':
      return first(Object.keys(value), key =>
        isWellFormed(key) ? inner(fieldOf(value, key), pathTo(path, key)) : `a key of ${path} has a lone surrogate`,
      )
    case undefined:
      return `${path} is ${why(value, path, hasTags)}`
    default:
      return undefined
  }
}

/** Describes why an object cannot travel. @param path - where it is */
export function why(value: object, path: string, hasTags = true): string {
  if (ArrayBuffer.isView(value) || types.isAnyArrayBuffer(value)) {
    if (isDetached(ArrayBuffer.isView(value) ? value.buffer : value))
      return `${typeOf(value)} that was transferred before`
    return `${typeOf(value)}; send a Uint8Array of its bytes`
  }
  if (types.isRegExp(value) && hasTags) return `a RegExp of more than ${MAX_PATTERN} characters`
  return `${typeOf(value)}${instead(value, path)}`
}

/** Says what to send in the place of an object that cannot travel. */
export function instead(value: object, path: string): string {
  if (!isStream(value)) return INSTEAD
  if (path === 'request') return '; send streamed(source) instead'
  return path === 'answer' ? '; answer with stream(source) instead' : '; only a whole request or answer can be a stream'
}

/** Describes why a value that is no object cannot be sent. Returns `undefined` if it can. */
export function whyNotSimple(value: unknown, path: string, hasTags: boolean): string | undefined {
  switch (typeof value) {
    case 'function':
      return `${path} is a function`
    case 'symbol':
      return `${path} is a symbol`
    case 'bigint':
      if (hasTags || (value <= MAX_UINT && value >= -1n - MAX_UINT)) return undefined
      return `${path} is a bigint of more than 64 bits`
    case 'string':
      return isWellFormed(value) ? undefined : `${path} is a string with a lone surrogate`
    default:
      return undefined
  }
}

function formOrNothing(value: object, hasTags: boolean): ReturnType<typeof formOf> {
  try {
    return formOf(value, hasTags)
  } catch {
    // A trap of a proxy threw.
    return undefined
  }
}

function first<T>(items: Iterable<T>, find: (item: T) => string | undefined): string | undefined {
  for (const item of items) {
    const found = find(item)
    if (found !== undefined) return found
  }
  return undefined
}

function fieldOf(value: object, key: string): unknown {
  try {
    return (value as Record<string, unknown>)[key]
  } catch {
    return () => 'a getter that throws'
  }
}

/** Returns the path of a field: `request.body`, or `request["content-type"]`. */
export function pathTo(path: string, key: string): string {
  if (path === '') return key
  return NAME.test(key) ? `${path}.${key}` : `${path}[${JSON.stringify(key)}]`
}
