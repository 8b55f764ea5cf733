import fc from 'fast-check'
import { it } from 'vitest'
import { awaited } from './awaited.js'

it('x', async () => {
  await fc.assert(awaited(), { numRuns: 3000 })
  console.log((globalThis as any).STAT)
}, 120_000)
