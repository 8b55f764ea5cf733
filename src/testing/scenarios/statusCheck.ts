import assert from 'node:assert/strict'
import type { VersionState } from '../../../machines/index.js'
import type { AggregateStatus } from '../../status.js'
import { byPrecedence } from '../../version.js'
import { type ModelState, placeOf, topOf } from './steps.js'

/** The aggregate must be in the state that its statechart says. */
export function assertStatus(status: AggregateStatus, model: ModelState, waiting: number): void {
  const { state, phase, active, next, wanted, versions } = status
  const states = Object.fromEntries(versions.map(({ version, state }) => [version, state]))
  const actual = { state, phase, active, next, wanted, versions: states, waiting: status.waiting }
  assert.deepEqual(
    actual,
    { ...expectedStatus(model), waiting },
    'The aggregate is not in the state that it should be in:',
  )
}

/** What {@link expectedStatus} gives. */
export interface ExpectedStatus extends Pick<AggregateStatus, 'state' | 'phase' | 'active' | 'next' | 'wanted'> {
  /** What each version is doing; ascending. */
  readonly versions: Readonly<Record<string, VersionState>>
}

/** What `status()` must say, but for the calls. */
export function expectedStatus(model: ModelState): ExpectedStatus {
  const { active, next, wanted, versions } = model.context
  const [top, place] = [topOf(model), placeOf(model)]
  const sorted = Object.entries(versions).sort(([a], [b]) => byPrecedence(a, b))
  return {
    state: (place === 'disposing' ? place : top) as AggregateStatus['state'],
    phase: top === 'running' ? (place as AggregateStatus['phase']) : null,
    active,
    next,
    wanted: { ...wanted },
    versions: Object.fromEntries(sorted),
  }
}
