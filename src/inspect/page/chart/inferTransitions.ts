import { activePaths } from '../data/index.js'
import type { Chart, ChartState, ChartTransition } from './chart.js'

const MAX_STEPS = 8

/**
 * Infers which transitions led from one state value to the next: the transition of the event, then the shortest path of
 * `always` transitions to the new value. The messages name only the event.
 */
export function inferTransitions(chart: Chart, before: unknown, after: unknown, event: string): ChartTransition[] {
  const oldPaths = new Set(['', ...activePaths(before)])
  const newPaths = new Set(['', ...activePaths(after)])
  const candidates = [...chart.states.values()]
    .filter(({ path }) => oldPaths.has(path))
    .reverse()
    .flatMap(state => state.transitions.filter(it => isTriggeredBy(it, event)))
  const sequences = candidates.flatMap(first => {
    const sequence = first.to.length === 0 ? undefined : findSequence(chart, first, newPaths)
    return sequence === undefined ? [] : [sequence]
  })
  const shortest = sequences.toSorted((a, b) => a.length - b.length)[0]
  const isUnchanged = oldPaths.size === newPaths.size && [...oldPaths].every(path => newPaths.has(path))
  const [internal, ...others] = isUnchanged ? candidates.filter(({ to }) => to.length === 0) : []
  const isInternal = internal !== undefined && others.length === 0
  if (isInternal && (shortest === undefined || candidates[0] === internal)) return [internal]
  return shortest ?? []
}

function isTriggeredBy({ kind, trigger, source }: ChartTransition, event: string): boolean {
  if (kind === 'always') return false
  if (kind === 'after') return event === `xstate.after.${trigger}.${source.id}`
  if (kind === 'error') return event === `xstate.error.actor.${trigger}`
  if (kind === 'snapshot') return event === `xstate.snapshot.${trigger}`
  if (kind === 'done') return event === `xstate.done.actor.${trigger}` || event === `xstate.done.state.${trigger}`
  if (trigger === '*' || trigger === event) return !event.startsWith('xstate.') || trigger === event
  return trigger.endsWith('.*') && `${event}.`.startsWith(trigger.slice(0, -1))
}

/** Breadth-first search; undefined if no sequence leads to the new state value. */
function findSequence(
  chart: Chart,
  first: ChartTransition,
  newPaths: ReadonlySet<string>,
): ChartTransition[] | undefined {
  let sequences: ChartTransition[][] = [[first]]
  const visited = new Set<string>()
  for (let step = 0; step < MAX_STEPS; step++) {
    const found = sequences.find(sequence => isEntered(sequence.at(-1)?.to ?? [], newPaths))
    if (found !== undefined) return found
    sequences = sequences.flatMap(sequence =>
      withInitialStates(sequence.at(-1)?.to ?? []).flatMap(state => {
        if (visited.has(state.path)) return []
        visited.add(state.path)
        return alwaysTransitions(chart, state).map(it => [...sequence, it])
      }),
    )
  }
  return undefined
}

/** Whether the targets and the states entered with them are all active. */
function isEntered(targets: readonly ChartState[], activePaths: ReadonlySet<string>): boolean {
  return withInitialStates(targets).every(({ path, type }) => activePaths.has(path) || type === 'history')
}

/** The states, and those that are entered with them. */
function withInitialStates(states: readonly ChartState[]): ChartState[] {
  return states.flatMap(state => {
    const children = state.children.filter(({ key }) => state.type === 'parallel' || key === state.initial)
    return [state, ...withInitialStates(children)]
  })
}

/** The `always` transitions of a state and its ancestors. */
function alwaysTransitions(chart: Chart, state: ChartState): ChartTransition[] {
  const withAncestors = [...chart.states.values()].filter(
    ({ path }) => path === '' || path === state.path || state.path.startsWith(`${path}.`),
  )
  const always = withAncestors.flatMap(it =>
    it.transitions.filter(({ kind, to }) => kind === 'always' && to.length > 0),
  )
  // The messages do not tell which guard was true, so a transition without a guard is preferred.
  return always.toSorted((a, b) => Number(a.guard !== undefined) - Number(b.guard !== undefined))
}
