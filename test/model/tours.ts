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
  const taken = new Set<GraphStep<Machine>>()
  const tours: GraphStep<Machine>[][] = []
  for (;;) {
    const tour: GraphStep<Machine>[] = []
    while (tour.length < length) {
      const at = tour.at(-1)?.to ?? 0
      const path = shortestPath(
        at,
        state => graph[state]?.steps ?? [],
        step => !taken.has(step),
      )
      if (path === undefined) break
      for (const step of path) taken.add(step)
      tour.push(...path)
    }
    if (tour.length === 0) return tours
    tours.push(tour)
  }
}
