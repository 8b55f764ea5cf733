import { types } from 'node:util'

// Each `vm` context, such as a test file under Jest or in a vm pool of Vitest, is a realm: it has an `Error`, a `Map`
// and an `Object.prototype` of its own, so `instanceof` says no to the values of another realm. These checks, and
// those of `types` in `node:util`, hold for values of any realm.

/** Tells whether `value` is an `Error` of any realm, or a `DOMException`. Never throws. */
export function isError(value: unknown): value is Error {
  if (types.isNativeError(value)) return true
  try {
    return value instanceof Error || tagOf(value) === 'DOMException'
  } catch {
    // A revoked proxy, or one whose trap throws.
    return false
  }
}

/** Tells whether `value` is a plain object of any realm: without a prototype, or with one that has none itself. */
export function isPlain(value: unknown): value is Readonly<Record<string, unknown>> {
  if (typeof value !== 'object' || value === null) return false
  const prototype: unknown = Object.getPrototypeOf(value)
  return prototype === Object.prototype || prototype === null || Object.getPrototypeOf(prototype) === null
}

/** Tells whether `value` is a `URL` of any realm, or one of a polyfill such as jsdom's; Node.js goes by the same fields. */
export function isUrl(value: unknown): value is URL {
  if (value instanceof URL) return true
  if (typeof value !== 'object' || value === null) return false
  const { href, protocol, searchParams } = value as Partial<URL>
  return typeof href === 'string' && typeof protocol === 'string' && typeof searchParams === 'object'
}

/** The name of a built-in class, such as `Date`. What is not built in may call itself anything. */
export function tagOf(value: unknown): string {
  return Object.prototype.toString.call(value).slice(8, -1)
}
