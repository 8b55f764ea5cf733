import { getAdjacencyMap } from '@xstate/graph'
import type { AnyStateMachine, EventFromLogic, InputFrom, SnapshotFrom } from 'xstate'
import { asError, CutoverError, isCutoverError } from '../../errors.js'
import { keyOfState } from './keyOfState.js'
import { type GivenEvents, PossibleEvents } from './possibleEvents.js'

/** What can happen to a machine while its states are explored. */
export interface StateGraphOptions<Machine extends AnyStateMachine> {
  /** What the machine's context is made from, if it needs anything. */
  readonly input?: InputFrom<Machine> | undefined
  /**
   * What can happen in a state.
   *
   * An array gives the payloads: in every state each of its events happens that the state listens to, and what is not in
   * it happens without payload. A function gives all that happens in a state, and nothing else happens.
   * @default every event that the state listens to, without payload; among them the ends of `after` delays
   * (`xstate.after.…`) and of invoked actors (`xstate.done.actor.…`, `xstate.error.actor.…`)
   */
  readonly events?: GivenEvents<Machine> | undefined
  /** From such a state no step is taken. @default never */
  readonly stopWhen?: ((state: SnapshotFrom<Machine>) => boolean) | undefined
  /**
   * The same text for states that are to count as one: leave out of it what only counts on, such as attempts.
   * @default the value, the context and the history of the state
   */
  readonly serializeState?: ((state: SnapshotFrom<Machine>) => string) | undefined
  /** How many states to explore at most. @default 10_000 */
  readonly limit?: number | undefined
}

/** A reachable state, and every step out of it. */
interface GraphState<Machine extends AnyStateMachine> {
  readonly snapshot: SnapshotFrom<Machine>
  readonly exits: readonly GraphStep<Machine>[]
  /** The last step of the shortest way here; null for the initial state. */
  readonly entry: GraphStep<Machine> | null
}

/** One step from state to state, by their numbers in {@link StateGraph}. */
export interface GraphStep<Machine extends AnyStateMachine> {
  readonly event: EventFromLogic<Machine>
  readonly from: number
  readonly to: number
}

/** Every reachable state, those near the initial one, which is the first, before those further off. */
export type StateGraph<Machine extends AnyStateMachine> = readonly GraphState<Machine>[]

/** What `getAdjacencyMap` gives; its own types lose the machine's. */
type Adjacency<Machine extends AnyStateMachine> = Readonly<Record<string, Adjacent<Machine>>>
interface Adjacent<Machine extends AnyStateMachine> {
  readonly state: SnapshotFrom<Machine>
  readonly transitions: Readonly<Record<string, { state: SnapshotFrom<Machine>; event: EventFromLogic<Machine> }>>
}

/**
 * Explores the whole graph of a machine. Its actions are not carried out and its actors are not started: what those would
 * report is among the events.
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
  const keys = new Map<string, number>()
  const keyOf = (state: SnapshotFrom<Machine>): string => {
    const key = serializeState(state)
    if (!keys.has(key)) {
      if (keys.size >= limit) throw tooManyStates(machine, limit)
      keys.set(key, keys.size)
    }
    return key
  }
  const possible = new PossibleEvents(machine, events)
  let event = 0
  const options = {
    input,
    stopWhen,
    serializeState: keyOf,
    // Events that look alike are not the same.
    serializeEvent: () => `${event++}`,
    events: (state: SnapshotFrom<Machine>) => possible.in(state),
  }
  const adjacency = explore(machine, options) as Adjacency<Machine>
  possible.assertAllHeard()
  return link(Object.values(adjacency), state => keys.get(keyOf(state)) ?? 0)
}

function explore(machine: AnyStateMachine, options: object): unknown {
  try {
    return getAdjacencyMap(machine, options as never)
  } catch (thrown) {
    if (isCutoverError(thrown)) throw thrown
    const cause = asError(thrown)
    throw new CutoverError(
      'CUTOVER_UNSUPPORTED_MACHINE',
      `The machine "${machine.id}" threw while its states were explored: ${cause.message.replace(/\.$/, '')}. If an event lacks its payload, ` +
        'give it in `events`; if the context lacks its input, give `input`.',
      { cause },
    )
  }
}

function link<Machine extends AnyStateMachine>(
  found: readonly Adjacent<Machine>[],
  numberOf: (state: SnapshotFrom<Machine>) => number,
): StateGraph<Machine> {
  const exits = found.map(({ transitions }, from) =>
    Object.values(transitions).map(({ event, state }): GraphStep<Machine> => ({ event, from, to: numberOf(state) })),
  )
  const entries = new Map<number, GraphStep<Machine>>()
  for (const step of exits.flat()) {
    // Nearer states come first, so the first way that is found is a shortest one.
    if (step.to !== 0 && !entries.has(step.to)) entries.set(step.to, step)
  }
  return found.map(({ state: snapshot }, number) => ({
    snapshot,
    exits: exits[number] ?? [],
    entry: entries.get(number) ?? null,
  }))
}

function tooManyStates({ id }: AnyStateMachine, limit: number): CutoverError {
  return new CutoverError(
    'CUTOVER_TOO_MANY_STATES',
    `The machine "${id}" has more than ${limit} reachable states: stopped at ${limit} (limit). Give fewer events in ` +
      '`events`, leave what only counts on out of `serializeState`, or raise `limit`.',
  )
}
