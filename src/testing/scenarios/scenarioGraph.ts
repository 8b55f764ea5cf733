import {
  type AggregateEvent,
  type AggregateSnapshot,
  aggregateMachine,
  type Handover,
} from '../../../machines/index.js'
import { stateGraph } from '../paths/stateGraph.js'
import { isAtRest, isClosed, type ModelState, reportsIn, type Step, stateOf } from './steps.js'

/** Whether a step is the one that was looked for. */
export type Goal = (step: Step) => boolean

/** Leads from one numbered state to another. */
interface Edge extends Step {
  readonly target: number
}

/** Every state that a scenario may pass through, and every step between them, from the aggregate's own machine. */
export class ScenarioGraph {
  readonly #exits: readonly (readonly Edge[])[]

  /** @param isCalm - nothing dies, and nothing ends before it has come to rest: far fewer states */
  constructor(handover: Handover, versions: readonly string[], isCalm = false) {
    const graph = stateGraph(aggregateMachine, {
      // Times make no difference here: what they lead to are steps like any other.
      input: { handover, drainTimeout: 0, stopTimeout: 0 },
      events: state => possible(state, versions).filter(event => !isCalm || isCalmIn(state, event)),
    })
    const states = graph.map(({ snapshot: { value, context } }): ModelState => ({ value, context }))
    this.#exits = graph.map(({ exits }, number) => {
      const from = states[number] as ModelState
      const taken = exits.map(({ event, to }) => ({ event, from, to: states[to] as ModelState, target: to }))
      return [...taken, ...failedStarts(from, number)]
    })
  }

  /**
   * The shortest way to all of the goals, one after the other, that takes only steps that are `allowed`.
   *
   * @returns undefined when there is none
   */
  path(goals: readonly Goal[], isAllowed: Goal): Step[] | undefined {
    const path: Edge[] = []
    for (const goal of goals) {
      const leg = this.#leg(path.at(-1)?.target ?? 0, goal, isAllowed)
      if (leg === undefined) return undefined
      path.push(...leg)
    }
    return path
  }

  /** Breadth first. */
  #leg(start: number, isGoal: Goal, isAllowed: Goal): Edge[] | undefined {
    const ways: { readonly at: number; readonly edges: readonly Edge[] }[] = [{ at: start, edges: [] }]
    const seen = new Set([start])
    for (const { at, edges } of ways) {
      for (const edge of this.#exits[at] ?? []) {
        if (!isAllowed(edge)) continue
        if (isGoal(edge)) return [...edges, edge]
        if (seen.has(edge.target)) continue
        seen.add(edge.target)
        ways.push({ at: edge.target, edges: [...edges, edge] })
      }
    }
    return undefined
  }
}

/** In this order where two ways are equally short. */
function possible(state: AggregateSnapshot, versions: readonly string[]): AggregateEvent[] {
  if (state.matches('disposed')) return []
  const reports = reportsIn(state)
  if (isClosed(state)) return reports
  const ends = [{ type: 'stop' }, { type: 'dispose' }] as const
  // What else could be done at any time would make ten times as many states, and no shorter way anywhere.
  if (!isAtRest(state)) return [{ type: 'start' }, ...reports, ...ends]
  const unknown = versions.find(version => stateOf(state, version) === undefined)
  const added = unknown === undefined ? [] : [{ type: 'addVersion', version: unknown } as const]
  if (state.matches('stopped')) return [...added, { type: 'start' }, ...ends]
  const nexts = (active: string) => [null, ...versions.filter(version => version !== active)]
  return [
    ...added,
    ...versions.flatMap(active => nexts(active).map(next => ({ type: 'setVersion', active, next }) as const)),
    ...reports,
    ...ends,
  ]
}

function isCalmIn(state: AggregateSnapshot, { type }: AggregateEvent): boolean {
  if (type === 'version.lost' || type === 'stop') return false
  return type !== 'dispose' || isAtRest(state)
}

function failedStarts(state: ModelState, number: number): Edge[] {
  return Object.entries(state.context.versions)
    .filter(([, its]) => its === 'starting')
    .map(([version]) => ({ event: { type: 'version.failedToStart', version }, from: state, to: state, target: number }))
}
