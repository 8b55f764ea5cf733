import { type AggregateSnapshot, stateOf } from '../../machines/index.js'
import type { Route } from '../calls/index.js'
import { isClosed, isRunning } from './snapshotQueries.js'

/** The route of a snapshot: calls go to the versions that are in place and running (rules 15, 16, 26 and 28). */
export function routeOf(snapshot: AggregateSnapshot): Route {
  const { context } = snapshot
  const { active, next, share } = context
  const isOpen = isRunning(snapshot)
  const isIn = (version: string | null, ...states: readonly unknown[]): version is string =>
    isOpen && version !== null && states.includes(stateOf(context, version))
  return {
    active: isIn(active, 'running') ? active : null,
    next: isIn(next, 'running') ? next : null,
    share,
    inPlace: [active, next].filter(version => isIn(version, 'starting', 'running')),
    closed: isClosed(snapshot),
  }
}
