import { type PlainDataLimits, toPlainData, truncate } from './plainData.js'
import { type Sanitize, sanitized } from './sanitize.js'

/** Far above the size of any hand-written statechart. */
const DEFINITION_LIMITS: PlainDataLimits = {
  depth: 100,
  items: Number.POSITIVE_INFINITY,
  characters: 10_000,
  total: 1_048_576,
  // As in `@statelyai/inspect`: a viewer reads it as an action or a guard of that name.
  describeFunction: name => ({ type: name }),
}

/** The definitions of machines as JSON text. Each is converted once. */
export class Definitions {
  readonly #sanitize: Sanitize
  readonly #cache = new WeakMap<object, string>()

  constructor(sanitize: Sanitize) {
    this.#sanitize = sanitize
  }

  /** Only the name, if the actor is not a machine, or the definition is above 1 MiB or cannot be read. */
  jsonOf(config: object | undefined, name: string): string {
    const cached = config === undefined ? undefined : this.#cache.get(config)
    if (cached !== undefined) return cached
    const plain = config === undefined ? undefined : this.#toPlainData(config)
    const json = JSON.stringify(typeof plain === 'object' && plain !== null ? plain : { id: truncate(name, 200) })
    if (config !== undefined) this.#cache.set(config, json)
    return json
  }

  /** An initial context passes through `sanitize`, as any context does. */
  #toPlainData(config: object): unknown {
    try {
      const { context } = config as { readonly context?: unknown }
      if (context === undefined || typeof context === 'function') return toPlainData(config, DEFINITION_LIMITS)?.plain
      const shown = { ...config, context: sanitized(context, 'context', this.#sanitize) }
      return toPlainData(shown, DEFINITION_LIMITS)?.plain
    } catch {
      return undefined
    }
  }
}
