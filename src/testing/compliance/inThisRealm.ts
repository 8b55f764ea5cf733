import { types } from 'node:util'

/**
 * Copies a value into arrays, objects and byte arrays of this realm. Assertions treat those of another realm as different,
 * such as the answers of a thread under Jest, and a Buffer as different from a Uint8Array.
 */
export function inThisRealm(value: unknown): unknown {
  if (types.isUint8Array(value)) return new Uint8Array(value)
  if (Array.isArray(value)) return Array.from(value, inThisRealm)
  if (typeof value !== 'object' || value === null) return value
  return Object.fromEntries(Object.entries(value).map(([key, field]) => [key, inThisRealm(field)]))
}
