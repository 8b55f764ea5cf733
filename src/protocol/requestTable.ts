const MIN_SLOTS = 64
const MAX_SLOTS = 65_536

/**
 * Requests by their ids, which mostly rise by one.
 *
 * It stands in place of a Map. A Map whose entries come and go moves them to a new table again and again, and each old table
 * points to the next one. Once a table is in V8's old generation, it keeps all that follow, with the requests in them, until the
 * next full collection. That cost short HTTP requests a tenth of their throughput.
 */
export class RequestTable<Id extends number | bigint, Value> {
  /** The value of an id is in the slot that its last bits name. */
  #values: (Value | undefined)[] = emptySlots(MIN_SLOTS)
  #ids: (Id | undefined)[] = emptySlots(MIN_SLOTS)
  /** Entries displaced by a later id with the same slot. They are few: requests that take much longer than others. */
  readonly #others = new Map<Id, Value>()
  #size = 0

  get size(): number {
    return this.#size
  }

  /** In the order of their ids. */
  valuesInOrder(): Value[] {
    const entries = [...this.#placed, ...this.#others]
    return entries.sort(([a], [b]) => (a < b ? -1 : 1)).map(([, value]) => value)
  }

  /** The entries in slots. */
  get #placed(): [Id, Value][] {
    return this.#ids.flatMap((id, slot) => (id === undefined ? [] : [[id, this.#values[slot] as Value]]))
  }

  get(id: Id): Value | undefined {
    const slot = this.#slotOf(id)
    return this.#ids[slot] === id ? this.#values[slot] : this.#others.get(id)
  }

  has(id: Id): boolean {
    return this.get(id) !== undefined
  }

  /** Adds an entry. The id must be a new one. */
  set(id: Id, value: Value): void {
    // With four slots for each entry, one in fifty is displaced when requests end in random order.
    if (4 * this.#size >= this.#ids.length && this.#ids.length < MAX_SLOTS) this.#grow()
    this.#size++
    this.#put(id, value)
  }

  delete(id: Id): void {
    const slot = this.#slotOf(id)
    if (this.#ids[slot] === id) {
      this.#ids[slot] = undefined
      this.#values[slot] = undefined
      this.#size--
    } else if (this.#others.delete(id)) this.#size--
  }

  clear(): void {
    this.#values = emptySlots(MIN_SLOTS)
    this.#ids = emptySlots(MIN_SLOTS)
    this.#others.clear()
    this.#size = 0
  }

  #slotOf(id: Id): number {
    return typeof id === 'number' ? id & (this.#ids.length - 1) : 0
  }

  #put(id: Id, value: Value): void {
    const slot = this.#slotOf(id)
    const before = this.#ids[slot]
    if (before !== undefined) this.#others.set(before, this.#values[slot] as Value)
    this.#ids[slot] = id
    this.#values[slot] = value
  }

  #grow(): void {
    const placed = this.#placed
    const count = 2 * this.#ids.length
    this.#ids = emptySlots(count)
    this.#values = emptySlots(count)
    for (const [id, value] of placed) this.#put(id, value)
  }
}

/** Without holes, which V8 reads more slowly. */
function emptySlots(count: number): undefined[] {
  return Array.from({ length: count }, () => undefined)
}
