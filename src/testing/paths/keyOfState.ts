import type { AnyStateMachine, AnyStateNode, SnapshotFrom } from 'xstate'
import { CutoverError } from '../../errors.js'

/**
 * Equal for equal states: the value, the context and the history count; the order in which properties were added does not.
 *
 * @throws CutoverError `CUTOVER_UNSUPPORTED_MACHINE`: the context holds what cannot be compared
 */
export function keyOfState<Machine extends AnyStateMachine>(machine: Machine, state: SnapshotFrom<Machine>): string {
  const { value, context, historyValue, status } = state as Parts
  return JSON.stringify([value, context, historyOf(historyValue), status], (name, part: unknown) => {
    if (part === undefined) return { undefined: true }
    if (typeof part === 'bigint') return { bigint: `${part}` }
    if (typeof part === 'function' || typeof part === 'symbol') throw notComparable(machine, name, typeof part)
    if (typeof part !== 'object' || part === null || Array.isArray(part)) return part
    if (part instanceof Map) return { Map: [...part] }
    if (part instanceof Set) return { Set: [...part] }
    return Object.fromEntries(Object.entries(part).sort(([a], [b]) => (a < b ? -1 : 1)))
  })
}

interface Parts {
  readonly value: unknown
  readonly context: unknown
  readonly historyValue: Readonly<Record<string, readonly AnyStateNode[]>> | undefined
  readonly status: unknown
}

function historyOf(history: Parts['historyValue']): unknown {
  return Object.entries(history ?? {}).map(([id, nodes]) => [id, nodes.map(node => node.id)])
}

function notComparable({ id }: AnyStateMachine, name: string, type: string): CutoverError {
  return new CutoverError(
    'CUTOVER_UNSUPPORTED_MACHINE',
    `The context of the machine "${id}" holds a ${type} ("${name}"), so that its states cannot be told apart. Keep it ` +
      'outside the context, such as in an action or actor that `provide()` gives.',
  )
}
