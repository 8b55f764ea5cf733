import type { AnyEventObject, AnyStateMachine, SnapshotFrom } from 'xstate'
import { CutoverError } from '../../errors.js'
import { invalidOption, object, optionalFunction, positive } from '../../validate.js'
import type { PathEvent } from './possibleEvents.js'
import { type GraphStep, type StateGraph, type StateGraphOptions, stateGraph } from './stateGraph.js'

/** What {@link pathsOf} is to cover, and what can happen. */
export interface PathsOptions<Machine extends AnyStateMachine> extends StateGraphOptions<Machine> {
  /**
   * `transitions`: every step out of every state is in a path, so that every state is too. `states`: every state is.
   * @default 'transitions'
   */
  readonly cover?: 'states' | 'transitions' | undefined
}

/** A state of the machine, as plain data. Paths share it: do not change it. */
export interface PathState<Machine extends AnyStateMachine> {
  /** As in `snapshot.value`. */
  readonly value: SnapshotFrom<Machine>['value']
  /** As in `snapshot.context`. */
  readonly context: SnapshotFrom<Machine>['context']
}

/** What happens, and the state that the machine is in afterwards. */
export interface PathStep<Machine extends AnyStateMachine> {
  /** To be brought about in what you test. */
  readonly event: PathEvent<Machine>
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
 *       await real.handle(event)
 *       expect(real.state).toBe(state.value)
 *     }
 *   })
 * }
 * ```
 *
 * @param machine - made with XState's `setup().createMachine()` or `createMachine()`
 * @throws CutoverError `CUTOVER_INVALID_OPTION`; `CUTOVER_TOO_MANY_STATES` (more than `limit`, or
 * two million steps in all paths);
 * `CUTOVER_UNSUPPORTED_MACHINE` (it threw, or its states cannot be told apart: the message says what to do)
 */
export function pathsOf<Machine extends AnyStateMachine>(
  machine: Machine,
  options: PathsOptions<NoInfer<Machine>> = {},
): GeneratedPath<Machine>[] {
  if (!isMachine(machine)) throw invalidOption('machine', 'an XState machine', machine)
  const { cover = 'transitions', events, input } = object('options', options)
  if (cover !== 'states' && cover !== 'transitions') throw invalidOption('cover', "'states' or 'transitions'", cover)
  const graph = stateGraph(machine, {
    input,
    events,
    limit: positive('limit', options.limit, 10_000),
    stopWhen: optionalFunction('stopWhen', options.stopWhen),
    serializeState: optionalFunction('serializeState', options.serializeState),
  })
  const states = graph.map(({ snapshot: { value, context } }): PathState<Machine> => ({ value, context }))
  const steps = new Map<GraphStep<Machine>, PathStep<Machine>>()
  for (const step of graph.flatMap(({ exits }) => exits)) {
    steps.set(step, { event: step.event, state: states[step.to] as PathState<Machine> })
  }
  const initial = states[0] as PathState<Machine>
  const ways = waysTo(machine, graph, endsOf(graph, cover))
  const paths = ways.map(way => way.map(step => steps.get(step) as PathStep<Machine>))
  return (paths.length === 0 ? [[]] : paths).map(steps => ({ name: nameOf(initial, steps), initial, steps }))
}

/** The paths of a large graph may be too long to be kept, together. */
const MAX_STEPS = 2_000_000

function waysTo<Machine extends AnyStateMachine>(
  { id }: Machine,
  graph: StateGraph<Machine>,
  ends: readonly GraphStep<Machine>[],
): GraphStep<Machine>[][] {
  let total = 0
  return ends.map(end => {
    const way = wayTo(graph, end)
    total += way.length
    if (total <= MAX_STEPS) return way
    const message = `The paths of the machine "${id}" have more than ${MAX_STEPS} steps, in ${graph.length} states.`
    throw new CutoverError(
      'CUTOVER_TOO_MANY_STATES',
      `${message} Use cover: 'states', give fewer events in \`events\`, or leave what only counts on out of \`serializeState\`.`,
    )
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

/** As in: `open by push, wait {"ms":5}` */
function nameOf<Machine extends AnyStateMachine>(
  initial: PathState<Machine>,
  steps: readonly PathStep<Machine>[],
): string {
  const events = steps.map(({ event }) => {
    const { type, ...payload } = event as AnyEventObject
    return Object.keys(payload).length === 0 ? type : `${type} ${textOf(payload)}`
  })
  const { value } = steps.at(-1)?.state ?? initial
  const end = typeof value === 'string' ? value : JSON.stringify(value)
  return events.length === 0 ? `${end} from the start` : `${end} by ${events.join(', ')}`
}

/** A payload may be anything. */
function textOf(payload: object): string {
  try {
    return JSON.stringify(payload)
  } catch {
    return '{…}'
  }
}

function isMachine(value: unknown): value is AnyStateMachine {
  return typeof value === 'object' && value !== null && 'getInitialSnapshot' in value && 'root' in value
}
