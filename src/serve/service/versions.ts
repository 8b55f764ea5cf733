import type { Aggregate } from '../../aggregate/index.js'
import { printable } from '../../support/index.js'
import type { ServedVersion } from '../events.js'

/** The versions that are there, the active one first. */
export function versionsOf(aggregate: Aggregate): readonly ServedVersion[] {
  const { active, next, share, versions } = aggregate.status()
  const figures = new Map(aggregate.metrics().versions.map(its => [its.version, its]))
  const part = { active: 100 - share, next: share }
  const served = versions.map(({ version, state, phase, inFlight, lastError }): ServedVersion => {
    const role = version === active ? 'active' : version === next ? 'next' : null
    const { calls = 0, failed = 0, restarts = 0, pool = null } = figures.get(version) ?? {}
    return {
      version,
      role,
      state,
      phase,
      share: role === null ? 0 : part[role],
      inFlight,
      requests: calls,
      failed,
      restarts,
      processes: pool,
      lastError: lastError === null ? null : printable(lastError.message),
    }
  })
  return served.sort((a, b) => Number(b.role === 'active') - Number(a.role === 'active'))
}
