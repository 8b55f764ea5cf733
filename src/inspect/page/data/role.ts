import { type Actor, isAlive } from './store.js'
import { formatShare, versionOf } from './text.js'
import { phaseOf } from './timeline.js'
import { asRecord } from './unknownRecord.js'

/** The role of a version in an aggregate. */
export interface VersionRole {
  readonly name: 'active' | 'next' | 'leaving'
  /** The percentage of new calls that a next version gets. */
  readonly share: number
}

/** The role of a version, from the context of the aggregate above it; undefined for a version that is not in place. */
export function roleOf(
  actor: Actor,
  { actors }: { readonly actors: ReadonlyMap<string, Actor> },
): VersionRole | undefined {
  const version = versionOf(actor.name)
  const aggregate = actors.get(actor.parentId ?? '')
  if (version === undefined || aggregate?.name.startsWith('aggregate ') !== true || !isAlive(actor)) return undefined
  const { active, next, leaving, share } = asRecord(aggregate.snapshot.context)
  const phase = phaseOf(actor.snapshot.value)
  if (version === leaving || phase === 'draining' || phase === 'terminating') return { name: 'leaving', share: 0 }
  if (version === active) return { name: 'active', share: 0 }
  return version === next ? { name: 'next', share: typeof share === 'number' ? share : 0 } : undefined
}

/** A role for places with little room: `next 10 %`. */
export function shortRole({ name, share }: VersionRole): string {
  return share > 0 ? `${name} ${formatShare(share)}` : name
}

/** A role in words: `next, with 10 % of new calls`. */
export function describeRole({ name, share }: VersionRole): string {
  return share > 0 ? `${name}, with ${share} % of new calls` : name
}
