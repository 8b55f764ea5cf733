import { execFile } from 'node:child_process'
import { promisify } from 'node:util'
import { expect, it } from 'vitest'

it('5,000 versions that come and go leave less than 100 bytes each on the heap, also inside XState', async () => {
  const args = ['--expose-gc', 'test/fixtures/processes/switchesOften.mjs']
  const { stdout } = await promisify(execFile)(process.execPath, args)
  // XState once remembered an event name for each version that had stopped: 400 bytes each.
  expect(Number(stdout)).toBeLessThan(100)
}, 120_000)
