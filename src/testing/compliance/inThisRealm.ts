import { types } from 'node:util'

/**
 * The same value, made of arrays, objects and bytes of this realm. An assertion would tell those of another realm apart,
 * such as the answers of a thread under Jest; it would also tell a Buffer from another Uint8Array, though only the bytes count.
 */
export function inThisRealm(value: unknown): unknown {
  if (types.isUint8Array(value)) return new Uint8Array(value)
  if (Array.isArray(value)) return Array.from(value, inThisRealm)
  if (typeof value !== 'object' || value === null) return value
  return Object.fromEntries(Object.entries(value).map(([key, field]) => [key, inThisRealm(field)]))
}
