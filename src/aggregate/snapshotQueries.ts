/** Queries on the snapshot of an aggregate. */
import { type AggregateSnapshot, stateOf } from '../../machines/index.js'

/** Whether nothing is in progress: the wanted pair is in place, or the aggregate is stopped. */
export function isSettled(snapshot: AggregateSnapshot): boolean {
  return snapshot.matches('stopped') || snapshot.matches({ running: 'settled' })
}

/** Whether the version, by default the active one, is in place and running. */
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

/** Whether the version is wanted, so that it may still start. */
export function isExpected({ context: { wanted } }: AggregateSnapshot, version: string): boolean {
  return version === wanted.active || version === wanted.next
}
