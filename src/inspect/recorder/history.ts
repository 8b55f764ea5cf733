interface Slot<T> {
  readonly item: T
  /** About how many bytes the item keeps in memory. */
  size: number
}

/**
 * A ring buffer of the last items, numbered from 0 upwards. Limited in number and in bytes: a new item displaces the
 * oldest.
 */
export class History<T> {
  readonly #capacity: number
  readonly #maxBytes: number
  readonly #slots: (Slot<T> | undefined)[] = []
  #bytes = 0
  #tail = 0
  #head = 0

  constructor(capacity: number, maxBytes: number) {
    this.#capacity = capacity
    this.#maxBytes = maxBytes
  }

  /** The number of the oldest item; equal to {@link head} if the history is empty. */
  get tail(): number {
    return this.#tail
  }

  /** The number of the next item. */
  get head(): number {
    return this.#head
  }

  get bytes(): number {
    return this.#bytes
  }

  at(number: number): T | undefined {
    return this.#slot(number)?.item
  }

  /** @param size - in bytes @returns the item's number */
  push(item: T, size: number): number {
    if (this.#head - this.#tail === this.#capacity) this.#dropOldest()
    const number = this.#head++
    this.#slots[number % this.#capacity] = { item, size }
    this.#bytes += size
    this.#shrink()
    return number
  }

  /** Corrects the size of an item. */
  resize(number: number, size: number): void {
    const slot = this.#slot(number)
    if (slot === undefined) return
    this.#bytes += size - slot.size
    slot.size = size
    this.#shrink()
  }

  clear(): void {
    while (this.#tail < this.#head) this.#dropOldest()
  }

  #slot(number: number): Slot<T> | undefined {
    return number < this.#tail || number >= this.#head ? undefined : this.#slots[number % this.#capacity]
  }

  /** Keeps the newest item, even if it is larger than the limit. */
  #shrink(): void {
    while (this.#bytes > this.#maxBytes && this.#head - this.#tail > 1) this.#dropOldest()
  }

  #dropOldest(): void {
    const index = this.#tail++ % this.#capacity
    this.#bytes -= this.#slots[index]?.size ?? 0
    this.#slots[index] = undefined
  }
}
