import { execFileSync } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { Aggregate } from 'cutover'
import { describe, expect, it } from 'vitest'
import { ControllableRuntime } from '../../src/testing/controllableRuntime.js'

const PAGE = readFileSync('docs/metrics.md', 'utf8')

const namesIn = (title: string) => {
  const section = PAGE.slice(PAGE.indexOf(`## ${title}\n`)).split(/\n(?=## )/)[0] ?? ''
  return [...section.matchAll(/^\| `(\w+)` \|/gm)].map(match => match[1])
}

describe('docs/metrics.md', () => {
  it('shows docs/examples/metrics.ts, and what it prints against the built package', () => {
    const output = execFileSync(process.execPath, ['dist/docs/examples/metrics.js'], {
      encoding: 'utf8',
      timeout: 20_000,
    })
    const example = readFileSync('docs/examples/metrics.ts', 'utf8')
    expect(PAGE).toContain(`\`\`\`ts\n${example}\`\`\`\n\n\`\`\`text\n${output}\`\`\``)
  })

  it('names every figure, and no other', () => {
    const aggregate = new Aggregate({ id: 'a' })
    aggregate.addVersion('1.0.0', new ControllableRuntime({ id: 'a', version: '1.0.0' }))
    const metrics = aggregate.metrics()
    expect(namesIn('Figures of the aggregate').sort()).toEqual(Object.keys(metrics).sort())
    expect(namesIn('Figures of a version').sort()).toEqual(Object.keys(metrics.versions[0] ?? {}).sort())
  })
})

it('docs/recipes/compare.md shows docs/examples/compare.ts, and the differences that it prints', () => {
  const page = readFileSync('docs/recipes/compare.md', 'utf8')
  const output = execFileSync(process.execPath, ['dist/docs/examples/compare.js'], {
    encoding: 'utf8',
    timeout: 20_000,
  })
  const example = readFileSync('docs/examples/compare.ts', 'utf8')
  expect(page).toContain(`\`\`\`ts\n${example}\`\`\`\n\n\`\`\`text\n${output}\`\`\``)
})
