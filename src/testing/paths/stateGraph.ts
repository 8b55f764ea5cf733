import { getAdjacencyMap } from '@xstate/graph'
import type { AnyStateMachine, EventFromLogic, InputFrom, SnapshotFrom } from 'xstate'
import { asError, CutoverError, isCutoverError, withoutFullStop } from '../../contract/index.js'
import { keyOfState } from './keyOfState.js'
import { type GivenEvents, PossibleEvents } from './possibleEvents.js'

/** How the states of a machine are explored. */
export interface StateGraphOptions<Machine extends AnyStateMachine> {
  /** The input from which the machine makes its context. @default none */
  readonly input?: InputFrom<Machine> | undefined
  /**
   * The events that can happen in a state.
   *
   * An array gives events with payloads: each of them happens in every state that handles it. Events that are not in the
   * array happen without a payload. A function gives all events that happen in a state.
   * @default every event that the state handles, without a payload; among them the ends of `after` delays
   * (`xstate.after.…`) and of invoked actors (`xstate.done.actor.…`, `xstate.error.actor.…`)
   */
  readonly events?: GivenEvents<Machine> | undefined
  /** Stops at such a state: takes no step out of it. @default never */
  readonly stopWhen?: ((state: SnapshotFrom<Machine>) => boolean) | undefined
  /**
   * The identity of a state: states with the same text count as one. Leave out what only counts up, such as attempts.
   * @default the value, the context and the history of the state
   */
  readonly serializeState?: ((state: SnapshotFrom<Machine>) => string) | undefined
  /** The largest number of states to explore. @default 10_000 */
  readonly limit?: number | undefined
}

/** A reachable state, and every step out of it. */
interface GraphState<Machine extends AnyStateMachine> {
  readonly snapshot: SnapshotFrom<Machine>
  readonly steps: readonly GraphStep<Machine>[]
}

/** One step from state to state, by their numbers in {@link StateGraph}. */
export interface GraphStep<Machine extends AnyStateMachine> {
  readonly event: EventFromLogic<Machine>
  readonly from: number
  readonly to: number
}

/** Every reachable state. The first is the initial state, the nearer ones come before the others. */
export type StateGraph<Machine extends AnyStateMachine> = readonly GraphState<Machine>[]

/** The result of `getAdjacencyMap`, whose own types lose those of the machine. */
type Adjacency<Machine extends AnyStateMachine> = Readonly<Record<string, Adjacent<Machine>>>
interface Adjacent<Machine extends AnyStateMachine> {
  readonly state: SnapshotFrom<Machine>
  readonly transitions: Readonly<Record<string, { state: SnapshotFrom<Machine>; event: EventFromLogic<Machine> }>>
}

/**
 * Explores all states of a machine. Its actions do not run and its actors do not start: whatever those would report is
 * among the events.
 *
 * @throws CutoverError `CUTOVER_TOO_MANY_STATES`, `CUTOVER_UNSUPPORTED_MACHINE`
 */
export function stateGraph<Machine extends AnyStateMachine>(
  machine: Machine,
  {
    input,
    events,
    limit = 10_000,
    stopWhen,
    serializeState = state => keyOfState(machine, state),
  }: StateGraphOptions<Machine>,
): StateGraph<Machine> {
  const numbers = new Map<string, number>()
  const numberOf = (state: SnapshotFrom<Machine>): number => {
    const key = serializeState(state)
    if (!numbers.has(key)) {
      if (numbers.size >= limit) throw tooManyStates(machine, limit)
      numbers.set(key, numbers.size)
    }
    return numbers.get(key) ?? 0
  }
  const possible = new PossibleEvents(machine, events)
  let event = 0
  const options = {
    input,
    stopWhen,
    // The number, not the user's text: an object would move texts that look like numbers to the front.
    serializeState: (state: SnapshotFrom<Machine>) => `${numberOf(state)}`,
    // A number for each event: two events with the same JSON may still differ.
    serializeEvent: () => `${event++}`,
    events: (state: SnapshotFrom<Machine>) => possible.in(state),
  }
  const adjacency = explore(machine, options) as Adjacency<Machine>
  possible.assertAllHandled()
  return Object.values(adjacency).map(({ state: snapshot, transitions }, from) => ({
    snapshot,
    steps: Object.values(transitions).map(({ event, state }) => ({ event, from, to: numberOf(state) })),
  }))
}

function explore(machine: AnyStateMachine, options: object): unknown {
  try {
    return getAdjacencyMap(machine, options as never)
  } catch (thrown) {
    if (isCutoverError(thrown)) throw thrown
    const cause = asError(thrown)
    throw new CutoverError(
      'CUTOVER_UNSUPPORTED_MACHINE',
      `The machine "${machine.id}" threw while its states were explored: ${withoutFullStop(cause.message)}. If an ` +
        'event lacks its payload, give it in `events`; if the context lacks its input, give `input`.',
      { cause },
    )
  }
}

function tooManyStates({ id }: AnyStateMachine, limit: number): CutoverError {
  return new CutoverError(
    'CUTOVER_TOO_MANY_STATES',
    `The machine "${id}" has more than ${limit} reachable states (option "limit"). Give fewer events in \`events\`, ` +
      'leave what only counts up out of `serializeState`, or raise `limit`.',
  )
}
