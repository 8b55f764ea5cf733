/** What is larger is not small: so many values in all, each character of a text being a part of one. */
const MAX_PARTS = 64
const CHARACTERS_PER_PART = 128
/** So many objects at once are looked through quicker than a Set, which gives each a hash. */
const MAX_OBJECTS = 64

/**
 * Some small plain values that share no object with each other: then one structured clone of them all gives what a clone of
 * each would give.
 *
 * It looks at values before they are cloned, so that their getters run twice. Named properties of arrays are not looked
 * at: they are neither counted nor found to hold an object that is there already.
 */
export class BatchedValues {
  readonly #objects: object[] = []

  /**
   * Adds `value`, if it is small and plain and holds no object that is there already, and returns the memory that it takes,
   * in bytes, by estimate; else returns 0.
   */
  add(value: unknown): number {
    const before = this.#objects.length
    const size = this.#sizeOrInfinity(value)
    if (size <= MAX_PARTS) return size * CHARACTERS_PER_PART
    this.#objects.length = before
    return 0
  }

  /** Forgets all of them. */
  clear(): void {
    if (this.#objects.length > 0) this.#objects.length = 0
  }

  #sizeOrInfinity(value: unknown): number {
    try {
      return this.#sizeWith(value, 0)
    } catch {
      // A getter of it throws: whoever clones it says so.
      return Number.POSITIVE_INFINITY
    }
  }

  /** How much it is, together with `before`; more than is small as soon as that is certain. */
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
