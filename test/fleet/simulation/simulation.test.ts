import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { walkSettings } from '../../model/walks/settings.js'
import { FleetWorld, type Outcome } from './fleetWorld.js'
import { schedules } from './schedule.js'

const { seed } = walkSettings(process.env)
/** `npm run test:fleet` runs more of them, with more nodes. */
const SCHEDULES = Number(process.env['SCHEDULES'] ?? 100)

describe('A simulated fleet', () => {
  it(`The invariants hold for ${SCHEDULES} schedules of faults, with 40 nodes (SEED=${seed})`, () => {
    const outcomes: Outcome[] = []
    fc.assert(
      fc.property(schedules(40), schedule => {
        outcomes.push(new FleetWorld(schedule).run())
      }),
      { numRuns: SCHEDULES, seed },
    )
    for (const kind of ['permanent', 'halted']) expect(outcomes.some(outcome => outcome.kind === kind)).toBe(true)
  })
})
