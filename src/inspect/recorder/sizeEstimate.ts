import { types } from 'node:util'

/** How many values one estimate visits. A value with more parts counts as large. */
const MAX_VALUES = 256
/** Values above this many bytes count as large. */
const MAX_BYTES = 65_536
/** The size of the pool from which Node.js cuts small Buffers: 8 KiB, or 64 KiB and an alignment since Node.js 24. */
const POOL_BYTES = Buffer.allocUnsafe(1).buffer.byteLength
const MAX_SMALL_BIGINT = 2n ** 64n

/** Estimates how many bytes values keep in memory, to decide which of them may be kept. */
export class SizeEstimator {
  /** Objects with too many keys. It takes long to count them, and a context often holds the same one for many events. */
  readonly #withManyKeys = new WeakSet<object>()

  /**
   * About how many bytes the values keep in memory together; undefined if they are large. Takes a few microseconds, and
   * longer only for an object with thousands of keys that it sees for the first time. Never throws.
   */
  estimate(...values: readonly unknown[]): number | undefined {
    const queue: unknown[] = [...values]
    let bytes = 0
    try {
      for (let visited = 0; queue.length > 0; visited++) {
        if (visited === MAX_VALUES) return undefined
        bytes += this.#visit(queue.pop(), queue)
        if (bytes > MAX_BYTES || queue.length > MAX_VALUES) return undefined
      }
    } catch {
      return undefined
    }
    return bytes
  }

  /** Appends the value's parts to the queue. @returns the bytes of the value without its parts */
  #visit(value: unknown, queue: unknown[]): number {
    if (typeof value === 'string') return value.length * 2 + 16
    if (typeof value === 'bigint') return value > -MAX_SMALL_BIGINT && value < MAX_SMALL_BIGINT ? 32 : MAX_BYTES
    if (typeof value !== 'object' || value === null) return 16
    if (ArrayBuffer.isView(value)) return retainedBytes(value) + 64
    if (types.isArrayBuffer(value)) return value.byteLength + 64
    if (Array.isArray(value)) {
      if (value.length > MAX_VALUES) return MAX_BYTES + 1
      queue.push(...value)
      return 32
    }
    if (types.isMap(value) || types.isSet(value)) return value.size > 0 ? MAX_BYTES + 1 : 64
    // For example another actor: the program keeps it in memory anyway.
    return 'toJSON' in value ? 64 : this.#visitEntries(value, queue)
  }

  #visitEntries(value: object, queue: unknown[]): number {
    if (this.#withManyKeys.has(value)) return MAX_BYTES + 1
    let keys = 0
    for (const key in value) {
      if (++keys > MAX_VALUES) {
        this.#withManyKeys.add(value)
        return MAX_BYTES + 1
      }
      queue.push((value as Record<string, unknown>)[key])
    }
    return 32 + keys * 16
  }
}

/** A view keeps its whole buffer in memory, even if it shows only a part of it. The pool of Node.js exists anyway. */
function retainedBytes(view: ArrayBufferView): number {
  const { buffer, byteLength } = view
  return Buffer.isBuffer(view) && buffer.byteLength === POOL_BYTES ? byteLength : buffer.byteLength
}
