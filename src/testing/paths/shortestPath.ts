/** One step in a graph, from state to state by their numbers. */
interface Edge {
  readonly from: number
  readonly to: number
}

/** The edges that leave a state. */
type EdgesFrom<E extends Edge> = (state: number) => Iterable<E>

/** For each state that a search has reached, the last edge of a shortest path to it; null for the start. */
export type SearchTree<E extends Edge> = ReadonlyMap<number, E | null>

/**
 * The shortest path from `start` whose last edge is a goal. It has at least one edge.
 *
 * @returns undefined if no goal can be reached
 */
export function shortestPath<E extends Edge>(
  start: number,
  edgesFrom: EdgesFrom<E>,
  isGoal: (edge: E) => boolean,
): E[] | undefined {
  const { tree, goal } = search(start, edgesFrom, isGoal)
  return goal === undefined ? undefined : pathTo(tree, goal)
}

/** Shortest paths from `start` to every state, for {@link pathTo}. */
export function shortestPaths<E extends Edge>(start: number, edgesFrom: EdgesFrom<E>): SearchTree<E> {
  return search(start, edgesFrom, () => false).tree
}

/** A shortest path to the state that `last` leaves, and then `last`. */
export function pathTo<E extends Edge>(tree: SearchTree<E>, last: E): E[] {
  const path: E[] = []
  for (let edge: E | null | undefined = last; edge; edge = tree.get(edge.from)) path.push(edge)
  return path.reverse()
}

/** Breadth first. The edges of one state are tried in their order. */
function search<E extends Edge>(start: number, edgesFrom: EdgesFrom<E>, isGoal: (edge: E) => boolean) {
  const tree = new Map<number, E | null>([[start, null]])
  // A Map also visits the entries that are added during the loop, so it serves as the queue.
  for (const state of tree.keys()) {
    for (const edge of edgesFrom(state)) {
      if (isGoal(edge)) return { tree, goal: edge }
      if (!tree.has(edge.to)) tree.set(edge.to, edge)
    }
  }
  return { tree, goal: undefined }
}
