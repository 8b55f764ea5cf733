import { isPlain } from '../../support/index.js'
import { formOf } from './forms.js'
import { pathTo, why, whyNotSendable, whyNotSimple } from './notSendable.js'
import { isWellFormed } from './wellFormed.js'

/** Deeper parts are dropped: an error nests in a message, and both sides write and read it recursively. */
const MAX_LEVELS = 900
/** Values behind the first 100,000 are dropped: a graph with shared objects becomes a tree, which can be much larger. */
const MAX_VALUES = 100_000
const MAX_NOTES = 20

/** Copies an error, for {@link Pruning}, which meets errors among the properties of errors. */
type CopyError = (error: Error, pruning: Pruning, path: string, above: readonly object[]) => Error

/** Copies values without the parts that cannot be sent, without accessors and without proxies. Notes what it dropped. */
export class Pruning {
  readonly #copyError: CopyError
  readonly #notes: string[] = []
  #dropped = 0
  #values = 0

  constructor(copyError: CopyError) {
    this.#copyError = copyError
  }

  /** One text for each dropped part, such as `config.adapter is a function`; at most 20, and a last one that counts the rest. */
  get notes(): readonly string[] {
    const more = this.#dropped - this.#notes.length
    return more === 0 ? this.#notes : [...this.#notes, `and ${more} more`]
  }

  /** Copies a value. Returns `undefined` if it cannot be sent. @param above - the objects that contain it */
  copy(value: unknown, path: string, above: readonly object[]): { readonly copy: unknown } | undefined {
    if (++this.#values > MAX_VALUES) return this.drop(`${path} is too large`)
    const simple = whyNotSimple(value, path, true)
    if (simple !== undefined) return this.drop(simple)
    if (typeof value !== 'object' || value === null) return { copy: value }
    if (above.includes(value)) return this.drop(`${path} contains itself`)
    if (above.length >= MAX_LEVELS) return this.drop(`${path} is nested too deep`)
    try {
      return this.#copyObject(value, path, [...above, value])
    } catch {
      return this.drop(`${path} cannot be read`)
    }
  }

  #copyObject(value: object, path: string, within: readonly object[]): { readonly copy: unknown } | undefined {
    const inner = (item: unknown, at: string) => this.copy(item, at, within)
    switch (formOf(value)) {
      case 'array':
        return { copy: Array.from(value as unknown[], (item, i) => inner(item, `${path}[${i}]`)?.copy ?? null) }
      case 'map':
        return {
          copy: new Map([...(value as Map<unknown, unknown>)].flatMap(entry => this.#entry(entry, path, within))),
        }
      case 'set':
        return {
          copy: new Set([...(value as Set<unknown>)].flatMap(item => kept(inner(item, `an element of ${path}`)))),
        }
      case 'fields':
        return this.#copyFields(value, path, within)
      case 'error':
        return { copy: this.#copyError(value as Error, this, path, within.slice(0, -1)) }
      case undefined:
        return this.drop(`${path} is ${why(value, path)}`.replace(/;.*/, ''))
      default:
        return { copy: value }
    }
  }

  /** Drops an instance as a whole: without some of its fields it would be another thing. */
  #copyFields(value: object, path: string, within: readonly object[]): { readonly copy: unknown } | undefined {
    const reason = isPlain(value) ? undefined : whyNotSendable(value, path)
    if (reason !== undefined) return this.drop(reason.replace(/;.*/, ''))
    const entries = Object.keys(value).flatMap(key => {
      const at = pathTo(path, key)
      if (!isWellFormed(key)) return kept(this.drop(`a key of ${path} has a lone surrogate`)) as never[]
      return kept(this.copy(this.#read(value, key), at, within)).map(copy => [key, copy] as const)
    })
    return { copy: Object.fromEntries(entries) }
  }

  #entry([key, item]: readonly [unknown, unknown], path: string, within: readonly object[]): [unknown, unknown][] {
    const keys = kept(this.copy(key, `a key of ${path}`, within))
    return keys.flatMap(copy =>
      kept(this.copy(item, `a value of ${path}`, within)).map((value): [unknown, unknown] => [copy, value]),
    )
  }

  #read(value: object, key: string): unknown {
    try {
      return (value as Readonly<Record<string, unknown>>)[key]
    } catch {
      return () => 'a getter that throws'
    }
  }

  /** Notes a part that is not copied. */
  drop(note: string): undefined {
    this.#dropped++
    if (this.#notes.length < MAX_NOTES) this.#notes.push(note)
  }
}

function kept(copied: { readonly copy: unknown } | undefined): unknown[] {
  return copied === undefined ? [] : [copied.copy]
}
