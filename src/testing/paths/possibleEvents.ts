import {
  __unsafe_getAllOwnEventDescriptors,
  type AnyStateMachine,
  type EventFromLogic,
  type SnapshotFrom,
} from 'xstate'
import { CutoverError } from '../../errors.js'
import type { StateGraphOptions } from './stateGraph.js'

/**
 * What can happen in a state; in a final one nothing.
 *
 * @throws what the machine came to grief on; CutoverError `CUTOVER_UNSUPPORTED_MACHINE`: the state listens to a wildcard that no given event fits
 */
export function eventsIn<Machine extends AnyStateMachine>(
  machine: Machine,
  state: SnapshotFrom<Machine>,
  given: StateGraphOptions<Machine>['events'] = [],
): readonly EventFromLogic<Machine>[] {
  const { status, error } = state as { readonly status: string; readonly error: unknown }
  if (status === 'error') throw error
  if (status !== 'active') return []
  if (typeof given === 'function') return given(state)
  const heard = new Set<EventFromLogic<Machine>>()
  for (const descriptor of __unsafe_getAllOwnEventDescriptors(state as never) as string[]) {
    const fitting = given.filter(({ type }) => fits(descriptor, type))
    for (const event of fitting) heard.add(event)
    if (fitting.length > 0) continue
    if (descriptor.endsWith('*')) throw unknownEvents(machine, descriptor)
    heard.add({ type: descriptor } as EventFromLogic<Machine>)
  }
  return [...heard]
}

/** `*` fits everything but what XState itself says, `form.*` what begins with it. */
function fits(descriptor: string, type: string): boolean {
  if (!descriptor.endsWith('*')) return descriptor === type
  const prefix = descriptor.slice(0, -1)
  return `${type}.`.startsWith(prefix) && (prefix !== '' || !type.startsWith('xstate.'))
}

function unknownEvents({ id }: AnyStateMachine, descriptor: string): CutoverError {
  return new CutoverError(
    'CUTOVER_UNSUPPORTED_MACHINE',
    `The machine "${id}" listens to "${descriptor}", which stands for events of any name: give those that can happen in ` +
      '`events`.',
  )
}
