import { execFile } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { promisify } from 'node:util'
import * as kit from 'cutover/testing'
import { expect, it } from 'vitest'

const page = readFileSync('docs/testing.md', 'utf8')
const example = (name: string) => readFileSync(`docs/examples/testing/${name}`, 'utf8')

it('It shows docs/examples/testing, each in under 30 lines', () => {
  expect(page).toContain(`\`\`\`js\n${example('rules.mjs')}\`\`\``)
  expect(page).toContain(`\`\`\`ts\n${example('vitest.test.ts')}\`\`\``)
  expect(page).toContain(`\`\`\`js\n${example('node.test.mjs')}\`\`\``)
  for (const name of ['vitest.test.ts', 'node.test.mjs']) expect(example(name).split('\n').length).toBeLessThan(30)
})

it('Its example for node:test runs, against the built package, and skips nothing', { timeout: 60_000 }, async () => {
  const args = ['--test', '--test-reporter=tap', 'docs/examples/testing/node.test.mjs']
  const { NODE_TEST_CONTEXT: _, ...env } = process.env
  const { stdout } = await promisify(execFile)(process.execPath, args, { env, timeout: 55_000 })
  expect(stdout).toMatch(/^# pass 27$/m)
  expect(stdout).toMatch(/^# fail 0$/m)
  expect(stdout).toMatch(/^# skipped 0$/m)
})

it('It shows the example of docs/examples/testing.ts', () => {
  const source = readFileSync('docs/examples/testing.ts', 'utf8')
  expect(page).toContain(`\`\`\`ts\n${source.slice(source.indexOf('\n\n') + 2)}\`\`\``)
})

it('It has every option of aggregateScenarios in its table, with the default that its docstring says', () => {
  const source = readFileSync('src/testing/scenarios/options.ts', 'utf8')
  const options = source.slice(
    source.indexOf('interface AggregateScenariosOptions'),
    source.indexOf('interface Compiled'),
  )
  const rows = [...page.matchAll(/^\| `(\w+)` \| (.+?) \| /gm)].map(([, name, value]) => [name, value])
  const named = [...options.matchAll(/^ {2}readonly (\w+)\??:/gm)].map(match => match[1])
  expect(rows.map(([name]) => name)).toEqual(named)
  const values = [...options.matchAll(/@default (\S.*?)(?: \*\/|\n\s+\*\/)\n {2}readonly (\w+)\?/g)]
  const literals = values.filter(([, value]) => /^[[\d']|^true$/.test(value ?? ''))
  expect(literals.map(([, value, name]) => [name, `\`${value}\``])).toEqual([
    ...rows.filter(([, value]) => value?.startsWith('`')),
  ])
  expect(literals).toHaveLength(3)
})

it('It names every function and class of cutover/testing', () => {
  const names = Object.keys(kit).filter(name => name !== 'createComplianceModule')
  expect(names.filter(name => !page.includes(`\`${name}`))).toEqual([])
})

it('Its links to sections lead to sections', () => {
  const sections = [...page.matchAll(/^## (.+)$/gm)].map(match =>
    match[1]?.toLowerCase().replaceAll(/[,`]/g, '').replaceAll(' ', '-'),
  )
  const links = [...page.matchAll(/\]\(#([\w-]+)\)/g)].map(match => match[1])
  expect(links.filter(link => !sections.includes(link))).toEqual([])
})
