/** One thing that happened, and about how many bytes it keeps in memory. */
interface Kept<T> {
  readonly item: T
  weight: number
}

/**
 * The last things that happened, each with a number that rises by one. Bounded in number and in bytes: the oldest make
 * way.
 */
export class History<T> {
  readonly #capacity: number
  readonly #maxBytes: number
  readonly #slots: (Kept<T> | undefined)[] = []
  #bytes = 0
  #tail = 0
  #head = 0

  constructor(capacity: number, maxBytes: number) {
    this.#capacity = capacity
    this.#maxBytes = maxBytes
  }

  /** The number of the oldest that is still here; equal to {@link head} when there is none. */
  get tail(): number {
    return this.#tail
  }

  /** The number that the next one will have. */
  get head(): number {
    return this.#head
  }

  get bytes(): number {
    return this.#bytes
  }

  at(number: number): T | undefined {
    return this.#slot(number)?.item
  }

  /** @returns its number */
  push(item: T, weight: number): number {
    if (this.#head - this.#tail === this.#capacity) this.#dropOldest()
    const number = this.#head++
    this.#slots[number % this.#capacity] = { item, weight }
    this.#bytes += weight
    this.#shrink()
    return number
  }

  /** Says that one keeps more, or less, than before. */
  reweigh(number: number, weight: number): void {
    const kept = this.#slot(number)
    if (kept === undefined) return
    this.#bytes += weight - kept.weight
    kept.weight = weight
    this.#shrink()
  }

  clear(): void {
    while (this.#tail < this.#head) this.#dropOldest()
  }

  #slot(number: number): Kept<T> | undefined {
    return number < this.#tail || number >= this.#head ? undefined : this.#slots[number % this.#capacity]
  }

  /** The newest stays, whatever it weighs. */
  #shrink(): void {
    while (this.#bytes > this.#maxBytes && this.#head - this.#tail > 1) this.#dropOldest()
  }

  #dropOldest(): void {
    const slot = this.#tail++ % this.#capacity
    this.#bytes -= this.#slots[slot]?.weight ?? 0
    this.#slots[slot] = undefined
  }
}
