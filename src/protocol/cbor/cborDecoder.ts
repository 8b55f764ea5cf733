import { type DecodeOptions, type Token, Tokenizer } from 'cborg'
import { ITEMS_PER_BYTE_STRING, MAX_NESTING, TooDeepError, TooManyItemsError } from '../limits.js'
import * as revive from './revive.js'
import * as tags from './tags.js'

/** Refuses heads longer than needed and indefinite lengths. */
const STRICT: DecodeOptions = { strict: true, allowIndefinite: false, allowUndefined: true, allowBigInt: true }

const BYTES = 2
const TEXT = 3
const ARRAY = 4
const MAP = 5
const TAG = 6
/** Some errors of Node.js repeat the whole value. */
const MAX_REASON = 200

interface CborRules {
  /** The most items of the message. */
  readonly maxItems: number
  /** Whether to accept the tags of `tags.ts`. Oasis Core forbids all tags. */
  readonly hasTags: boolean
}

/** The position of an item in a message. */
export interface CborContext extends CborRules {
  /** Its nesting level. */
  readonly level: number
  /** The number of items up to and including this one. */
  readonly items: number
}

/**
 * Builds values from the tokens of cborg. Counts the items of an array or a map before it allocates memory for them. A map
 * with text keys becomes an object, any other a `Map`, and so does one with the tag for it.
 *
 * Malformed CBOR throws, and so does a tag that is unknown or on an item of another type. A well-formed tag whose content is
 * no valid value, such as a pattern that does not compile, only makes the message unreadable: the other side may run a
 * version of Node.js that knows more.
 */
export class CborDecoder {
  /** The items so far: each element, key and value is one; a byte string is four. */
  items: number
  /** Why a part is missing: it was nested too deep, or is no valid value of its type. */
  unreadable: Error | undefined
  readonly #tokens: Tokenizer
  readonly #level: number
  readonly #maxItems: number
  readonly #bytes: Uint8Array
  readonly #hasTags: boolean

  constructor(bytes: Uint8Array, { level, items, maxItems, hasTags }: CborContext) {
    this.items = items
    this.#tokens = new Tokenizer(bytes, STRICT)
    this.#bytes = bytes
    this.#hasTags = hasTags
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
    if (major === TAG) return this.#tagged(token.value as number, level)
    if (major !== ARRAY && major !== MAP) return token.value
    const count = this.#countIn(token)
    if (level >= MAX_NESTING) return this.#skipDeep(count)
    return major === ARRAY ? this.#array(count, level + 1) : this.#map(count / 2, level + 1)
  }

  /** Skips one item in a loop, because recursion would overflow the stack. @throws Error as {@link read} */
  skip(): void {
    this.#skip(1)
  }

