import { execFileSync } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { expect, it } from 'vitest'

it('docs/pool.md shows docs/examples/pool/main.ts, which prints what its comments say', () => {
  const page = readFileSync('docs/pool.md', 'utf8')
  const main = readFileSync('docs/examples/pool/main.ts', 'utf8')
  expect(page).toContain(`\`\`\`ts\n${main.replace('../../../../docs/examples/pool/', './')}\`\`\``)
  const output = execFileSync(process.execPath, ['dist/docs/examples/pool/main.js'], {
    encoding: 'utf8',
    timeout: 20_000,
  })
  expect(output).toBe("[ 4, 25, 168, 1229 ]\n{ state: 'full', up: 2, size: 2 }\n")
})
