import { types } from 'node:util'
import { isError, tagOf } from '../realms.js'

/** How much of a value is shown. */
export interface Limits {
  /** How deep objects may nest. */
  readonly depth: number
  /** How many entries of one object, array, map or set are shown. */
  readonly items: number
  /** How many characters of one text are shown. */
  readonly characters: number
  /** About how many characters all of it may take together; beyond that the walk gives up. */
  readonly total: number
  /** What is shown of a function. @default its name, in brackets */
  readonly ofFunction?: (name: string) => unknown
}

const MORE = '…'

/**
 * The value as plain JSON data within the limits; undefined when it takes more than `total`. Never throws, whatever the
 * value is. What JSON cannot say is told in a text, such as `[Function f]`, and what is cut carries a note.
 */
export function toPlain(value: unknown, limits: Limits): { readonly plain: unknown } | undefined {
  const walk = new Walk(limits)
  const plain = walk.visit(value)
  return walk.left < 0 ? undefined : { plain }
}

/** A text, cut with a note if it is longer than `max` characters. */
export function cut(text: string, max: number): string {
  return text.length <= max ? text : `${text.slice(0, max)}… [truncated: ${text.length} characters]`
}

class Walk {
  left: number
  readonly #limits: Limits
  /** The objects around the one that is being looked at. */
  readonly #around: object[] = []

  constructor(limits: Limits) {
    this.#limits = limits
    this.left = limits.total
  }

  visit(value: unknown): unknown {
    const plain = typeof value === 'object' && value !== null ? this.#object(value) : this.#primitive(value)
    this.left -= typeof plain === 'string' ? plain.length + 3 : 4
    return plain
  }

  #primitive(value: unknown): unknown {
    switch (typeof value) {
      case 'string':
        return cut(value, this.#limits.characters)
      case 'number':
        return Number.isFinite(value) ? value : `[${value}]`
      case 'bigint':
        // To write out a long one takes time that grows with the square of its length.
        return value > -LARGE && value < LARGE ? `${value}n` : '[BigInt]'
      case 'symbol':
        return cut(`[${String(value)}]`, this.#limits.characters)
      case 'function':
        return this.#function(value)
      default:
        return value
    }
  }

  #function(value: object): unknown {
    const name = nameOf(value)
    return this.#limits.ofFunction?.(name) ?? `[Function ${name}]`
  }

  #object(value: object): unknown {
    if (this.left < 0) return MORE
    if (this.#around.includes(value)) return '[Circular]'
    if (this.#around.length >= this.#limits.depth) return Array.isArray(value) ? '[Array]' : '[Object]'
    this.#around.push(value)
    try {
      return this.#open(value)
    } catch {
      return '[not readable]'
    } finally {
      this.#around.pop()
    }
  }

  #open(value: object): unknown {
    if (Array.isArray(value)) return this.#list(value.length, index => value[index])
    if (isError(value)) return this.#error(value)
    if (types.isDate(value)) return dateText(value)
    if (types.isRegExp(value)) return cut(String(value), this.#limits.characters)
    if (types.isMap(value)) return { [`[Map ${value.size}]`]: this.#iterable(value, value.size) }
    if (types.isSet(value)) return { [`[Set ${value.size}]`]: this.#iterable(value, value.size) }
    if (ArrayBuffer.isView(value))
      return bytes(value.constructor.name, value.buffer, value.byteOffset, value.byteLength)
    if (types.isArrayBuffer(value)) return bytes('ArrayBuffer', value, 0, value.byteLength)
    if (isOpaque(value)) return `[${tagOf(value)}]`
    const { toJSON } = value as { readonly toJSON?: unknown }
    if (typeof toJSON === 'function') return this.visit(toJSON.call(value))
    return this.#entries(value)
  }

  #entries(value: object): Record<string, unknown> {
    // Without a prototype, so that the key `__proto__` is one like the others.
    const plain: Record<string, unknown> = Object.create(null)
    const keys = Object.keys(value)
    for (const key of keys.slice(0, this.#limits.items)) {
      this.left -= key.length
      if (this.left < 0) return plain
      plain[cut(key, this.#limits.characters)] = this.#property(value, key)
    }
    if (keys.length > this.#limits.items) plain[MORE] = `[${keys.length - this.#limits.items} more]`
    return plain
  }

  #property(value: object, key: string): unknown {
    let content: unknown
    try {
      content = (value as Record<string, unknown>)[key]
    } catch {
      return '[the getter threw]'
    }
    return this.visit(content)
  }

  #list(length: number, at: (index: number) => unknown): unknown[] {
    const plain: unknown[] = []
    for (let index = 0; index < length && index < this.#limits.items && this.left >= 0; index++) {
      plain.push(this.visit(at(index)) ?? null)
    }
    if (length > this.#limits.items) plain.push(`[${length - this.#limits.items} more]`)
    return plain
  }

  #iterable(values: Iterable<unknown>, size: number): unknown[] {
    const iterator = values[Symbol.iterator]()
    return this.#list(size, () => iterator.next().value)
  }

  #error(error: Error): Record<string, unknown> {
    const plain: Record<string, unknown> = Object.create(null)
    for (const key of ['name', 'message', 'code', 'cause'] as const) {
      const content = this.#property(error, key)
      if (content !== undefined) plain[key] = content
    }
    return plain
  }
}

const LARGE = 10n ** 100n

function isOpaque(value: object): boolean {
  return types.isPromise(value) || types.isWeakMap(value) || types.isWeakSet(value) || tagOf(value) === 'WeakRef'
}

/** What a class made of `Date` says of itself may be anything: it is not asked. */
function dateText(value: Date): string {
  const time = Date.prototype.getTime.call(value)
  return Number.isNaN(time) ? '[Invalid Date]' : new Date(time).toISOString()
}

/** The name of a function may be a getter that throws. */
function nameOf(value: { readonly name?: unknown }): string {
  try {
    return typeof value.name === 'string' ? cut(value.name, 80) : ''
  } catch {
    return ''
  }
}

function bytes(name: string, buffer: ArrayBufferLike, offset: number, length: number): string {
  const start = Buffer.from(buffer, offset, Math.min(length, 32)).toString('hex')
  return `[${name} of ${length} bytes: ${start}${length > 32 ? '…' : ''}]`
}
