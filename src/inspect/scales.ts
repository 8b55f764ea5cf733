/** How many values are looked at; what holds more is heavy. */
const VALUES = 256
/** About how many bytes the heaviest of light values has. */
const HEAVY = 65_536
/** Node.js cuts small Buffers out of pools of this many bytes: 8 KiB, or 64 KiB and an alignment since Node.js 24. */
const POOL = Buffer.allocUnsafe(1).buffer.byteLength
const LARGE = 2n ** 64n

/** Tells what is light enough to be kept. */
export class Scales {
  /** To count the keys of a large object takes long; most contexts hold the same ones from one event to the next. */
  readonly #wide = new WeakSet<object>()

  /**
   * About how many bytes values keep in memory; undefined when they are heavy, or too large to tell at once. Takes a few
   * microseconds, more only for an object with thousands of keys that it has not seen before, and never throws.
   */
  weigh(...values: readonly unknown[]): number | undefined {
    const queue: unknown[] = [...values]
    let bytes = 0
    try {
      for (let looked = 0; queue.length > 0; looked++) {
        if (looked === VALUES) return undefined
        bytes += this.#weightOf(queue.pop(), queue)
        if (bytes > HEAVY || queue.length > VALUES) return undefined
      }
    } catch {
      return undefined
    }
    return bytes
  }

  #weightOf(value: unknown, queue: unknown[]): number {
    if (typeof value === 'string') return value.length * 2 + 16
    if (typeof value === 'bigint') return value > -LARGE && value < LARGE ? 32 : HEAVY
    if (typeof value !== 'object' || value === null) return 16
    if (ArrayBuffer.isView(value)) return heldBy(value) + 64
    if (value instanceof ArrayBuffer) return value.byteLength + 64
    if (Array.isArray(value)) {
      if (value.length > VALUES) return HEAVY + 1
      queue.push(...value)
      return 32
    }
    if (value instanceof Map || value instanceof Set) return value.size > 0 ? HEAVY + 1 : 64
    // Such as another actor, which is there for other reasons.
    return 'toJSON' in value ? 64 : this.#ofEntries(value, queue)
  }

  #ofEntries(value: object, queue: unknown[]): number {
    if (this.#wide.has(value)) return HEAVY + 1
    let keys = 0
    for (const key in value) {
      if (++keys > VALUES) {
        this.#wide.add(value)
        return HEAVY + 1
      }
      queue.push((value as Record<string, unknown>)[key])
    }
    return 32 + keys * 16
  }
}

/** A view, however small, keeps all of its buffer; a pool is kept anyway. */
function heldBy(view: ArrayBufferView): number {
  const { buffer, byteLength } = view
  return view instanceof Buffer && buffer.byteLength === POOL ? byteLength : buffer.byteLength
}
