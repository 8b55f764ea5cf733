import type { AggregateSnapshot } from '../../machines/index.js'
import type { Route } from '../calls/index.js'

/** The one rule of where calls go, from the aggregate's snapshot. */
export function routeOf(snapshot: AggregateSnapshot): Route {
  const { active, next } = snapshot.context
  const serves = snapshot.matches('running') && !snapshot.matches({ running: 'stoppingActive' })
  const mirrors = serves && !snapshot.matches({ running: 'stoppingNext' })
  const closed = snapshot.matches('disposed') || snapshot.matches({ stopping: 'disposing' })
  return { active: serves ? active : null, next: mirrors ? next : null, closed }
}
