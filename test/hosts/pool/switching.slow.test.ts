import { Aggregate } from 'cutover'
import { childProcess, type Provisioner, pool, workerThread } from 'cutover/hosts'
import { Rollout } from 'cutover/rollout'
import { expect, it } from 'vitest'
import { leftSince, resources } from '../../fixtures/handles.js'

/** In the long form 1,000 and 100: `SWITCHES=1000 ROLLOUTS=100`. */
const SWITCHES = Number(process.env['SWITCHES'] ?? 20)
const ROLLOUTS = Number(process.env['ROLLOUTS'] ?? 4)
const AT_ONCE = 32
const module = new URL('../../fixtures/modules/perVersion.mjs', import.meta.url)
const QUICK = { size: 2, concurrentStarts: 2, concurrency: 4 }

/** Calls one after the other, in many lanes, until it is ended. Each answer is that of some version. */
function underLoad(aggregate: Aggregate<string, string>) {
  const failures: unknown[] = []
  const counts = new Map<string, number>()
  let isOver = false
  const lane = async () => {
    while (!isOver) {
      await aggregate.call('a').then(
        version => counts.set(version, (counts.get(version) ?? 0) + 1),
        error => failures.push(error),
      )
      if (failures.length > 10) return
    }
  }
  const lanes = Promise.all(Array.from({ length: AT_ONCE }, lane))
  const end = () => {
    isOver = true
    return lanes
  }
  return { failures, counts, end }
}

it(`${SWITCHES} switches between pools of threads under load lose no call`, async () => {
  const before = resources()
  const pools = pool(workerThread({ module }), QUICK)
  const aggregate = new Aggregate<string, string>({ id: 'p', drainTimeout: 60_000, stopTimeout: 60_000 })
  const add = (version: string) => aggregate.addVersion(version, pools.provision({ id: 'p', version }))
  add('1.0.0')
  aggregate.start()
  await aggregate.setVersion('1.0.0')
  await aggregate.whenRunning()
  const load = underLoad(aggregate)
  for (let i = 1; i <= SWITCHES; i++) {
    const version = `1.${i}.0`
    add(version)
    await aggregate.setVersion(`1.${i - 1}.0`, version)
    await aggregate.whenRunning({ version })
    await aggregate.setVersion(version)
  }
  await load.end()
  await aggregate.dispose()
  expect(load.failures).toEqual([])
  expect(load.counts.size).toBeGreaterThan(SWITCHES / 2)
  console.info(`${SWITCHES} switches: ${[...load.counts.values()].reduce((sum, count) => sum + count)} calls, 0 lost`)
  expect(await leftSince(before)).toEqual([])
}, 1_200_000)

it(`${ROLLOUTS} rollouts between pools of processes under load lose no call`, async () => {
  const before = resources()
  const pools: Provisioner = pool(childProcess({ module }), QUICK)
  const aggregate = new Aggregate<string, string>({ id: 'p', drainTimeout: 60_000, stopTimeout: 60_000 })
  const rollout = new Rollout<string, string>(aggregate, {
    provision: version => pools.provision({ id: 'p', version }),
    steps: [{ percent: 50, for: 20 }],
    health: { minCalls: 0 },
    soak: 20,
  })
  aggregate.start()
  await rollout.start()
  await rollout.to('1.0.0')
  const load = underLoad(aggregate)
  for (let i = 1; i <= ROLLOUTS; i++) await rollout.to(`1.${i}.0`)
  await load.end()
  await rollout[Symbol.asyncDispose]()
  await aggregate.dispose()
  expect(load.failures).toEqual([])
  expect(load.counts.size).toBeGreaterThan(ROLLOUTS / 2)
  console.info(`${ROLLOUTS} rollouts: ${[...load.counts.values()].reduce((sum, count) => sum + count)} calls, 0 lost`)
  expect(await leftSince(before)).toEqual([])
}, 1_200_000)
