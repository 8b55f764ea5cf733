import { expect, it } from 'vitest'
import { check } from './check.js'
import { AWAITED } from './properties.js'
import { walkSettings } from './settings.js'

const settings = walkSettings()
/** Far more than it takes: a walk that hangs fails with the seed in its title. */
const LIMIT = 600_000

it(
  `Whatever is done, one thing after the other, it is as the oracle says (SEED=${settings.seed} RUNS=${settings.runs})`,
  async () => {
    expect(await check(AWAITED, settings)).toBe(null)
  },
  LIMIT,
)
