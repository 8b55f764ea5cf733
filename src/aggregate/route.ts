import { type AggregateSnapshot, stateOf } from '../../machines/index.js'
import type { Route } from '../calls/index.js'

/** The route of a snapshot: calls go to the versions that are in place and running (rules 15, 16 and 26). */
export function routeOf(snapshot: AggregateSnapshot): Route {
  const { context } = snapshot
  const isOpen = snapshot.matches('running')
  const ifRunning = (version: string | null) =>
    isOpen && version !== null && stateOf(context, version) === 'running' ? version : null
  const closed = snapshot.matches('disposed') || snapshot.matches({ stopping: 'disposing' })
  return { active: ifRunning(context.active), next: ifRunning(context.next), share: context.share, closed }
}
