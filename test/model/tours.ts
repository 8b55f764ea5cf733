import type { AnyStateMachine } from 'xstate'
import { type GraphStep, type StateGraph, shortestPath } from '../../src/testing/paths/index.js'

/**
 * Long paths from the initial state that together take every step of a graph: each goes on to the nearest step that none
 * has taken yet, up to about `length` steps.
 */
export function toursOf<Machine extends AnyStateMachine>(
  graph: StateGraph<Machine>,
  length = 150,
): GraphStep<Machine>[][] {
  const untaken = new UntakenSteps(graph)
  const tours: GraphStep<Machine>[][] = []
  for (;;) {
    const tour: GraphStep<Machine>[] = []
    while (tour.length < length) {
      const path = untaken.take(tour.at(-1)?.to ?? 0)
      if (path === undefined) break
      tour.push(...path)
    }
    if (tour.length === 0) return tours
    tours.push(tour)
  }
}

/** The steps that no tour has taken. Those of one state are taken in their order. */
class UntakenSteps<Machine extends AnyStateMachine> {
  readonly #graph: StateGraph<Machine>
  /** How many steps of each state are taken. */
  readonly #taken: Uint32Array
  /** One step from each state to each of its neighbours: many events lead to the same one. */
  readonly #ways: readonly (readonly GraphStep<Machine>[])[]

  constructor(graph: StateGraph<Machine>) {
    this.#graph = graph
    this.#taken = new Uint32Array(graph.length)
    this.#ways = graph.map(({ steps }) => steps.filter(({ to }, i) => steps.findIndex(step => step.to === to) === i))
  }

  /** Takes the nearest step: gives a shortest path from `start` that ends with it. */
  take(start: number): GraphStep<Machine>[] | undefined {
    const path = shortestPath(
      start,
      state => this.#next(state) ?? this.#ways[state] ?? [],
      step => this.#next(step.from)?.[0] === step,
    )
    const from = path?.at(-1)?.from
    if (from !== undefined) this.#taken[from] = (this.#taken[from] ?? 0) + 1
    return path
  }

  /** The next step of a state, as the only one; undefined if all are taken. */
  #next(state: number): readonly [GraphStep<Machine>] | undefined {
    const step = this.#graph[state]?.steps[this.#taken[state] ?? 0]
    return step && [step]
  }
}
