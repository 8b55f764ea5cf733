import { execFileSync } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { expect, it } from 'vitest'

it('docs/composite.md shows docs/examples/composite.ts, which prints what its comments say', () => {
  const source = readFileSync('docs/examples/composite.ts', 'utf8')
  expect(readFileSync('docs/composite.md', 'utf8')).toContain(`\`\`\`ts\n${source}\`\`\`\n`)
  const announced = [...source.matchAll(/console\.log\(.*\) \/\/ (.+)$/gm)].map(([, text]) => `${text}\n`)
  const output = execFileSync(process.execPath, ['dist/docs/examples/composite.js'], {
    encoding: 'utf8',
    timeout: 20_000,
  })
  expect(output).toBe(announced.join(''))
})
