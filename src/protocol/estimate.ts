import { types } from 'node:util'
import { BYTES_PER_ITEM } from './limits.js'

/** Further values are not looked at: a clone of so many costs ten times as much as the look at them. */
const MAX_VALUES = 4_096
/** What a value counts for that is not looked at, in bytes. */
const UNSEEN_BYTES = 8

/**
 * The memory that a structured clone of `value` takes, in bytes, by estimate: texts and buffers by their length, of a long
 * array and of a deep tree only the beginning. Never throws.
 */
export function estimate(value: unknown): number {
  try {
    return walk([value])
  } catch {
    // A getter of it throws, as it does for whoever clones it.
    return 0
  }
}

function walk(left: unknown[]): number {
  let bytes = 0
  for (let seen = 0; left.length > 0; seen++) {
    if (seen === MAX_VALUES) return bytes + left.length * UNSEEN_BYTES
    const value = left.pop()
    bytes += BYTES_PER_ITEM
    if (typeof value === 'string') bytes += value.length
    else if (typeof value === 'object' && value !== null) bytes += open(value, left)
  }
  return bytes
}

/** Adds what `value` holds to what is left to be seen; returns what it takes besides that. */
function open(value: object, left: unknown[]): number {
  if (ArrayBuffer.isView(value)) return value.buffer.byteLength
  if (types.isAnyArrayBuffer(value)) return value.byteLength
  if (Array.isArray(value)) return push(value, value.length, left)
  if (types.isSet(value)) return push(value, value.size, left)
  if (!types.isMap(value)) return push(Object.values(value), 0, left)
  return push(value.keys(), value.size, left) + push(value.values(), value.size, left)
}

function push(values: Iterable<unknown>, count: number, left: unknown[]): number {
  let taken = 0
  for (const value of values) {
    if (taken === MAX_VALUES) break
    left.push(value)
    taken++
  }
  return Math.max(0, count - taken) * UNSEEN_BYTES
}
