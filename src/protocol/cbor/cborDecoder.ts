import { type DecodeOptions, type Token, Tokenizer } from 'cborg'
import { ITEMS_PER_BYTE_STRING, MAX_NESTING, TooManyItemsError } from '../limits.js'

/** Refuses heads longer than needed and indefinite lengths. */
const STRICT: DecodeOptions = { strict: true, allowIndefinite: false, allowUndefined: true, allowBigInt: true }

const BYTES = 2
const ARRAY = 4
const MAP = 5
const TAG = 6

/** The position of an item in a message. */
export interface CborContext {
  /** Its nesting level. */
  readonly level: number
  /** The number of items up to and including this one. */
  readonly items: number
  /** The most items of the message. */
  readonly maxItems: number
}

/**
 * Builds values from the tokens of cborg. Counts the items of an array or a map before it allocates memory for them. A map
 * with text keys becomes an object, any other a `Map`.
 */
export class CborDecoder {
  /** The items so far: each element, key and value is one; a byte string is four. */
  items: number
  /** A part was nested too deep, and was skipped. */
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

  /** The offset of the next item. */
  get at(): number {
    return this.#tokens.pos()
  }

  /** Decodes one item. @throws TooManyItemsError; Error for malformed or forbidden CBOR */
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

  /** Skips `count` items in a loop, because recursion would overflow the stack. */
  #skip(count: number): undefined {
    this.isTooDeep = true
    for (let left = count; left > 0; left--) {
      const token = this.#next()
      if (token.type.major === ARRAY || token.type.major === MAP) left += this.#countIn(token)
    }
  }

  #next(): Token {
    if (this.#tokens.done()) throw invalidCbor('an item is missing at the end')
    const token = this.#tokens.next()
    if (token.type.major === TAG) throw invalidCbor(`tag ${token.value} is not allowed`)
    if (token.type.major === BYTES) this.#count(ITEMS_PER_BYTE_STRING - 1)
    return token
  }

  /** Returns the number of items in the array or map that `token` begins. */
  #countIn({ type, value }: Token): number {
    const count = type.major === MAP ? 2 * value : value
    const left = this.#length - this.at
    if (count > left) throw invalidCbor(`${count} items cannot fit in ${left} bytes`)
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
      throw new Error('Invalid CBOR: a map has a key that is bytes, an array or a map. Use text or numbers as keys.')
    }
    entries.set(key, values[i])
  })
  return entries
}

function repeatedKey(key: unknown): Error {
  return invalidCbor(`a map has the repeat map key ${JSON.stringify(String(key))}`)
}

function invalidCbor(why: string): Error {
  return new Error(`Invalid CBOR: ${why}.`)
}
