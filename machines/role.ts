/** The role of a version in an aggregate, worked out from the context of the aggregate machine. */
import type { AggregateContext } from './aggregateContext.js'
import { stateOf } from './versionTable.js'

/**
 * The use of a version in an aggregate. `next`: it is started in advance. `sharing`: it is next and gets a share of the calls.
 * `active`: it serves calls. `leaving`: it gets no new calls, and is about to stop.
 */
export type Role = 'next' | 'sharing' | 'active' | 'leaving'

/** A version that an aggregate has in place. */
export interface Placed {
  /** Canonical SemVer. */
  readonly version: string
  /** Its role. */
  readonly role: Role
  /** Whether its runtime is running. */
  readonly isUp: boolean
}

/** The role of a version that is in place. */
export function roleOf(context: AggregateContext, version: string): Role {
  if (version === context.leaving || stateOf(context, version) === 'stopping') return 'leaving'
  if (version === context.active) return 'active'
  return context.share > 0 ? 'sharing' : 'next'
}

/** The versions in place. The active one is the last, so that the version that makes way is told first. */
export function placedVersions(context: AggregateContext): Placed[] {
  const { active, next, leaving } = context
  return [leaving, next, active]
    .filter(version => version !== null)
    .map(version => ({ version, role: roleOf(context, version), isUp: stateOf(context, version) === 'running' }))
}
