import { readFileSync } from 'node:fs'
import { memoryStore } from 'cutover/rollout'
import { SimulatedClock } from 'cutover/testing'
import { expect, it } from 'vitest'
import { createPricing } from '../../docs/examples/rollout/pricing.js'
import { safeLogger } from '../../src/contract/index.js'
import { compilePlan } from '../../src/rollout/plan.js'

const PAGE = readFileSync('docs/rollout.md', 'utf8')
const lines = (text: string) => text.split('\n').map(line => line.trim())

it('The first example of docs/rollout.md is in the file that the next test runs', () => {
  const [, block = ''] = /```ts\n([\s\S]*?)```/.exec(PAGE) ?? []
  const source = lines(readFileSync('docs/examples/rollout/pricing.ts', 'utf8')).join('\n')
  expect(block.length).toBeGreaterThan(100)
  expect(source).toContain(lines(block).join('\n').trim())
})

it('docs/rollout.md has every option with its default', () => {
  const { facts } = compilePlan({ provision: () => null as never }, safeLogger(undefined, {}))
  for (const [name, value] of Object.entries(facts)) {
    const shown = Array.isArray(value) ? '`[]`' : Number(value).toLocaleString('en')
    expect(PAGE).toMatch(new RegExp(`\\| \`${name}\` \\| .* \\| ${shown.replace('[]', '\\[\\]')}`))
  }
})

it('Two processes of the example change places by steps under load, and no call fails', async () => {
  const clock = new SimulatedClock()
  const { pricing, rollout } = createPricing(memoryStore(), clock)
  pricing.start()
  await rollout.start()
  await rollout.to('1.0.0')
  const states = new Set<string>()
  rollout.watch().subscribe(event => event.type === 'changed' && states.add(event.status.state))
  let isOver = false
  const promoted = rollout.to('2.0.0').finally(() => (isOver = true))
  const totals = new Set<number>()
  while (!isOver) {
    const answers = await Promise.all(Array.from({ length: 500 }, () => pricing.call({ sku: 'A1' })))
    for (const { total } of answers) totals.add(total)
    // The processes start in real time.
    if (['stepping', 'soaking'].includes(rollout.status().state)) clock.increment(6_000)
  }
  expect(await promoted).toMatchObject({ version: '2.0.0', from: '1.0.0', saved: true })
  expect([...states]).toEqual(['preparing', 'verifying', 'stepping', 'promoting', 'soaking', 'finishing', 'idle'])
  expect([...totals].sort()).toEqual([100, 119])
  await rollout[Symbol.asyncDispose]()
  await pricing.dispose()
})
