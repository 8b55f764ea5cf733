import fc from 'fast-check'
import { it } from 'vitest'
import { awaited } from './awaited.js'

it('Whatever is done to an aggregate, one thing after the other, it does as its oracle says', async () => {
  await fc.assert(awaited(), { numRuns: 10_000 })
}, 240_000)
