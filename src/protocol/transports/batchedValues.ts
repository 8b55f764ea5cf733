import { types } from 'node:util'

/** A small value has at most 64 parts: one per value, and one per 128 characters of text. */
const MAX_PARTS = 64
const CHARACTERS_PER_PART = 128
/** Searching 64 objects in an array is faster than in a Set, which hashes each of them. */
const MAX_OBJECTS = 64

/**
 * Small plain values that share no object, so that one structured clone of all equals a clone of each.
 *
 * Inspects values before they are cloned, so their getters run twice. Ignores named properties of arrays: it neither counts
 * them nor finds shared objects in them.
 */
export class BatchedValues {
  readonly #objects: object[] = []

  /**
   * Adds `value` if it is small and plain, and shares no object with the batch.
   *
   * @returns its estimated memory, in bytes, or 0 if it was not added
   */
  add(value: unknown): number {
    const before = this.#objects.length
    const size = this.#sizeOrInfinity(value)
    if (size <= MAX_PARTS) return size * CHARACTERS_PER_PART
    this.#objects.length = before
    return 0
  }

  /** Empties the batch. */
  clear(): void {
    if (this.#objects.length > 0) this.#objects.length = 0
  }

  #sizeOrInfinity(value: unknown): number {
    try {
      return this.#sizeWith(value, 0)
    } catch {
      // A getter threw. It throws again for postMessage(), which reports it.
      return Number.POSITIVE_INFINITY
    }
  }

  /** Returns `before` plus the parts of `value`; stops counting above MAX_PARTS. */
  #sizeWith(value: unknown, before: number): number {
    if (typeof value === 'string') return before + 1 + value.length / CHARACTERS_PER_PART
    if (typeof value === 'function' || typeof value === 'symbol') return Number.POSITIVE_INFINITY
    if (typeof value !== 'object' || value === null) return before + 1
    const isArray = Array.isArray(value)
    const isPlain = isArray || Object.getPrototypeOf(value) === Object.prototype
    const objects = this.#objects
    if (!isPlain || objects.length === MAX_OBJECTS || objects.includes(value)) return Number.POSITIVE_INFINITY
    objects.push(value)
    let size = before + 1
    if (isArray) for (let i = 0; i < value.length && size <= MAX_PARTS; i++) size = this.#sizeWith(value[i], size)
    else {
      for (const key in value) {
        size = this.#sizeWith((value as Readonly<Record<string, unknown>>)[key], size)
        if (size > MAX_PARTS) break
      }
    }
    return size
  }
}

/** A copy of a value that {@link BatchedValues.add} has found plain. */
export function copyOfPlain(value: unknown): unknown {
  // A proxy cannot be cloned, and its copy could.
  if (typeof value !== 'object' || value === null || types.isProxy(value)) return value
  if (Array.isArray(value)) {
    // With holes or named properties.
    if (Object.keys(value).length !== value.length) return structuredClone(value)
    return value.map(copyOfPlain)
  }
  const copy: Record<string, unknown> = { ...value }
  for (const key in copy) {
    const part = copy[key]
    if (typeof part === 'object' && part !== null) copy[key] = copyOfPlain(part)
  }
  return copy
}
