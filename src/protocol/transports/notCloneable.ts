import { types } from 'node:util'
import { describe } from '../../contract/index.js'
import { isPlain } from '../../support/index.js'
import { isDetached, isStream, typeOf } from '../values/forms.js'
import { instead, pathTo, why } from '../values/notSendable.js'
import { isLostInClone, needsSubstitute } from './survey.js'

/**
 * Describes the first part of `value` that cannot be sent to a thread, with its path. Returns `undefined` if there is none.
 *
 * @param path - what to call the value itself
 * @param transfer - objects that are moved, and need no clone
 */
export function whyNotCloneable(value: unknown, path: string, transfer: readonly unknown[] = []): string | undefined {
  const seen = new Set<unknown>(transfer)
  const unseen: { readonly value: unknown; readonly path: string }[] = [{ value, path }]
  for (let next = unseen.pop(); next !== undefined; next = unseen.pop()) {
    const { value, path } = next
    if (typeof value === 'function') return `${path} is a function`
    if (typeof value === 'symbol') return `${path} is a symbol`
    if (typeof value !== 'object' || value === null || seen.has(value)) continue
    seen.add(value)
    const reason = whyNotThis(value, path)
    if (reason !== undefined) return `${path} is ${reason}`
    unseen.push(...partsOf(value, path).reverse())
  }
  return undefined
}

function whyNotThis(value: object, path: string): string | undefined {
  if (types.isProxy(value)) return 'a proxy; send a copy instead'
  if (Array.isArray(value) || isPlain(value) || types.isMap(value) || types.isSet(value)) return undefined
  if (ArrayBuffer.isView(value)) return isDetached(value.buffer) ? why(value, path) : undefined
  if (types.isAnyArrayBuffer(value)) return isDetached(value) ? why(value, path) : undefined
  if (needsSubstitute(value) || types.isDate(value) || types.isRegExp(value) || types.isBoxedPrimitive(value))
    return undefined
  return isStream(value) || isLostInClone(value) ? `${typeOf(value)}${instead(value, path)}` : undefined
}

function partsOf(value: object, path: string): { readonly value: unknown; readonly path: string }[] {
  if (Array.isArray(value)) return value.map((item, i) => ({ value: item, path: `${path}[${i}]` }))
  if (types.isSet(value)) return [...value].map(item => ({ value: item, path: `an element of ${path}` }))
  if (types.isMap(value)) {
    return [...value].flatMap(([key, item]) => [
      { value: key, path: `a key of ${path}` },
      { value: item, path: `${path}.get(${describe(key)})` },
    ])
  }
  if (needsSubstitute(value) || ArrayBuffer.isView(value) || types.isAnyArrayBuffer(value)) return []
  return Object.keys(value).map(key => ({ value: fieldOf(value, key), path: pathTo(path, key) }))
}

function fieldOf(value: object, key: string): unknown {
  try {
    return (value as Readonly<Record<string, unknown>>)[key]
  } catch {
    return () => 'a getter that throws'
  }
}
