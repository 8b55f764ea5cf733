import { types } from 'node:util'
import { isError, tagOf } from '../../support/index.js'
import { isSecret, MASKED, MaskedValue, maskSecrets } from './maskSecrets.js'

/** How much of a value is shown. */
export interface PlainDataLimits {
  /** How deep objects may nest. */
  readonly depth: number
  /** How many entries of one object, array, map or set are shown. */
  readonly items: number
  /** How many characters of one string are shown. */
  readonly characters: number
  /** About how many characters the result may have. The conversion stops when it needs more. */
  readonly total: number
  /** The text shown instead of a function. @default its name, in brackets */
  readonly describeFunction?: (name: string) => unknown
}

const ELLIPSIS = '…'
/** How far beyond the shown part a text is searched for secrets: one that begins in that part is found as a whole. */
const MASK_AHEAD = 256

/**
 * Converts any value to plain JSON data within the limits. Returns undefined if that takes more than `total`. Never
 * throws. What JSON cannot hold becomes a text such as `[Function f]`, and a note says what was left out.
 */
export function toPlainData(value: unknown, limits: PlainDataLimits): { readonly plain: unknown } | undefined {
  const converter = new Converter(limits)
  const plain = converter.convert(value)
  return converter.budget < 0 ? undefined : { plain }
}

/** Shortens a text to `max` characters and appends a note. */
export function truncate(text: string, max: number): string {
  return text.length <= max ? text : `${text.slice(0, max)}${truncationNote(text.length)}`
}

function truncationNote(length: number): string {
  return `… [truncated: ${length} characters]`
}

class Converter {
  /** How many characters may still be used. */
  budget: number
  readonly #limits: PlainDataLimits
  /** The objects that contain the current one, from the outside in. */
  readonly #ancestors: object[] = []
  #masksSecrets = false
  /** A name around the current value that says that it is secret. */
  #secretName: string | undefined

  constructor(limits: PlainDataLimits) {
    this.#limits = limits
    this.budget = limits.total
  }

  convert(value: unknown): unknown {
    const masked = typeof value === 'object' && value !== null ? MaskedValue.valueOf(value) : undefined
    if (masked !== undefined) return this.#convertMasked(masked)
    if (this.#isSecretPart(value)) return MASKED
    const plain = typeof value === 'object' && value !== null ? this.#object(value) : this.#primitive(value)
    this.budget -= typeof plain === 'string' ? plain.length + 3 : 4
    return plain
  }

  #convertMasked(value: object | string): unknown {
    const before = this.#masksSecrets
    this.#masksSecrets = true
    try {
      return this.convert(value)
    } finally {
      this.#masksSecrets = before
    }
  }

  #text(text: string): string {
    const max = this.#limits.characters
    if (!this.#masksSecrets) return truncate(text, max)
    // Mask only the shown part: a guest may send texts of many megabytes.
    const masked = maskSecrets(text.slice(0, max + MASK_AHEAD))
    return text.length <= max ? masked : `${masked.slice(0, max)}${truncationNote(text.length)}`
  }

  #primitive(value: unknown): unknown {
    switch (typeof value) {
      case 'string':
        return this.#text(value)
      case 'number':
        return Number.isFinite(value) ? value : `[${value}]`
      case 'bigint':
        // The time to format a BigInt grows with the square of its length.
        return value > -MAX_FORMATTED_BIGINT && value < MAX_FORMATTED_BIGINT ? `${value}n` : '[BigInt]'
      case 'symbol':
        return truncate(`[${String(value)}]`, this.#limits.characters)
      case 'function':
        return this.#function(value)
      default:
        return value
    }
  }

