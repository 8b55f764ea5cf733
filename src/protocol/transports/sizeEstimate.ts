import { types } from 'node:util'
import { BYTES_PER_ITEM } from '../limits.js'

/** Further values are not looked at: a clone of so many costs ten times as much as the look at them. */
const MAX_VALUES = 4_096
/** What a value counts for that is not looked at, in bytes. */
const UNSEEN_BYTES = 8

/**
 * The memory that a structured clone of `value` takes, in bytes, by estimate: texts and buffers by their length, of a long
 * array and of a deep tree only the beginning. Never throws.
 */
export function estimateSize(value: unknown): number {
  try {
    return sizeOfAll([value])
  } catch {
    // A getter of it throws, as it does for whoever clones it.
    return 0
  }
}

function sizeOfAll(unseen: unknown[]): number {
  let bytes = 0
  for (let seen = 0; unseen.length > 0; seen++) {
    if (seen === MAX_VALUES) return bytes + unseen.length * UNSEEN_BYTES
    const value = unseen.pop()
    bytes += BYTES_PER_ITEM
    if (typeof value === 'string') bytes += value.length
    else if (typeof value === 'object' && value !== null) bytes += addChildren(value, unseen)
  }
  return bytes
}

/** Adds what `value` holds to what is unseen to be seen; returns what it takes besides that. */
function addChildren(value: object, unseen: unknown[]): number {
  if (ArrayBuffer.isView(value)) return value.buffer.byteLength
  if (types.isAnyArrayBuffer(value)) return value.byteLength
  if (Array.isArray(value)) return addAll(value, value.length, unseen)
  if (types.isSet(value)) return addAll(value, value.size, unseen)
  if (!types.isMap(value)) return addAll(Object.values(value), 0, unseen)
  return addAll(value.keys(), value.size, unseen) + addAll(value.values(), value.size, unseen)
}

function addAll(values: Iterable<unknown>, count: number, unseen: unknown[]): number {
  let added = 0
  for (const value of values) {
    if (added === MAX_VALUES) break
    unseen.push(value)
    added++
  }
  return Math.max(0, count - added) * UNSEEN_BYTES
}
