/**
 * Queries on the snapshot of an aggregate. They look at its value, because `matches()` takes the name of a state apart each
 * time, and they run with each step of a switch.
 */
import { type AggregateSnapshot, stateOf } from '../../machines/index.js'

/** Whether nothing is in progress: the wanted pair is in place, or the aggregate is stopped. */
export function isSettled(snapshot: AggregateSnapshot): boolean {
  const { value } = snapshot
  return value === 'stopped' || (typeof value === 'object' && 'running' in value && value.running === 'settled')
}

/** Whether the aggregate runs: it works towards the wanted pair. */
export function isRunning({ value }: AggregateSnapshot): boolean {
  return typeof value === 'object' && 'running' in value
}

/** Whether every call is rejected. */
export function isClosed({ value }: AggregateSnapshot): boolean {
  return value === 'disposed' || (typeof value === 'object' && 'stopping' in value && value.stopping === 'disposing')
}

/** Whether the version, by default the active one, is in place and running. */
export function isServing(snapshot: AggregateSnapshot, version: string | null): boolean {
  const { active, next } = snapshot.context
  const key = version ?? active
  return (
    isRunning(snapshot) &&
    key !== null &&
    (key === active || key === next) &&
    stateOf(snapshot.context, key) === 'running'
  )
}

/** Whether the version is wanted, so that it may still start. */
export function isExpected({ context: { wanted } }: AggregateSnapshot, version: string): boolean {
  return version === wanted.active || version === wanted.next
}
