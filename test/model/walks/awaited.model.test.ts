import { expect, it } from 'vitest'
import { check } from './check.js'
import { AWAITED } from './properties.js'
import { walkSettings } from './settings.js'

const settings = walkSettings()
/** Far longer than the walks take. A walk that hangs fails with its seed in the title. */
const LIMIT = 600_000

it(
  `After any sequence of commands the aggregate agrees with its oracle (SEED=${settings.seed} RUNS=${settings.runs})`,
  async () => {
    expect(await check(AWAITED, settings)).toBe(null)
  },
  LIMIT,
)
