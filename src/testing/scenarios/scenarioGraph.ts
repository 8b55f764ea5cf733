import {
  type AggregateEvent,
  type AggregateSnapshot,
  aggregateMachine,
  type Handover,
} from '../../../machines/index.js'
import { shortestPath, stateGraph } from '../paths/index.js'
import { failedStarts, hostReports, isAtRest, isClosed, type ModelState, type Step, versionState } from './steps.js'

/** Whether a step is the one that a scenario looks for. */
export type Goal = (step: Step) => boolean

/** A step, and the numbers of its states. */
interface NumberedStep {
  readonly step: Step
  readonly from: number
  readonly to: number
}

/** Every state that a scenario may pass through, and every step between them, from the aggregate's own machine. */
export class ScenarioGraph {
  /** The steps out of each state. */
  readonly #steps: readonly (readonly NumberedStep[])[]

  /** @param isReduced - leaves out crashes, and `stop()` and `dispose()` in progress: far fewer states */
  constructor(handover: Handover, versions: readonly string[], isReduced = false) {
    const graph = stateGraph(aggregateMachine, {
      // The timeouts do not matter here: their results are steps like any other.
      input: { handover, drainTimeout: 0, stopTimeout: 0 },
      events: state => possibleEvents(state, versions).filter(event => !isReduced || isInReducedGraph(state, event)),
    })
    const states = graph.map(({ snapshot: { value, context } }): ModelState => ({ value, context }))
    this.#steps = graph.map(({ steps }, number) => [
      ...steps.map(({ event, from, to }) => {
        return { step: { event, from: states[from] as ModelState, to: states[to] as ModelState }, from, to }
      }),
      ...failedSteps(states[number] as ModelState).map(step => ({ step, from: number, to: number })),
    ])
  }

  /**
   * A path that reaches the goals one after the other, each by the shortest path, by allowed steps only.
   *
   * @returns undefined if there is none
   */
  path(goals: readonly Goal[], isAllowed: Goal): Step[] | undefined {
    const path: NumberedStep[] = []
    const allowedSteps = (state: number) => (this.#steps[state] ?? []).filter(({ step }) => isAllowed(step))
    for (const isGoal of goals) {
      const next = shortestPath(path.at(-1)?.to ?? 0, allowedSteps, ({ step }) => isGoal(step))
      if (next === undefined) return undefined
      path.push(...next)
    }
    return path.map(({ step }) => step)
  }
}

/** The events that a scenario tries in a state. Of two paths of the same length, the one whose event comes first here wins. */
function possibleEvents(state: AggregateSnapshot, versions: readonly string[]): AggregateEvent[] {
  if (state.matches('disposed')) return []
  const reports = hostReports(state)
  if (isClosed(state)) return reports
  const ends = [{ type: 'stop' }, { type: 'dispose' }] as const
  // Other commands in progress would make ten times as many states, and no path shorter.
  if (!isAtRest(state)) return [{ type: 'start' }, ...reports, ...ends]
  const missing = versions.find(version => versionState(state, version) === undefined)
  const added = missing === undefined ? [] : [{ type: 'addVersion', version: missing } as const]
  if (state.matches('stopped')) return [...added, { type: 'start' }, ...ends]
  const nextsFor = (active: string) => [null, ...versions.filter(version => version !== active)]
  return [
    ...added,
    ...versions.flatMap(active => nextsFor(active).map(next => ({ type: 'setVersion', active, next }) as const)),
    ...(canSwap(state) ? [{ type: 'swap' } as const] : []),
    ...reports,
    ...ends,
  ]
}

/** Whether a swap of this settled aggregate changes anything (rule 23). */
function canSwap(state: AggregateSnapshot): boolean {
  return state.context.active !== null && versionState(state, state.context.next) === 'running'
}

function isInReducedGraph(state: AggregateSnapshot, { type }: AggregateEvent): boolean {
  if (type === 'version.lost' || type === 'stop') return false
  return type !== 'dispose' || isAtRest(state)
}

/** Kept out of the graph, where they would make no state and no path shorter. */
function failedSteps(state: ModelState): Step[] {
  return failedStarts(state).map(event => ({ event, from: state, to: state }))
}