  #function(value: object): unknown {
    const name = functionName(value)
    return this.#limits.describeFunction?.(name) ?? `[Function ${name}]`
  }

  /** The bytes of a key are a secret, and so are 32 hexadecimal digits of a text. */
  get #shownBytes(): number {
    return this.#masksSecrets ? 15 : 32
  }

  #object(value: object): unknown {
    if (this.budget < 0) return ELLIPSIS
    if (this.#ancestors.includes(value)) return '[Circular]'
    if (this.#ancestors.length >= this.#limits.depth) return Array.isArray(value) ? '[Array]' : '[Object]'
    this.#ancestors.push(value)
    try {
      return this.#content(value)
    } catch {
      return '[not readable]'
    } finally {
      this.#ancestors.pop()
    }
  }

  #content(value: object): unknown {
    if (Array.isArray(value)) {
      // An entry of a Map, or a header.
      if (value.length === 2 && this.#isSecretName(value[0])) return [value[0], this.#convertNamed(value[0], value[1])]
      return this.#list(value.length, index => value[index])
    }
    if (isError(value)) return this.#error(value)
    if (types.isDate(value)) return dateText(value)
    if (types.isRegExp(value)) return this.#text(String(value))
    if (types.isMap(value)) return { [`[Map ${value.size}]`]: this.#iterable(value, value.size) }
    if (types.isSet(value)) return { [`[Set ${value.size}]`]: this.#iterable(value, value.size) }
    if (ArrayBuffer.isView(value)) {
      return bytesText(value.constructor.name, value.buffer, value.byteOffset, value.byteLength, this.#shownBytes)
    }
    if (types.isArrayBuffer(value)) return bytesText('ArrayBuffer', value, 0, value.byteLength, this.#shownBytes)
    if (isOpaque(value)) return `[${tagOf(value)}]`
    const { toJSON } = value as { readonly toJSON?: unknown }
    if (typeof toJSON === 'function') return this.convert(toJSON.call(value))
    return this.#entries(value)
  }

  #entries(value: object): Record<string, unknown> {
    // No prototype, so that `__proto__` is an ordinary key.
    const plain: Record<string, unknown> = Object.create(null)
    const keys = Object.keys(value)
    for (const key of keys.slice(0, this.#limits.items)) {
      this.budget -= key.length
      if (this.budget < 0) return plain
      plain[this.#text(key)] = this.#property(value, key)
    }
    if (keys.length > this.#limits.items) plain[ELLIPSIS] = `[${keys.length - this.#limits.items} more]`
    return plain
  }

  #property(value: object, key: string): unknown {
    let content: unknown
    try {
      content = (value as Record<string, unknown>)[key]
    } catch {
      return '[the getter threw]'
    }
    return this.#isSecretName(key) ? this.#convertNamed(key, content) : this.convert(content)
  }

  /** Converts what has a secret name: its texts and bytes are masked, however deep they are. */
  #convertNamed(name: string, content: unknown): unknown {
    const before = this.#secretName
    this.#secretName = name
    try {
      return this.convert(content)
    } finally {
      this.#secretName = before
    }
  }

  #isSecretName(name: unknown): name is string {
    return this.#masksSecrets && typeof name === 'string' && isSecret(name, Number.POSITIVE_INFINITY)
  }

  /** Whether the value is a text or bytes with a secret name. */
  #isSecretPart(value: unknown): boolean {
    const name = this.#secretName
    if (name === undefined || !this.#masksSecrets) return false
    if (typeof value === 'string') return isSecret(name, value.length)
    if (ArrayBuffer.isView(value) || types.isArrayBuffer(value)) return isSecret(name, value.byteLength)
    return false
  }

  #list(length: number, at: (index: number) => unknown): unknown[] {
    const plain: unknown[] = []
    for (let index = 0; index < length && index < this.#limits.items && this.budget >= 0; index++) {
      plain.push(this.convert(at(index)) ?? null)
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

const MAX_FORMATTED_BIGINT = 10n ** 100n

function isOpaque(value: object): boolean {
  return types.isPromise(value) || types.isWeakMap(value) || types.isWeakSet(value) || tagOf(value) === 'WeakRef'
}

/** Calls the methods of `Date` itself: a subclass may override them with anything. */
function dateText(value: Date): string {
  const time = Date.prototype.getTime.call(value)
  return Number.isNaN(time) ? '[Invalid Date]' : new Date(time).toISOString()
}

/** The name of a function may be a getter that throws. */
function functionName(value: { readonly name?: unknown }): string {
  try {
    return typeof value.name === 'string' ? truncate(value.name, 80) : ''
  } catch {
    return ''
  }
}

function bytesText(name: string, buffer: ArrayBufferLike, offset: number, length: number, shown: number): string {
  const start = Buffer.from(buffer, offset, Math.min(length, shown)).toString('hex')
  return `[${name} of ${length} bytes: ${start}${length > shown ? '…' : ''}]`
}
