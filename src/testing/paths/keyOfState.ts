import { types } from 'node:util'
import type { AnyStateMachine, AnyStateNode, SnapshotFrom } from 'xstate'
import { CutoverError } from '../../errors.js'
import { isError, isPlain } from '../../realms.js'

/**
 * A text that is equal for equal states: same value, context, history and status. The order of properties is irrelevant.
 *
 * @throws CutoverError `CUTOVER_UNSUPPORTED_MACHINE`: the context contains a value that cannot be compared
 */
export function keyOfState<Machine extends AnyStateMachine>(machine: Machine, state: SnapshotFrom<Machine>): string {
  const { value, context, historyValue, status } = state as SnapshotParts
  const history = Object.entries(historyValue ?? {}).map(([id, nodes]) => [id, nodes.map(node => node.id)])
  const refuse = (what: string, name: string) => notComparable(machine, what, name)
  return new Encoder(refuse).encode([value, context, history, status], 'context')
}

interface SnapshotParts {
  readonly value: unknown
  readonly context: unknown
  readonly historyValue: Readonly<Record<string, readonly AnyStateNode[]>> | undefined
  readonly status: unknown
}

/** Encodes values as texts: equal values have equal texts, and different values different ones. */
class Encoder {
  readonly #refuse: (what: string, name: string) => Error
  /** The objects around the value that is being encoded, to detect cycles. */
  readonly #ancestors = new Set<object>()

  constructor(refuse: (what: string, name: string) => Error) {
    this.#refuse = refuse
  }

  encode(value: unknown, name: string): string {
    if (typeof value === 'string') return JSON.stringify(value)
    if (typeof value === 'function' || typeof value === 'symbol') throw this.#refuse(`a ${typeof value}`, name)
    if (typeof value === 'bigint') return `${value}n`
    if (typeof value !== 'object' || value === null) return Object.is(value, -0) ? '-0' : `${value}`
    if (this.#ancestors.has(value)) throw this.#refuse('a cycle', name)
    this.#ancestors.add(value)
    const text = this.#object(value, name)
    this.#ancestors.delete(value)
    return text
  }

  #object(value: object, name: string): string {
    if (Array.isArray(value)) return `[${value.map((item, i) => this.encode(item, `${i}`)).join()}]`
    if (types.isMap(value)) return `Map${this.encode([...value], name)}`
    if (types.isSet(value)) return `Set${this.encode([...value], name)}`
    if (isError(value)) return `Error${this.encode([value.name, value.message], name)}`
    if (types.isRegExp(value)) return `${value}`
    if (ArrayBuffer.isView(value)) return `${value.constructor.name}${this.encode([...bytesOf(value)], name)}`
    // For example dates, and references to actors.
    if ('toJSON' in value && typeof value.toJSON === 'function') return this.encode(value.toJSON(), name)
    const entries = Object.entries(value).sort(([a], [b]) => (a < b ? -1 : 1))
    if (entries.length === 0 && !isPlain(value)) throw this.#refuse(`an instance of ${value.constructor?.name}`, name)
    return `{${entries.map(([key, part]) => `${JSON.stringify(key)}:${this.encode(part, key)}`).join()}}`
  }
}

function bytesOf({ buffer, byteOffset, byteLength }: ArrayBufferView): Uint8Array {
  return new Uint8Array(buffer, byteOffset, byteLength)
}

function notComparable({ id }: AnyStateMachine, what: string, name: string): CutoverError {
  return new CutoverError(
    'CUTOVER_UNSUPPORTED_MACHINE',
    `The context of the machine "${id}" contains ${what} ("${name}"), so its states cannot be compared. Keep it outside ` +
      'the context, or identify states with `serializeState`.',
  )
}
