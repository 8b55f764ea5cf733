import { type DecodeOptions, type Token, Tokenizer } from 'cborg'
import { ITEMS_PER_BYTE_STRING, MAX_NESTING, TooManyItemsError } from '../limits.js'

/** Refuses heads longer than needed and indefinite lengths. */
const STRICT: DecodeOptions = { strict: true, allowIndefinite: false, allowUndefined: true, allowBigInt: true }

const BYTES = 2
const ARRAY = 4
const MAP = 5
const TAG = 6

/** Where an item is in a message. */
export interface CborContext {
  /** How deep it is nested. */
  readonly level: number
  /** How many items the message has before it, the item included. */
  readonly items: number
  /** How many items the message may have. */
  readonly maxItems: number
}

/**
 * Builds values of what the library reads head by head. An array or a map is counted before there is memory for what it
 * holds. A map is an object, unless it has other keys than texts: then it is a `Map`.
 */
export class CborDecoder {
  /** The items so far: each element, each key, each value; a byte string for four. */
  items: number
  /** Something was nested too deep, and was skipped. */
  isTooDeep = false
  readonly #tokens: Tokenizer
  readonly #length: number
  readonly #level: number
  readonly #maxItems: number

  constructor(bytes: Uint8Array, { level, items, maxItems }: CborContext) {
    this.items = items
    this.#tokens = new Tokenizer(bytes, STRICT)
    this.#length = bytes.length
    this.#level = level
    this.#maxItems = maxItems
  }

  /** Where the next item begins. */
  get at(): number {
    return this.#tokens.pos()
  }

  /** @throws TooManyItemsError, and Error for what is not well-formed, or refused */
  read(level: number = this.#level): unknown {
    const token = this.#next()
    const { major } = token.type
    if (major !== ARRAY && major !== MAP) return token.value
    const count = this.#countIn(token)
    if (level >= MAX_NESTING) return this.#skip(count)
    return major === ARRAY ? this.#array(count, level + 1) : this.#map(count / 2, level + 1)
  }

  #array(count: number, level: number): unknown[] {
    const items: unknown[] = []
    for (let i = 0; i < count; i++) items.push(this.read(level))
    return items
  }

  #map(count: number, level: number): object {
    const keys: unknown[] = []
    const values: unknown[] = []
    for (let i = 0; i < count; i++) {
      keys.push(this.read(level))
      values.push(this.read(level))
    }
    return keys.every(key => typeof key === 'string') ? objectFrom(keys, values) : mapFrom(keys, values)
  }

  /** In a loop, so that nothing is too deep for it. */
  #skip(count: number): undefined {
    this.isTooDeep = true
    for (let left = count; left > 0; left--) {
      const token = this.#next()
      if (token.type.major === ARRAY || token.type.major === MAP) left += this.#countIn(token)
    }
  }

  #next(): Token {
    if (this.#tokens.done()) throw refused('it ends where an item should begin')
    const token = this.#tokens.next()
    if (token.type.major === TAG) throw refused(`it has the tag ${token.value}`)
    if (token.type.major === BYTES) this.#count(ITEMS_PER_BYTE_STRING - 1)
    return token
  }

  /** How many items are in the array or the map that begins. */
  #countIn({ type, value }: Token): number {
    const count = type.major === MAP ? 2 * value : value
    const left = this.#length - this.at
    if (count > left) throw refused(`it says that ${count} items are in ${left} bytes`)
    this.#count(count)
    return count
  }

  #count(items: number): void {
    this.items += items
    if (this.items > this.#maxItems) throw new TooManyItemsError(this.#maxItems)
  }
}

function objectFrom(keys: readonly string[], values: readonly unknown[]): object {
  const fields: Record<string, unknown> = {}
  keys.forEach((key, i) => {
    if (Object.hasOwn(fields, key)) throw repeatedKey(key)
    if (key !== '__proto__') fields[key] = values[i]
    else Object.defineProperty(fields, key, { value: values[i], configurable: true, enumerable: true, writable: true })
  })
  return fields
}

function mapFrom(keys: readonly unknown[], values: readonly unknown[]): Map<unknown, unknown> {
  const entries = new Map<unknown, unknown>()
  keys.forEach((key, i) => {
    if (entries.has(key)) throw repeatedKey(key)
    if (typeof key === 'object' && key !== null) {
      throw new Error('A map has a key that is bytes, an array or a map; keys are texts or numbers.')
    }
    entries.set(key, values[i])
  })
  return entries
}

function repeatedKey(key: unknown): Error {
  return refused(`it has the repeat map key ${JSON.stringify(String(key))}`)
}

function refused(why: string): Error {
  return new Error(`CBOR is refused: ${why}.`)
}
