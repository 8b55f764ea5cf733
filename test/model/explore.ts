import { getAdjacencyMap, getShortestPaths } from '@xstate/graph'
import type { AnyStateMachine, EventFromLogic, InputFrom, SnapshotFrom } from 'xstate'
import { statesOf } from '../docs/transitions.js'

/** One way through a machine: what to send, and where that leads. */
export interface Step<Machine extends AnyStateMachine> {
  readonly event: EventFromLogic<Machine>
  readonly from: SnapshotFrom<Machine>
  readonly to: SnapshotFrom<Machine>
}

/** A reachable state, the shortest way to it, and every step out of it. */
export interface Place<Machine extends AnyStateMachine> {
  readonly state: SnapshotFrom<Machine>
  readonly path: readonly Step<Machine>[]
  readonly exits: readonly Step<Machine>[]
}

/** Every reachable state of `machine`, when in each state the events that `events` gives can happen. */
export function explore<Machine extends AnyStateMachine>(
  machine: Machine,
  input: InputFrom<Machine>,
  events: (state: SnapshotFrom<Machine>) => readonly EventFromLogic<Machine>[],
): Place<Machine>[] {
  // The types of @xstate/graph lose the machine's own; they come back with the casts below.
  const options = { input, events: events as never, serializeState: keyOf } as never
  const adjacency = getAdjacencyMap(machine, options) as unknown as Readonly<Record<string, Exits<Machine>>>
  const paths = getShortestPaths(machine, options) as readonly Path<Machine>[]
  return paths.map(({ state, steps }) => {
    const exits = Object.values(adjacency[keyOf(state)]?.transitions ?? {})
    return { state, path: pathOf(steps), exits: exits.map(({ event, state: to }) => ({ event, from: state, to })) }
  })
}

interface Taken<Machine extends AnyStateMachine> {
  readonly state: SnapshotFrom<Machine>
  readonly event: EventFromLogic<Machine>
}
interface Exits<Machine extends AnyStateMachine> {
  readonly transitions: Readonly<Record<string, Taken<Machine>>>
}
interface Path<Machine extends AnyStateMachine> {
  readonly state: SnapshotFrom<Machine>
  readonly steps: readonly Taken<Machine>[]
}

/** `getShortestPaths` puts the initial event first, and each state with the event that led to it. */
function pathOf<Machine extends AnyStateMachine>(steps: readonly Taken<Machine>[]): Step<Machine>[] {
  return steps
    .slice(1)
    .map(({ state, event }, i) => ({ event, from: steps[i]?.state as SnapshotFrom<Machine>, to: state }))
}

/** Equal for equal states: the order in which properties were added does not count. */
function keyOf(state: { readonly value?: unknown; readonly context?: unknown }): string {
  return JSON.stringify([state.value, state.context], (_, value: unknown) =>
    typeof value === 'object' && value !== null && !Array.isArray(value)
      ? Object.fromEntries(Object.entries(value).sort(([a], [b]) => (a < b ? -1 : 1)))
      : value,
  )
}

/** The names of all transitions that are written down in a machine, `always` and `after` among them. */
export function definedTransitions(machine: AnyStateMachine): string[] {
  const all = statesOf(machine).flatMap(node => [...node.transitions.values(), node.always ?? []].flat())
  return [...new Set(all.map(nameOf))]
}

/** `state: event [guard]`, which is unique in our machines. */
export function nameOf(transition: TransitionLike): string {
  const { guard } = transition
  const condition = typeof guard === 'string' ? guard : (guard as { type?: string } | undefined)?.type
  return `${transition.source.id}: ${transition.eventType || 'always'}${condition === undefined ? '' : ` [${condition}]`}`
}

interface TransitionLike {
  readonly source: { readonly id: string }
  readonly eventType: string
  readonly guard?: unknown
}
