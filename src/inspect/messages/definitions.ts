import type { Sanitize } from '../options.js'
import { cut, type Limits, toPlain } from './plainData.js'
import { sanitized } from './sanitize.js'

/** No statechart that a person has drawn comes near. */
const LIMITS: Limits = {
  depth: 100,
  items: Number.POSITIVE_INFINITY,
  characters: 10_000,
  total: 1_048_576,
  // As `@statelyai/inspect` has it: a viewer takes it for an action or a guard with that name.
  ofFunction: name => ({ type: name }),
}

/** The definitions of machines as JSON texts, each made once. */
export class Definitions {
  readonly #sanitize: Sanitize
  readonly #texts = new WeakMap<object, string>()

  constructor(sanitize: Sanitize) {
    this.#sanitize = sanitize
  }

  /** For an actor that is no machine, or whose machine takes more than 1 MiB or cannot be read, only its name. */
  textOf(config: object | undefined, name: string): string {
    const known = config === undefined ? undefined : this.#texts.get(config)
    if (known !== undefined) return known
    const plain = config === undefined ? undefined : this.#plain(config)
    const text = JSON.stringify(typeof plain === 'object' && plain !== null ? plain : { id: cut(name, 200) })
    if (config !== undefined) this.#texts.set(config, text)
    return text
  }

  /** A first context is a context too. */
  #plain(config: object): unknown {
    try {
      const { context } = config as { readonly context?: unknown }
      if (context === undefined || typeof context === 'function') return toPlain(config, LIMITS)?.plain
      return toPlain({ ...config, context: sanitized(context, 'context', this.#sanitize) }, LIMITS)?.plain
    } catch {
      return undefined
    }
  }
}
