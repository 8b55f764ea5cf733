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
  expect(page).toContain(`\`\`\`ts\n${example('paths.test.ts')}\`\`\``)
  for (const name of ['vitest.test.ts', 'node.test.mjs', 'paths.test.ts'])
    expect(example(name).trimEnd().split('\n').length).toBeLessThan(30)
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

const section = (title: string) => page.slice(page.indexOf(`## ${title}`)).split(/\n(?=## )/)[0] ?? ''
const interfaceOf = (path: string, name: string) => {
  const source = readFileSync(path, 'utf8')
  return source.slice(source.indexOf(`interface ${name}`)).split(/\n}\n/)[0] ?? ''
}

it.each([
  [
    'aggregateScenarios',
    section('Every switch, with your own runtime'),
    interfaceOf('src/testing/scenarios/options.ts', 'AggregateScenariosOptions'),
    3,
  ],
  [
    'pathsOf',
    section('Generated paths'),
    ['stateGraph.ts|StateGraphOptions', 'pathsOf.ts|PathsOptions']
      .map(text => text.split('|'))
      .map(([file = '', name = '']) => interfaceOf(`src/testing/paths/${file}`, name))
      .join('\n'),
    2,
  ],
])('Its table has every option of %s, with the default that its docstring says', (_, text, options, count) => {
  const rows = [...text.matchAll(/^\| `(\w+)` \| (.+?) \| /gm)].map(([, name, value]) => [name, value])
  const named = [...options.matchAll(/^ {2}readonly (\w+)\??:/gm)].map(match => match[1])
  expect(rows.map(([name]) => name).sort()).toEqual(named.sort())
  const values = [...options.matchAll(/@default (\S.*?)(?: \*\/|\n\s+\*\/)\n {2}readonly (\w+)\?/g)]
  const literals = values.filter(([, value]) => /^[[\d']|^true$/.test(value ?? ''))
  expect(literals.map(([, value, name]) => [name, `\`${value}\``]).sort()).toEqual(
    rows.filter(([, value]) => value?.startsWith('`')).sort(),
  )
  expect(literals).toHaveLength(count)
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
