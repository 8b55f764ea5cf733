import { types } from 'node:util'

// Each `vm` context, such as a test file under Jest or in a vm pool of Vitest, is a realm: it has an `Error`, a `Map`
// and an `Object.prototype` of its own, so `instanceof` says no to the values of another realm. These checks, and
// those of `types` in `node:util`, hold for values of any realm.

/** Checks whether `value` is an `Error` of any realm, or a `DOMException`. Never throws. */
export function isError(value: unknown): value is Error {
  if (types.isNativeError(value)) return true
  try {
    return value instanceof Error || tagOf(value) === 'DOMException'
  } catch {
    // Throws for a revoked proxy, and for one whose trap throws.
    return false
  }
}

/** Checks whether `value` is a plain object of any realm: its prototype is null, or has none itself. */
export function isPlain(value: unknown): value is Readonly<Record<string, unknown>> {
  if (typeof value !== 'object' || value === null) return false
  const prototype: unknown = Object.getPrototypeOf(value)
  return prototype === Object.prototype || prototype === null || Object.getPrototypeOf(prototype) === null
}

/** Checks whether `value` is a `URL` of any realm, or a polyfill such as jsdom's. Node.js checks the same fields. */
export function isUrl(value: unknown): value is URL {
  if (value instanceof URL) return true
  if (typeof value !== 'object' || value === null) return false
  const { href, protocol, searchParams } = value as Partial<URL>
  return typeof href === 'string' && typeof protocol === 'string' && typeof searchParams === 'object'
}

/** Returns the name of a value's built-in class, such as `Date`. Other objects can return any name. */
export function tagOf(value: unknown): string {
  return Object.prototype.toString.call(value).slice(8, -1)
}
