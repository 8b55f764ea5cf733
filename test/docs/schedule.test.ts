import { readFileSync } from 'node:fs'
import { due } from 'cutover/rollout'
import { Subject } from 'rxjs'
import { expect, it } from 'vitest'
import { createTaxes } from '../../docs/examples/rollout/sunday.js'
import { compileDue } from '../../src/rollout/schedule/due.js'
import { microtasks } from '../fixtures/hosting.js'

const PAGE = readFileSync('docs/schedule.md', 'utf8')

it('docs/recipes/sunday.md shows the program that the next test runs', () => {
  const [, ...source] = readFileSync('docs/examples/rollout/sunday.ts', 'utf8').split('\n')
  expect(readFileSync('docs/recipes/sunday.md', 'utf8')).toContain(`\`\`\`ts\n${source.join('\n')}\`\`\`\n`)
})

it('The service of docs/recipes/sunday.md starts the next version at 2:50, and switches at 3:00', async () => {
  const now$ = new Subject<number>()
  const faults: object[] = []
  const fault = (object: object) => faults.push(object)
  const { taxes, schedule } = createTaxes({ debug() {}, info() {}, warn: fault, error: fault }, now$)
  const at = (time: string) => {
    now$.next(Date.parse(`2026-11-29T${time}+01:00`))
    return taxes.status().wanted
  }
  expect(at('02:49:59')).toEqual({ active: '1.4.0', next: null })
  expect(await taxes.call(100)).toBe(19)
  expect(at('02:50:00')).toEqual({ active: '1.4.0', next: '2.0.0' })
  await taxes.whenRunning({ version: '2.0.0' })
  expect(at('02:59:59')).toEqual({ active: '1.4.0', next: '2.0.0' })
  expect(at('03:00:00')).toEqual({ active: '2.0.0', next: null })
  expect(await taxes.call(100)).toBe(21)
  await taxes.dispose()
  await microtasks()
  expect([schedule.closed, now$.observed, faults]).toEqual([true, false, []])
})

it('docs/schedule.md says what due() returns, and the defaults of its options', () => {
  const list = [...PAGE.matchAll(/\{ version: '(.+?)', validFrom: (\d+) \}/g)].map(([, version = '', from]) => ({
    version,
    validFrom: Number(from),
  }))
  const said = [...PAGE.matchAll(/^due\(deployments, (\d+)\) \/\/ (.+)$/gm)]
  expect(said).toHaveLength(3)
  for (const [, now, pair = ''] of said) {
    const { active, next } = due(list, Number(now))
    const written = (version: string | null) => (version === null ? 'null' : `'${version}'`)
    expect(pair).toBe(`{ active: ${written(active)}, next: ${written(next)} }`)
  }
  for (const [name, value] of Object.entries(compileDue({}))) {
    expect(PAGE).toMatch(new RegExp(`\\| \`${name}\` \\| .* \\| ${value} \\|`))
  }
})
