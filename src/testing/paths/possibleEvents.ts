import {
  __unsafe_getAllOwnEventDescriptors,
  type AnyEventObject,
  type AnyStateMachine,
  type EventFromLogic,
  type SnapshotFrom,
} from 'xstate'
import { CutoverError, invalidOption } from '../../contract/index.js'

/** An event that XState itself sends to a machine: the end of a delay (`xstate.after.…`), or of an actor. */
export type SyntheticEvent = { readonly type: `xstate.${string}`; readonly [payload: string]: unknown }

/** An event that can happen to a machine. */
export type PathEvent<Machine extends AnyStateMachine> = EventFromLogic<Machine> | SyntheticEvent

/** Events with their payloads, or a function that gives the events of a state. */
export type GivenEvents<Machine extends AnyStateMachine> =
  | readonly PathEvent<Machine>[]
  | ((state: SnapshotFrom<Machine>) => readonly PathEvent<Machine>[])

/** Finds the events that can happen in each state of a machine. */
export class PossibleEvents<Machine extends AnyStateMachine> {
  readonly #machine: Machine
  readonly #given: GivenEvents<Machine>
  readonly #handled = new Set<PathEvent<Machine>>()

  /** @throws CutoverError `CUTOVER_INVALID_OPTION` */
  constructor(machine: Machine, given: GivenEvents<Machine> = []) {
    this.#machine = machine
    this.#given = typeof given === 'function' ? given : assertEvents(given)
  }

  /**
   * The events that can happen in this state; none in a final state.
   *
   * @throws the error of a machine that failed; CutoverError `CUTOVER_UNSUPPORTED_MACHINE` (the state handles a wildcard
   * that matches no given event), `CUTOVER_INVALID_OPTION`
   */
  in(state: SnapshotFrom<Machine>): readonly PathEvent<Machine>[] {
    const { status, error } = state as { readonly status: string; readonly error: unknown }
    if (status === 'error') throw error
    if (status !== 'active') return []
    if (typeof this.#given === 'function') return assertEvents(this.#given(state))
    const possible = new Set<PathEvent<Machine>>()
    for (const descriptor of __unsafe_getAllOwnEventDescriptors(state as never) as string[]) {
      const matching = this.#given.filter(event => matches(descriptor, (event as AnyEventObject).type))
      for (const event of matching) {
        possible.add(event)
        this.#handled.add(event)
      }
      if (matching.length > 0) continue
      if (descriptor.endsWith('*')) throw unmatchedWildcard(this.#machine, descriptor)
      possible.add({ type: descriptor } as PathEvent<Machine>)
    }
    return [...possible]
  }

  /** To be called after all states were explored. @throws CutoverError `CUTOVER_INVALID_OPTION`: no state handles a given event */
  assertAllHandled(): void {
    if (typeof this.#given === 'function') return
    const unhandled = this.#given.find(event => !this.#handled.has(event))
    if (unhandled !== undefined)
      throw invalidOption('events', 'events that some state handles', (unhandled as AnyEventObject).type)
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

/** `*` matches everything except the events of XState itself; `form.*` matches every type that begins with `form`. */
function matches(descriptor: string, type: string): boolean {
  if (!descriptor.endsWith('*')) return descriptor === type
  const prefix = descriptor.slice(0, -1)
  return `${type}.`.startsWith(prefix) && (prefix !== '' || !type.startsWith('xstate.'))
}

function unmatchedWildcard({ id }: AnyStateMachine, descriptor: string): CutoverError {
  return new CutoverError(
    'CUTOVER_UNSUPPORTED_MACHINE',
    `The machine "${id}" handles "${descriptor}", which matches events of any name. Give the events that can happen in ` +
      '`events`.',
  )
}