  #array(count: number, level: number): unknown[] {
    const items: unknown[] = []
    for (let i = 0; i < count; i++) items.push(this.read(level))
    return items
  }

  #map(count: number, level: number, isMap = false): object {
    const keys: unknown[] = []
    const values: unknown[] = []
    /** The bytes of keys that are objects, to find those that repeat. */
    const seen = new Set<string>()
    for (let i = 0; i < count; i++) {
      const start = this.at
      const key = this.read(level)
      if (count > 1 && typeof key === 'object' && key !== null) this.#checkKey(seen, start)
      keys.push(key)
      values.push(this.read(level))
    }
    if (!isMap && keys.every(key => typeof key === 'string')) return objectFrom(keys as string[], values)
    return mapFrom(keys, values)
  }

  #checkKey(seen: Set<string>, start: number): void {
    const bytes = this.#bytes.subarray(start, this.at)
    // Keys within keys would be compared once per level.
    this.#count(tags.itemsOfKey(bytes.length))
    const text = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString('latin1')
    if (seen.has(text)) throw repeatedKey('that is bytes, an array or a map')
    seen.add(text)
  }

  #tagged(tag: number, level: number): unknown {
    this.#count(tags.itemsOf(tag))
    const typedArray = tags.typedArrayOf(tag)
    if (typedArray !== undefined)
      return this.#revive(bytes => revive.typedArray(typedArray, bytes), this.#content(tag, BYTES))
    switch (tag) {
      case tags.DATE:
        return this.#revive(revive.date, this.#number(tag))
      case tags.DATE_TEXT:
        return this.#revive(revive.dateText, this.#content(tag, TEXT))
      case tags.BIGINT:
        return revive.bigint(this.#content(tag, BYTES))
      case tags.NEGATIVE_BIGINT:
        return -1n - revive.bigint(this.#content(tag, BYTES))
      case tags.URL:
        return this.#revive(revive.url, this.#content(tag, TEXT))
      case tags.MAP:
        return this.#taggedMap(tag, level)
      case tags.SET:
        return this.#revive(revive.set, this.#taggedArray(tag, level))
      case tags.REGEXP:
        return this.#revive(revive.regexp, this.#taggedArray(tag, level))
      case tags.OBJECT:
        return this.#revive(revive.object, this.#taggedArray(tag, level))
      default:
        throw unknownTag(tag)
    }
  }

  /** Revives a value from what it consists of, unless that was skipped or is invalid. */
  #revive<Content>(make: (content: Content) => unknown, content: Content | undefined): unknown {
    if (content === undefined) return undefined
    try {
      return make(content)
    } catch (error) {
      this.unreadable ??= new Error(`it has an invalid value: ${(error as Error).message.slice(0, MAX_REASON)}`)
      return undefined
    }
  }

  #content(tag: number, major: typeof BYTES): Uint8Array
  #content(tag: number, major: typeof TEXT): string
  #content(tag: number, major: number): unknown {
    const token = this.#next()
    if (token.type.major !== major) throw wrongContent(tag)
    return token.value
  }

  #number(tag: number): number {
    const { type, value } = this.#next()
    // The value of an array or a map is its length.
    if (typeof value !== 'number' || type.major === ARRAY || type.major === MAP) throw wrongContent(tag)
    return value
  }

  #taggedArray(tag: number, level: number): unknown[] | undefined {
    const token = this.#next()
    if (token.type.major !== ARRAY) throw wrongContent(tag)
    const count = this.#countIn(token)
    return level >= MAX_NESTING ? this.#skipDeep(count) : this.#array(count, level + 1)
  }

  #taggedMap(tag: number, level: number): object | undefined {
    const token = this.#next()
    if (token.type.major !== MAP) throw wrongContent(tag)
    const count = this.#countIn(token)
    return level >= MAX_NESTING ? this.#skipDeep(count) : this.#map(count / 2, level + 1, true)
  }

  #skipDeep(count: number): undefined {
    this.unreadable ??= new TooDeepError()
    this.#skip(count)
  }

  #skip(count: number): void {
    for (let left = count; left > 0; left--) {
      const token = this.#next()
      const { major } = token.type
      if (major === ARRAY || major === MAP) left += this.#countIn(token)
      else if (major === TAG) {
        if (!tags.isKnown(token.value as number)) throw unknownTag(token.value)
        this.#count(tags.itemsOf(token.value as number))
        left++
      }
    }
  }

  #next(): Token {
    if (this.#tokens.done()) throw invalidCbor('an item is missing at the end')
    const token = this.#tokens.next()
    if (token.type.major === TAG && !this.#hasTags) throw unknownTag(token.value)
    if (token.type.major === BYTES) this.#count(ITEMS_PER_BYTE_STRING - 1)
    return token
  }

  /** Returns the number of items in the array or map that `token` begins. */
  #countIn({ type, value }: Token): number {
    const count = type.major === MAP ? 2 * value : value
    const left = this.#bytes.length - this.at
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
    entries.set(key, values[i])
  })
  return entries
}

function repeatedKey(key: unknown): Error {
  return invalidCbor(`a map has the repeat map key ${JSON.stringify(String(key))}`)
}

function unknownTag(tag: unknown): Error {
  return invalidCbor(`tag ${tag} is not allowed`)
}

function wrongContent(tag: number): Error {
  return invalidCbor(`tag ${tag} is on an item of another type`)
}

function invalidCbor(why: string): Error {
  return new Error(`Invalid CBOR: ${why}.`)
}
