import type { AnyStateMachine } from 'xstate'
import type { GraphStep, StateGraph } from '../../src/testing/paths/stateGraph.js'

/**
 * Long ways from the initial state that together take every step of a graph: from wherever it is, each goes on to the
 * nearest step that none has taken yet, up to about `length` steps.
 */
export function toursOf<Machine extends AnyStateMachine>(
  graph: StateGraph<Machine>,
  length = 150,
): GraphStep<Machine>[][] {
  const left = graph.map(({ exits }) => exits.toReversed())
  const tours: GraphStep<Machine>[][] = []
  for (;;) {
    const tour: GraphStep<Machine>[] = []
    while (tour.length < length) {
      const at = tour.at(-1)?.to ?? 0
      const way = nearest(graph, at, state => left[state]?.length !== 0)
      if (way === null) break
      const step = left[way.at(-1)?.to ?? at]?.pop()
      tour.push(...way, ...(step === undefined ? [] : [step]))
    }
    if (tour.length === 0) return tours
    tours.push(tour)
  }
}

/** The shortest way to a state with something left, empty when it is this one; null when there is none. */
function nearest<Machine extends AnyStateMachine>(
  graph: StateGraph<Machine>,
  start: number,
  hasLeft: (state: number) => boolean,
): GraphStep<Machine>[] | null {
  const entries = new Map<number, GraphStep<Machine> | null>([[start, null]])
  for (const [state] of entries) {
    if (hasLeft(state)) return wayBack(entries, state)
    // A Map that grows while it is gone through is a queue.
    for (const step of graph[state]?.exits ?? []) if (!entries.has(step.to)) entries.set(step.to, step)
  }
  return null
}

function wayBack<Machine extends AnyStateMachine>(
  entries: ReadonlyMap<number, GraphStep<Machine> | null>,
  end: number,
): GraphStep<Machine>[] {
  const way: GraphStep<Machine>[] = []
  for (let step = entries.get(end); step !== null && step !== undefined; step = entries.get(step.from)) way.push(step)
  return way.reverse()
}
