import { execFile } from 'node:child_process'
import { promisify } from 'node:util'
import { expect, it } from 'vitest'

it('The example for node:test runs with the built package, and skips nothing', { timeout: 120_000 }, async () => {
  const args = ['--test', '--test-reporter=tap', 'docs/examples/testing/node.test.mjs']
  const { NODE_TEST_CONTEXT: _, ...env } = process.env
  const { stdout } = await promisify(execFile)(process.execPath, args, { env, timeout: 110_000 })
  expect(stdout).toMatch(/^# pass 32$/m)
  expect(stdout).toMatch(/^# fail 0$/m)
  expect(stdout).toMatch(/^# skipped 0$/m)
})
