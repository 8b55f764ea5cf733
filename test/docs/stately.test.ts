import { execFileSync } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { describe, expect, it } from 'vitest'
import { freePort } from '../fixtures/relay.js'

const page = readFileSync('docs/stately.md', 'utf8')

describe("The page on Stately's inspector", () => {
  it('shows docs/examples/inspect/stately.ts', () => {
    expect(page).toContain(`\`\`\`ts\n${readFileSync('docs/examples/inspect/stately.ts', 'utf8')}\`\`\``)
  })

  it('has an example that runs, against the built package, and ends by itself where nobody watches', async () => {
    const args = ['dist/docs/examples/inspect/stately.js', `${await freePort()}`]
    const output = execFileSync(process.execPath, args, { encoding: 'utf8', timeout: 20_000 })
    expect(output).toBe("{ active: '2.0.0', next: null }\n")
  })
})
