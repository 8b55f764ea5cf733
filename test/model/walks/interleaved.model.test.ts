import { expect, it } from 'vitest'
import { check } from './check.js'
import { INTERLEAVED } from './properties.js'
import { walkSettings } from './settings.js'

const settings = walkSettings()
/** Far longer than the walks take. A walk that hangs fails with its seed in the title. */
const LIMIT = 600_000

it(
  `The invariants hold for concurrent commands in any order (SEED=${settings.seed} RUNS=${settings.runs})`,
  async () => {
    expect(await check(INTERLEAVED, settings)).toBe(null)
  },
  LIMIT,
)
