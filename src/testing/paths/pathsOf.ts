import type { AnyEventObject, AnyStateMachine, SnapshotFrom } from 'xstate'
import { CutoverError, invalidOption, object, optionalFunction, positive } from '../../contract/index.js'
import type { PathEvent } from './possibleEvents.js'
import { pathTo, shortestPaths } from './shortestPath.js'
import { type GraphStep, type StateGraph, type StateGraphOptions, stateGraph } from './stateGraph.js'

/** The coverage of the paths of {@link pathsOf}, and the exploration of the states. */
export interface PathsOptions<Machine extends AnyStateMachine> extends StateGraphOptions<Machine> {
  /**
   * `transitions`: every step out of every state is in a path, and so is every state. `states`: every state is in a path.
   * @default 'transitions'
   */
  readonly cover?: 'states' | 'transitions' | undefined
}

/** A state of the machine, as plain data. Paths share their states: do not change them. */
export interface PathState<Machine extends AnyStateMachine> {
  /** As in `snapshot.value`. */
  readonly value: SnapshotFrom<Machine>['value']
  /** As in `snapshot.context`. */
  readonly context: SnapshotFrom<Machine>['context']
}

/** An event, and the state after it. */
export interface PathStep<Machine extends AnyStateMachine> {
  /** Make this happen to the code that you test. */
  readonly event: PathEvent<Machine>
  /** Compare the code that you test with this. */
  readonly state: PathState<Machine>
}

/** A path through a machine, from its initial state. */
export interface GeneratedPath<Machine extends AnyStateMachine> {
  /** The last state and the events that lead to it. Each path has a different name. */
  readonly name: string
  /** The initial state of the machine. */
  readonly initial: PathState<Machine>
  /** The steps, in order. */
  readonly steps: readonly PathStep<Machine>[]
}

/**
 * Generates tests from a statechart: paths that together take every step out of every reachable state.
 *
 * Explores the states of the machine with `@xstate/graph`, takes a shortest path to each state and each step out of it,
 * and drops paths that are the beginning of another. The machine is not executed: its actions do not run and its actors do
 * not start. `after` and `invoke` work: the end of a delay or of an actor is an event like any other.
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
 * @throws CutoverError `CUTOVER_INVALID_OPTION`; `CUTOVER_TOO_MANY_STATES` (more states than `limit`, or more than two
 * million steps in all paths); `CUTOVER_UNSUPPORTED_MACHINE` (the machine threw, or its states cannot be compared; the
 * message says what to do)
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
  const initial = states[0] as PathState<Machine>
  const steps = new Map<GraphStep<Machine>, PathStep<Machine>>()
  for (const step of graph.flatMap(({ steps }) => steps)) {
    steps.set(step, { event: step.event, state: states[step.to] as PathState<Machine> })
  }
  const paths = coveringPaths(machine, graph, cover).map(path => path.map(step => steps.get(step) as PathStep<Machine>))
  return (paths.length === 0 ? [[]] : paths).map(steps => ({ name: nameOf(initial, steps), initial, steps }))
}

/** A large graph may have paths that together do not fit into memory. */
const MAX_STEPS = 2_000_000

function coveringPaths<Machine extends AnyStateMachine>(
  { id }: Machine,
  graph: StateGraph<Machine>,
  cover: PathsOptions<Machine>['cover'],
): GraphStep<Machine>[][] {
  const tree = shortestPaths(0, state => graph[state]?.steps ?? [])
  const isInTree = (step: GraphStep<Machine>) => tree.get(step.to) === step
  const covered = graph.map(({ steps }) => (cover === 'states' ? steps.filter(isInTree) : steps))
  // A step ends its path unless another path goes on from its state.
  const lastSteps = covered.flat().filter(step => !isInTree(step) || covered[step.to]?.length === 0)
  let total = 0
  return lastSteps.map(last => {
    const path = pathTo(tree, last)
    total += path.length
    if (total <= MAX_STEPS) return path
    throw new CutoverError(
      'CUTOVER_TOO_MANY_STATES',
      `The paths of the machine "${id}" have more than ${MAX_STEPS} steps in ${graph.length} states. Use ` +
        "cover: 'states', give fewer events in `events`, or leave what only counts up out of `serializeState`.",
    )
  })
}

/** As in: `open by push, wait {"ms":5}` */
function nameOf<Machine extends AnyStateMachine>(
  initial: PathState<Machine>,
  steps: readonly PathStep<Machine>[],
): string {
  const events = steps.map(({ event }) => {
    const { type, ...payload } = event as AnyEventObject
    return Object.keys(payload).length === 0 ? type : `${type} ${payloadText(payload)}`
  })
  const { value } = steps.at(-1)?.state ?? initial
  const end = typeof value === 'string' ? value : JSON.stringify(value)
  return events.length === 0 ? `${end} from the start` : `${end} by ${events.join(', ')}`
}

/** Some payloads have no JSON, such as a cycle or a BigInt. */
function payloadText(payload: object): string {
  try {
    return JSON.stringify(payload)
  } catch {
    return '{…}'
  }
}

function isMachine(value: unknown): value is AnyStateMachine {
  return typeof value === 'object' && value !== null && 'getInitialSnapshot' in value && 'root' in value
}
