import { expect, it } from 'vitest'
import { check } from './check.js'
import { INTERLEAVED } from './properties.js'
import { walkSettings } from './settings.js'

const settings = walkSettings()
/** Far more than it takes: a walk that hangs fails with the seed in its title. */
const LIMIT = 600_000

it(
  `Whatever happens at once, and in whatever order, the invariants hold (SEED=${settings.seed} RUNS=${settings.runs})`,
  async () => {
    expect(await check(INTERLEAVED, settings)).toBe(null)
  },
  LIMIT,
)
