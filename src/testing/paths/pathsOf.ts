import type { AnyStateMachine, EventFromLogic, SnapshotFrom } from 'xstate'
import { invalidOption, object, positive } from '../../validate.js'
import { type GraphStep, type StateGraph, type StateGraphOptions, stateGraph } from './stateGraph.js'

/** What {@link pathsOf} is to cover, and what can happen. */
export interface PathsOptions<Machine extends AnyStateMachine> extends StateGraphOptions<Machine> {
  /**
   * `transitions`: every step out of every state is in a path, so that every state is too. `states`: every state is.
   * @default 'transitions'
   */
  readonly cover?: 'states' | 'transitions' | undefined
}

/** A state of the machine, as plain data. */
export interface PathState<Machine extends AnyStateMachine> {
  /** As in `snapshot.value`. */
  readonly value: SnapshotFrom<Machine>['value']
  /** As in `snapshot.context`. */
  readonly context: SnapshotFrom<Machine>['context']
}

/** What happens, and the state that the machine is in afterwards. */
export interface PathStep<Machine extends AnyStateMachine> {
  /** To be brought about in what you test. */
  readonly event: EventFromLogic<Machine>
  /** To be compared with what you test. */
  readonly state: PathState<Machine>
}

/** One way through a machine, from its initial state. */
export interface GeneratedPath<Machine extends AnyStateMachine> {
  /** Says where it leads and by what events: no two paths have the same. */
  readonly name: string
  /** Where it begins: the machine's initial state. */
  readonly initial: PathState<Machine>
  /** In order. */
  readonly steps: readonly PathStep<Machine>[]
}

/**
 * Generates tests from a statechart: paths that together take every step out of every reachable state.
 *
 * Explores the machine's graph with `@xstate/graph`, takes the shortest way to each state and each step out of it, and
 * leaves out paths that others begin with. Nothing is carried out: the machine's actions do not run and its actors do not
 * start. A machine with `after` or `invoke` works: that a delay is over, or an actor done, is an event like any other.
 *
 * ```ts
 * for (const { name, steps } of pathsOf(door)) {
 *   test(name, async () => {
 *     const real = new Door()
 *     for (const { event, state } of steps) {
 *       await real[event.type]()
 *       expect(real.state).toBe(state.value)
 *     }
 *   })
 * }
 * ```
 *
 * @param machine - made with XState's `setup().createMachine()` or `createMachine()`
 * @throws CutoverError `CUTOVER_INVALID_OPTION`; `CUTOVER_TOO_MANY_STATES` (more than `limit`);
 * `CUTOVER_UNSUPPORTED_MACHINE` (it threw, or its states cannot be told apart: the message says what to do)
 */
export function pathsOf<Machine extends AnyStateMachine>(
  machine: Machine,
  options: PathsOptions<NoInfer<Machine>> = {},
): GeneratedPath<Machine>[] {
  if (!isMachine(machine)) throw invalidOption('machine', 'an XState machine', machine)
  const { cover = 'transitions', events, input } = object('options', options)
  if (cover !== 'states' && cover !== 'transitions') throw invalidOption('cover', "'states' or 'transitions'", cover)
  if (events !== undefined && typeof events !== 'function' && !Array.isArray(events)) {
    throw invalidOption('events', 'an array or a function', events)
  }
  const graph = stateGraph(machine, { input, events, limit: positive('limit', options.limit, 10_000) })
  const states = graph.map(({ snapshot }) => plain(snapshot))
  const initial = states[0] as PathState<Machine>
  return endsOf(graph, cover).map(end => {
    const steps = wayTo(graph, end)
    return {
      name: nameOf(steps, states),
      initial,
      steps: steps.map(({ event, to }) => ({ event, state: states[to] as PathState<Machine> })),
    }
  })
}

/** The steps that the shortest way to `end` consists of. */
export function wayTo<Machine extends AnyStateMachine>(
  graph: StateGraph<Machine>,
  end: GraphStep<Machine>,
): GraphStep<Machine>[] {
  const steps = [end]
  for (let at = graph[end.from]?.entry ?? null; at !== null; at = graph[at.from]?.entry ?? null) steps.push(at)
  return steps.reverse()
}

/** The last steps of all paths. A step that another path goes on from, by its shortest way, needs none of its own. */
function endsOf<Machine extends AnyStateMachine>(graph: StateGraph<Machine>, cover: PathsOptions<Machine>['cover']) {
  const isTaken = (step: GraphStep<Machine>) => graph[step.to]?.entry === step
  const taken = graph.map(({ exits }) => (cover === 'states' ? exits.filter(isTaken) : exits))
  return taken.flat().filter(step => !isTaken(step) || taken[step.to]?.length === 0)
}

function plain<Machine extends AnyStateMachine>({ value, context }: SnapshotFrom<Machine>): PathState<Machine> {
  return { value, context }
}

/** As in: `"open" by push, wait {"ms":5}` */
function nameOf<Machine extends AnyStateMachine>(
  steps: readonly GraphStep<Machine>[],
  states: readonly PathState<Machine>[],
): string {
  const events = steps.map(({ event: { type, ...payload } }) =>
    Object.keys(payload).length === 0 ? type : `${type} ${JSON.stringify(payload)}`,
  )
  const end = states[steps.at(-1)?.to ?? 0]?.value
  return `${typeof end === 'string' ? end : JSON.stringify(end)} by ${events.join(', ')}`
}

function isMachine(value: unknown): value is AnyStateMachine {
  return typeof value === 'object' && value !== null && 'getInitialSnapshot' in value && 'root' in value
}
