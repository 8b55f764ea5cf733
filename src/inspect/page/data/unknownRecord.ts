/** An object with unknown fields, as parsed from JSON. */
export type UnknownRecord = Readonly<Record<string, unknown>>

/** The value, if it is an object and not an array; otherwise an empty object. */
export function asRecord(value: unknown): UnknownRecord {
  return typeof value === 'object' && value !== null && !Array.isArray(value) ? (value as UnknownRecord) : {}
}
