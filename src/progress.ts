/** How far an aggregate has come, from its snapshot. */
import type { AggregateSnapshot } from '../machines/aggregate.js'
import { stateOf } from '../machines/versionTable.js'

/** Whether nothing is under way: what is wanted is in place, or the aggregate is stopped. */
export function isSettled(snapshot: AggregateSnapshot): boolean {
  return snapshot.matches('stopped') || snapshot.matches({ running: 'settled' })
}

/** Whether the version, or else the active one, is in its place and running. */
export function isServing(snapshot: AggregateSnapshot, version: string | null): boolean {
  const { active, next } = snapshot.context
  const key = version ?? active
  return (
    snapshot.matches('running') &&
    key !== null &&
    (key === active || key === next) &&
    stateOf(snapshot.context, key) === 'running'
  )
}

/** Whether the version is wanted, so that it may yet come up. */
export function isExpected({ context: { wanted } }: AggregateSnapshot, version: string): boolean {
  return version === wanted.active || version === wanted.next
}
