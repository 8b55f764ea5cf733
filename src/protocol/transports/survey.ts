import { types } from 'node:util'
import { isError, isPlain, isUrl, tagOf } from '../../support/index.js'
import { BYTES_PER_ITEM } from '../limits.js'
import { EncodedCbor } from '../values/encodedCbor.js'
import { isDetached, isStream } from '../values/forms.js'

/** Count each of the first 4,096 values in full. */
const MAX_VALUES = 4_096
/** Remember the visited objects from here on, so that a cycle ends: remembering costs as much as visiting. */
const MANY_VALUES = 100_000
/** Few values nest less deep than any stack allows. */
const FEW_VALUES = 64
/** The estimate for each further value, in bytes. */
const FURTHER_BYTES = 8

/** The findings of {@link survey}. */
export interface Survey {
  /** The estimated memory of its structured clone, in bytes. */
  readonly bytes: number
  /** It contains an object that a structured clone would replace by `{}`, or would refuse. */
  readonly isRefused: boolean
  /** It contains an object that needs a substitute: a structured clone would change it. */
  readonly needsSubstitutes: boolean
  /** It has few values, all of them plain or bytes, so the other side can read its clone. */
  readonly isReadable: boolean
}

/**
 * Visits all parts of `value` before it is cloned. Accessors throw as they do for `postMessage()`.
 *
 * @param transfer - objects that are moved, and need no clone
 */
export function survey(value: unknown, transfer: readonly unknown[] = []): Survey {
  return new Walk(transfer, Number.POSITIVE_INFINITY).of(value)
}

/**
 * Estimates the memory of a structured clone of `value`, in bytes. Counts texts and buffers by their length, and only the
 * beginning of long arrays and large trees. Never throws.
 */
export function estimateSize(value: unknown): number {
  try {
    return new Walk([], MAX_VALUES).of(value).bytes
  } catch {
    // A getter threw. It throws again for postMessage(), which reports it.
    return 0
  }
}

/** Whether an object needs a substitute: a clone of a URL is `{}`, and one of an error lacks most properties. */
export function needsSubstitute(value: object): boolean {
  return isError(value) || value instanceof EncodedCbor || isUrl(value)
}

/** Whether a structured clone of an object that has no data of its own is `{}`, or impossible. */
export function isLostInClone(value: object): boolean {
  if (tagOf(value) === 'Object' && Object.keys(value).length > 0) return false
  try {
    return isPlain(structuredClone(value))
  } catch {
    return true
  }
}

class Walk {
  readonly #transfer: readonly unknown[]
  readonly #maxValues: number
  readonly #unseen: object[] = []
  /** Objects that were visited, once there are so many that a cycle must end. */
  #seen: Set<object> | undefined
  #values = 0
  #bytes = 0
  #isRefused = false
  #needsSubstitutes = false
  #isPlain = true

  constructor(transfer: readonly unknown[], maxValues: number) {
    this.#transfer = transfer
    this.#maxValues = maxValues
  }

  of(value: unknown): Survey {
    this.#add(value)
    for (let object = this.#unseen.pop(); object !== undefined; object = this.#unseen.pop()) {
      if (this.#values >= this.#maxValues) break
      if (this.#values > MANY_VALUES && this.#wasSeen(object)) continue
      this.#visit(object)
    }
    return {
      bytes: this.#bytes,
      isRefused: this.#isRefused,
      needsSubstitutes: this.#needsSubstitutes,
      isReadable: this.#isPlain && this.#values <= FEW_VALUES && this.#transfer.length === 0,
    }
  }

  #wasSeen(object: object): boolean {
    this.#seen ??= new Set()
    if (this.#seen.has(object)) return true
    this.#seen.add(object)
    return false
  }

  #add(value: unknown): void {
    let bytes = this.#values++ < MAX_VALUES ? BYTES_PER_ITEM : FURTHER_BYTES
    if (typeof value === 'string') bytes += value.length
    else if (typeof value === 'object' && value !== null) this.#unseen.push(value)
    this.#bytes += bytes
  }

  #visit(object: object): void {
    if (Array.isArray(object)) this.#addArray(object)
    else if (Object.getPrototypeOf(object) === Object.prototype) this.#addFields(object)
    else if (ArrayBuffer.isView(object)) this.#addBuffer(object.buffer)
    else if (types.isAnyArrayBuffer(object)) this.#addBuffer(object)
    else this.#visitRare(object)
  }

  #visitRare(object: object): void {
    this.#isPlain = false
    if (types.isMap(object)) {
      this.#addAll(object.keys(), object.size)
      this.#addAll(object.values(), object.size)
    } else if (types.isSet(object)) this.#addAll(object, object.size)
    else if (isPlain(object)) this.#addFields(object)
    else if (!types.isDate(object) && !types.isRegExp(object) && !types.isBoxedPrimitive(object))
      this.#visitOther(object)
  }

  #visitOther(object: object): void {
    if (needsSubstitute(object)) this.#needsSubstitutes = true
    else if (this.#maxValues === MAX_VALUES || this.#transfer.includes(object)) this.#addAll(Object.values(object), 0)
    else if (isStream(object) || isLostInClone(object)) this.#isRefused = true
    else this.#addAll(Object.values(object), 0)
  }

  #addBuffer(buffer: ArrayBufferLike): void {
    this.#bytes += buffer.byteLength
    if (buffer.byteLength === 0 && isDetached(buffer)) this.#isRefused = true
  }

  #addArray(array: readonly unknown[]): void {
    const count = Math.min(array.length, this.#maxValues)
    for (let i = 0; i < count; i++) this.#add(array[i])
    this.#bytes += (array.length - count) * FURTHER_BYTES
  }

  /** Twice as fast as `Object.values()`. A plain object inherits no enumerable fields. */
  #addFields(object: object): void {
    for (const key in object) this.#add((object as Readonly<Record<string, unknown>>)[key])
  }

  #addAll(values: Iterable<unknown>, count: number): void {
    let added = 0
    for (const value of values) {
      if (added === this.#maxValues) break
      this.#add(value)
      added++
    }
    this.#bytes += Math.max(0, count - added) * FURTHER_BYTES
  }
}
