import {
  __unsafe_getAllOwnEventDescriptors,
  type AnyEventObject,
  type AnyStateMachine,
  type EventFromLogic,
  type SnapshotFrom,
} from 'xstate'
import { CutoverError } from '../../errors.js'
import { invalidOption } from '../../validate.js'

/** What XState itself tells a machine: that a delay is over (`xstate.after.…`), or what became of an actor. */
export type SyntheticEvent = { readonly type: `xstate.${string}`; readonly [payload: string]: unknown }

/** What can happen to a machine. */
export type PathEvent<Machine extends AnyStateMachine> = EventFromLogic<Machine> | SyntheticEvent

/** Events with their payloads, or what can happen in a state. */
export type GivenEvents<Machine extends AnyStateMachine> =
  | readonly PathEvent<Machine>[]
  | ((state: SnapshotFrom<Machine>) => readonly PathEvent<Machine>[])

/** Finds out what can happen in the states of a machine. */
export class PossibleEvents<Machine extends AnyStateMachine> {
  readonly #machine: Machine
  readonly #given: GivenEvents<Machine>
  readonly #heard = new Set<PathEvent<Machine>>()

  /** @throws CutoverError `CUTOVER_INVALID_OPTION` */
  constructor(machine: Machine, given: GivenEvents<Machine> = []) {
    this.#machine = machine
    this.#given = typeof given === 'function' ? given : assertEvents(given)
  }

  /**
   * What can happen in this state; in a final one nothing.
   *
   * @throws what the machine came to grief on; CutoverError `CUTOVER_UNSUPPORTED_MACHINE` (the state listens to a wildcard
   * that no given event fits), `CUTOVER_INVALID_OPTION`
   */
  in(state: SnapshotFrom<Machine>): readonly PathEvent<Machine>[] {
    const { status, error } = state as { readonly status: string; readonly error: unknown }
    if (status === 'error') throw error
    if (status !== 'active') return []
    if (typeof this.#given === 'function') return assertEvents(this.#given(state))
    const possible = new Set<PathEvent<Machine>>()
    for (const descriptor of __unsafe_getAllOwnEventDescriptors(state as never) as string[]) {
      const fitting = this.#given.filter(event => fits(descriptor, (event as AnyEventObject).type))
      for (const event of fitting) {
        possible.add(event)
        this.#heard.add(event)
      }
      if (fitting.length > 0) continue
      if (descriptor.endsWith('*')) throw unknownEvents(this.#machine, descriptor)
      possible.add({ type: descriptor } as PathEvent<Machine>)
    }
    return [...possible]
  }

  /** After all states were seen. @throws CutoverError `CUTOVER_INVALID_OPTION`: an event was given that no state listens to */
  assertAllHeard(): void {
    if (typeof this.#given === 'function') return
    const unheard = this.#given.find(event => !this.#heard.has(event))
    if (unheard !== undefined)
      throw invalidOption('events', 'events that some state listens to', (unheard as AnyEventObject).type)
  }
}

function assertEvents<Event>(events: readonly Event[]): readonly Event[] {
  if (!Array.isArray(events)) throw invalidOption('events', 'an array of events, or a function that gives one', events)
  const wrong: unknown = events.find(
    (event: unknown) => typeof (event as Partial<AnyEventObject> | null)?.type !== 'string',
  )
  if (wrong !== undefined) throw invalidOption('events', 'objects with a type', wrong)
  return events
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
