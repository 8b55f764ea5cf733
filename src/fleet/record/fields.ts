/** Reads JSON that somebody else has written, field by field. */
import { asError, describe, withoutFullStop } from '../../contract/index.js'
import type { Read } from './read.js'

const decoder = new TextDecoder('utf-8', { fatal: true })

class LaterFormat extends Error {
  constructor(format: number, known: number) {
    super(`its format is ${format}, and this release reads ${known}: upgrade cutover here`)
  }
}

/** Reads the JSON of `bytes` by `read`, which throws if it is not as it has to be. */
export function check<T>(bytes: Uint8Array, read: (value: unknown) => T): Read<T> {
  try {
    return { ok: true, value: read(JSON.parse(decoder.decode(bytes))) }
  } catch (error) {
    return { ok: false, why: withoutFullStop(asError(error).message), isLater: error instanceof LaterFormat }
  }
}

export function fields(value: unknown): Readonly<Record<string, unknown>> {
  if (typeof value === 'object' && value !== null && !Array.isArray(value)) return value as Record<string, unknown>
  throw new Error(`it is ${describe(value)}`)
}

/** The format. A later one is named, because the remedy is an upgrade. */
export function format<T extends number>(value: unknown, known: T): T {
  if (value === known) return known
  if (typeof value === 'number' && value > known) throw new LaterFormat(value, known)
  throw wrong('format', value)
}

export function string(name: string, value: unknown): string {
  if (typeof value === 'string' && value !== '') return value
  throw wrong(name, value)
}

export function oneOf<T extends string>(name: string, value: unknown, among: readonly T[]): T {
  const found = among.find(one => one === value)
  if (found !== undefined) return found
  throw wrong(name, value)
}

export function boolean(name: string, value: unknown): boolean {
  if (typeof value === 'boolean') return value
  throw wrong(name, value)
}

/** A whole number, 0 or more. */
export function whole(name: string, value: unknown): number {
  if (typeof value === 'number' && Number.isSafeInteger(value) && value >= 0) return value
  throw wrong(name, value)
}

/** A percentage above 0. */
export function percentage(name: string, value: unknown): number {
  if (typeof value === 'number' && value > 0 && value <= 100) return value
  throw wrong(name, value)
}

export function list<T>(name: string, value: unknown, read: (item: unknown) => T): readonly T[] {
  if (Array.isArray(value)) return value.map(read)
  throw wrong(name, value)
}

export function nullable<T>(value: unknown, read: (value: unknown) => T): T | null {
  return value === null ? null : read(value)
}

function wrong(name: string, value: unknown): Error {
  return new Error(`its ${name} is ${describe(value)}`)
}
