import { types } from 'node:util'
import { BYTES_PER_ITEM } from '../limits.js'

/** Visit at most 4,096 values: visiting them costs a tenth of cloning them. */
const MAX_VALUES = 4_096
/** The estimate for a value that is not visited, in bytes. */
const UNSEEN_BYTES = 8

/**
 * Estimates the memory of a structured clone of `value`, in bytes. Counts texts and buffers by their length, and only the
 * beginning of long arrays and large trees. Never throws.
 */
export function estimateSize(value: unknown): number {
  try {
    return sizeOfAll([value])
  } catch {
    // A getter threw. It throws again for postMessage(), which reports it.
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

/** Adds the children of `value` to `unseen`. Returns the bytes of its buffer and of children that were not added. */
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
