import { readFileSync } from 'node:fs'
import * as kit from 'cutover/testing'
import { expect, it } from 'vitest'

const page = readFileSync('docs/testing.md', 'utf8')
const pathsPage = readFileSync('docs/paths.md', 'utf8')
const example = (name: string) => readFileSync(`docs/examples/testing/${name}`, 'utf8')

it('docs/testing.md and docs/paths.md show docs/examples/testing, each example in under 30 lines', () => {
  expect(page).toContain(`\`\`\`js\n${example('rules.mjs')}\`\`\``)
  expect(page).toContain(`\`\`\`ts\n${example('vitest.test.ts')}\`\`\``)
  expect(page).toContain(`\`\`\`js\n${example('node.test.mjs').trimEnd().split('\n').at(-1)}\n\`\`\``)
  expect(pathsPage).toContain(`\`\`\`ts\n${example('paths.test.ts')}\`\`\``)
  for (const name of ['vitest.test.ts', 'node.test.mjs', 'paths.test.ts'])
    expect(example(name).trimEnd().split('\n').length).toBeLessThan(30)
})

it('The example for node:test differs from the one for Vitest only where it must', () => {
  const options = (name: string) => example(name).match(/const scenarios = [\s\S]*?request: .*\n/)?.[0]
  expect(options('node.test.mjs')).toBe(options('vitest.test.ts'))
})

it('docs/testing.md shows docs/examples/testing.ts', () => {
  const source = readFileSync('docs/examples/testing.ts', 'utf8')
  expect(page).toContain(`\`\`\`ts\n${source.slice(source.indexOf('\n\n') + 2)}\`\`\``)
})

it.each(['testing', 'paths', 'tests', 'mutation'])('docs/%s.md has fewer than 1,500 words', name => {
  expect(readFileSync(`docs/${name}.md`, 'utf8').split(/\s+/).length).toBeLessThan(1_500)
})

const section = (title: string) => page.slice(page.indexOf(`## ${title}`)).split(/\n(?=## )/)[0] ?? ''
const interfaceOf = (path: string, name: string) => {
  const source = readFileSync(`src/testing/${path}.ts`, 'utf8')
  return source.slice(source.indexOf(`interface ${name}`)).split(/\n}\n/)[0] ?? ''
}

it.each([
  [
    'aggregateScenarios',
    section('Every kind of switch'),
    interfaceOf('scenarios/options', 'AggregateScenariosOptions'),
    2,
  ],
  ['runtimeCompliance', section('Your own host'), interfaceOf('compliance/options', 'ComplianceOptions'), 5],
  [
    'pathsOf',
    pathsPage,
    `${interfaceOf('paths/stateGraph', 'StateGraphOptions')}\n${interfaceOf('paths/pathsOf', 'PathsOptions')}`,
    2,
  ],
])('The table of %s has every option, with the default of its docstring', (_, text, options, count) => {
  const rows = [...text.matchAll(/^\| `(\w+)` \| (.+?) \| /gm)].map(([, name, value]) => [name, value])
  const named = [...options.matchAll(/^ {2}(?:readonly )?(\w+)\??[:(]/gm)].map(match => match[1])
  expect(rows.map(([name]) => name).sort()).toEqual(named.sort())
  const values = [...options.matchAll(/@default (\S.*?)(?: \*\/|\n\s+\*\/)\n {2}readonly (\w+)\?/g)]
  const literals = values.filter(([, value]) => /^[[\d']|^(?:true|false)$/.test(value ?? ''))
  expect(literals.map(([, value, name]) => [name, `\`${value}\``]).sort()).toEqual(
    rows.filter(([, value]) => value?.startsWith('`')).sort(),
  )
  expect(literals).toHaveLength(count)
})

it('docs/testing.md names every function and class of cutover/testing', () => {
  const names = Object.keys(kit).filter(name => name !== 'createComplianceModule')
  expect(names.filter(name => !page.includes(`\`${name}`))).toEqual([])
})

it('The links of docs/testing.md to its sections lead to sections', () => {
  const sections = [...page.matchAll(/^## (.+)$/gm)].map(match =>
    match[1]?.toLowerCase().replaceAll(/[,`]/g, '').replaceAll(' ', '-'),
  )
  const links = [...page.matchAll(/\]\(#([\w-]+)\)/g)].map(match => match[1])
  expect(links.filter(link => !sections.includes(link))).toEqual([])
})
