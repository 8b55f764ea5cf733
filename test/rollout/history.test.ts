import type { RolloutOptions } from 'cutover/rollout'
import { expect, it, onTestFinished, vi } from 'vitest'
import { randomFrom } from '../fixtures/randomFrom.js'
import { quantileOf } from './judge/simulation/traffic.js'
import { Rolling } from './rolling.js'

const SOAK = 1_000

/** Routes calls as the seed says. */
function seed(number: number): void {
  const spy = vi.spyOn(Math, 'random').mockImplementation(randomFrom(number))
  onTestFinished(() => spy.mockRestore())
}

/** Makes calls of which a part fails, whatever version gets them. */
async function burstOf(rolling: Rolling, count: number, failures: number): Promise<void> {
  await rolling.burst(count - failures)
  for (const version of ['1.0.0', '2.0.0']) rolling.failing.add(version)
  await rolling.burst(failures)
  rolling.failing.clear()
}

async function soaking(options: Partial<RolloutOptions<string, string>> = {}, calls = 1_000, failures = 0) {
  const rolling = new Rolling({ soak: SOAK, ...options })
  await rolling.serve('1.0.0')
  await burstOf(rolling, calls, failures)
  const { promise } = await rolling.order('2.0.0')
  expect(rolling.place).toBe('soaking.watching')
  return { rolling, promise }
}

it('A soak knows how often the old version failed before the rollout was ordered: as many failures are no suspicion', async () => {
  const { rolling } = await soaking({}, 1_000, 100)
  for (let n = 0; n < 20; n++) await burstOf(rolling, 10, 1)
  expect(rolling.place).toBe('soaking.watching')
})

it('More failures than the old version had are a suspicion', async () => {
  const { rolling } = await soaking({}, 1_000, 100)
  for (let n = 0; n < 20 && rolling.place === 'soaking.watching'; n++) await burstOf(rolling, 10, 6)
  expect(rolling.place).toBe('soaking.crossing')
})

it('The failures of a crossing are not added to the past of the standby', async () => {
  const { rolling } = await soaking()
  rolling.failing.add('1.0.0').add('2.0.0')
  await rolling.calls(40)
  expect(rolling.place).toBe('soaking.crossing')
  await rolling.calls(1_000)
  rolling.failing.clear()
  await rolling.calls(1_000)
  expect(rolling.place).toBe('soaking.watching')
  // A tenth of the calls of 1.0.0 have failed by now, but not one before the crossing.
  for (let n = 0; n < 40 && rolling.place === 'soaking.watching'; n++) await burstOf(rolling, 10, 2)
  expect(rolling.place).toBe('soaking.crossing')
})

it('With the option durations of the aggregate, a soak knows how long the calls of the old version took', async () => {
  const rolling = new Rolling({ soak: 600_000, health: { maxSlowdown: 2, warmUp: 0 } }, { durations: true })
  await rolling.serve('1.0.0')
  await rolling.burst(200)
  await rolling.order('2.0.0')
  for (let n = 0; n < 40; n++) rolling.aggregate.call('a').catch(() => {})
  // They hang. The calls of 1.0.0 were measured in real time, and took less.
  await rolling.pass(50_000)
  expect(rolling.place).toBe('soaking.crossing')
})

it.each([
  ['0 → 100 %', 0],
  ['1 → 100 %', 10],
])('%s in a soak: a median of at most 16 calls fail until the old version is back', async (_, failures) => {
  const hurt: number[] = []
  for (let run = 1; run <= 20; run++) {
    seed(run)
    const { rolling, promise } = await soaking({}, 1_000, failures)
    promise.catch(() => {})
    await rolling.burst(200)
    rolling.failures = 0
    rolling.failing.add('2.0.0')
    for (let n = 0; n < 100 && rolling.place.startsWith('soaking'); n++) await rolling.calls(1)
    expect(rolling.pair).toBe('1.0.0 | null')
    hurt.push(rolling.failures)
  }
  expect(quantileOf(hurt, 0.5)).toBeLessThanOrEqual(16)
})
