import { activePaths } from '../data/stateValue.js'
import type { Chart, ChartState, ChartTransition } from './chart.js'

const MAX_STEPS = 8

/**
 * The transitions that lead from one state value to the next, as far as that can be told from outside: the one that the
 * event took, then the shortest way of `always` transitions to where the actor is now.
 */
export function transitionsTaken(chart: Chart, before: unknown, after: unknown, event: string): ChartTransition[] {
  const old = new Set(['', ...activePaths(before)])
  const now = new Set(['', ...activePaths(after)])
  const tried = [...chart.states.values()]
    .filter(({ path }) => old.has(path))
    .reverse()
    .flatMap(state => state.transitions.filter(it => isTakenBy(it, event)))
  const moved = tried.flatMap(first => {
    const way = first.to.length === 0 ? undefined : wayTo(chart, first, now)
    return way === undefined ? [] : [way]
  })
  const shortest = moved.toSorted((a, b) => a.length - b.length)[0]
  const isSame = old.size === now.size && [...old].every(path => now.has(path))
  const still = isSame ? tried.filter(({ to }) => to.length === 0) : []
  if (still.length === 1 && still[0] !== undefined && (shortest === undefined || tried[0] === still[0])) return still
  return shortest ?? []
}

/** Whether an event of this type may take the transition. */
function isTakenBy({ kind, trigger, source }: ChartTransition, event: string): boolean {
  if (kind === 'always') return false
  if (kind === 'after') return event === `xstate.after.${trigger}.${source.id}`
  if (kind === 'error') return event === `xstate.error.actor.${trigger}`
  if (kind === 'snapshot') return event === `xstate.snapshot.${trigger}`
  if (kind === 'done') return event === `xstate.done.actor.${trigger}` || event === `xstate.done.state.${trigger}`
  if (trigger === '*' || trigger === event) return !event.startsWith('xstate.') || trigger === event
  return trigger.endsWith('.*') && `${event}.`.startsWith(trigger.slice(0, -1))
}

/** Breadth first; undefined if it leads elsewhere. */
function wayTo(chart: Chart, first: ChartTransition, now: ReadonlySet<string>): ChartTransition[] | undefined {
  let ways: ChartTransition[][] = [[first]]
  const seen = new Set<string>()
  for (let step = 0; step < MAX_STEPS; step++) {
    const arrived = ways.find(way => restsIn(way.at(-1)?.to ?? [], now))
    if (arrived !== undefined) return arrived
    ways = ways.flatMap(way =>
      entered(way.at(-1)?.to ?? []).flatMap(state => {
        if (seen.has(state.path)) return []
        seen.add(state.path)
        return eventless(chart, state).map(it => [...way, it])
      }),
    )
  }
  return undefined
}

/** Whether all these states, and one of their children if they have any, are active now. */
function restsIn(targets: readonly ChartState[], now: ReadonlySet<string>): boolean {
  return targets.every(state => entered([state]).every(({ path, type }) => now.has(path) || type === 'history'))
}

/** The states themselves and what is entered with them. */
function entered(states: readonly ChartState[]): ChartState[] {
  return states.flatMap(state => {
    const children = state.children.filter(({ key }) => state.type === 'parallel' || key === state.initial)
    return [state, ...entered(children)]
  })
}

function eventless(chart: Chart, state: ChartState): ChartTransition[] {
  const ancestors = [...chart.states.values()].filter(
    ({ path }) => path === '' || path === state.path || state.path.startsWith(`${path}.`),
  )
  const all = ancestors.flatMap(it => it.transitions.filter(({ kind, to }) => kind === 'always' && to.length > 0))
  // Of several to the same state, none is known to be the one: that without a guard claims least.
  return all.toSorted((a, b) => Number(a.guard !== undefined) - Number(b.guard !== undefined))
}
