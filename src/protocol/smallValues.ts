/** What is larger is not small: so many values in all, each character of a text being a part of one. */
const MAX_SIZE = 64
const CHARACTERS = 16

/**
 * Small plain values that share no object with each other: then one structured clone of them all gives what a clone of
 * each would give.
 */
export class SmallValues {
  readonly #objects = new Set<object>()

  /** Adds `value`, if it is small and plain and holds no object that is there already; else it says `false`. */
  add(value: unknown): boolean {
    try {
      return this.#weigh(value, 0) <= MAX_SIZE
    } catch {
      // A getter of it throws: whoever clones it says so.
      return false
    }
  }

  /** Forgets all of them. */
  clear(): void {
    this.#objects.clear()
  }

  /** How much it is, together with `before`; more than is small as soon as that is certain. */
  #weigh(value: unknown, before: number): number {
    if (typeof value === 'string') return before + 1 + value.length / CHARACTERS
    if (typeof value === 'function' || typeof value === 'symbol') return Number.POSITIVE_INFINITY
    if (typeof value !== 'object' || value === null) return before + 1
    const isArray = Array.isArray(value)
    const isPlain = isArray || Object.getPrototypeOf(value) === Object.prototype
    if (!isPlain || this.#objects.has(value)) return Number.POSITIVE_INFINITY
    this.#objects.add(value)
    const items: readonly unknown[] = isArray ? value : Object.values(value)
    let size = before + 1
    for (let i = 0; i < items.length && size <= MAX_SIZE; i++) size = this.#weigh(items[i], size)
    return size
  }
}
