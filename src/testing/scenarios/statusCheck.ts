import assert from 'node:assert/strict'
import { postponed, type VersionState } from '../../../machines/index.js'
import type { AggregateStatus } from '../../aggregate/index.js'
import { byPrecedence } from '../../contract/index.js'
import { innermostState, type ModelState, outermostState } from './steps.js'

/** The aggregate must be in this state of its statechart. */
export function assertStatus(status: AggregateStatus, model: ModelState, waiting: number): void {
  const { state, phase, active, next, wanted, postponed, share, versions } = status
  const states = Object.fromEntries(versions.map(({ version, state }) => [version, state]))
  const actual = { state, phase, active, next, wanted, postponed, share, versions: states, waiting: status.waiting }
  assert.deepEqual(actual, { ...expectedStatus(model), waiting }, 'status() differs from the state of the statechart:')
}

/** The status of an aggregate as its statechart implies it. */
export interface ExpectedStatus
  extends Pick<AggregateStatus, 'state' | 'phase' | 'active' | 'next' | 'wanted' | 'postponed' | 'share'> {
  /** The state of each version, in ascending order of versions. */
  readonly versions: Readonly<Record<string, VersionState>>
}

/** Returns the `status()` that this state implies, except for the calls. */
export function expectedStatus(model: ModelState): ExpectedStatus {
  const { active, next, wanted, share, versions } = model.context
  const [outer, inner] = [outermostState(model), innermostState(model)]
  const sorted = Object.entries(versions).sort(([a], [b]) => byPrecedence(a, b))
  return {
    state: (inner === 'disposing' ? inner : outer) as AggregateStatus['state'],
    phase: outer === 'running' ? (inner as AggregateStatus['phase']) : null,
    active,
    next,
    wanted: { ...wanted },
    postponed: outer === 'disposed' ? [] : postponed(model.context),
    share,
    versions: Object.fromEntries(sorted),
  }
}
