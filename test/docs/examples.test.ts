import { execFileSync } from 'node:child_process'
import { expect, it } from 'vitest'

it('docs/examples/testing.ts prints its answer against the built package, and exits by itself', () => {
  const output = execFileSync(process.execPath, ['dist/docs/examples/testing.js'], {
    encoding: 'utf8',
    timeout: 20_000,
  })
  expect(output).toBe('answer to request\n')
})
