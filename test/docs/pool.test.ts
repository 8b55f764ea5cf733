import { execFileSync } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { expect, it } from 'vitest'

/** The code block of an example, and what it prints against the built package. */
function example(name: string) {
  const source = readFileSync(`docs/examples/pool/${name}.ts`, 'utf8').replace('../../../../docs/examples/pool/', './')
  const output = execFileSync(process.execPath, [`dist/docs/examples/pool/${name}.js`], {
    encoding: 'utf8',
    timeout: 20_000,
  })
  return { code: `\`\`\`ts\n${source}\`\`\``, output }
}

it('docs/pool.md shows an example, which prints what its comments say', () => {
  const { code, output } = example('main')
  expect(readFileSync('docs/pool.md', 'utf8')).toContain(code)
  expect(output).toBe("[ 4, 25, 168, 1229 ]\n{ state: 'full', up: 2, size: 2 }\n")
})

it.each([
  ['cores', 'allCores'],
  ['cores', 'balancing'],
  ['piscina', 'fromPiscina'],
])('docs/recipes/%s.md shows the example %s, and what it prints', (page, name) => {
  const { code, output } = example(name)
  expect(readFileSync(`docs/recipes/${page}.md`, 'utf8')).toContain(`${code}\n\n\`\`\`text\n${output}\`\`\``)
})
