import { Aggregate } from 'cutover'
import { inProcess } from 'cutover/hosts'
import { Rollout } from 'cutover/rollout'
import { SimulatedClock } from 'cutover/testing'
import { expect, it, onTestFinished, vi } from 'vitest'
import { randomFrom } from '../fixtures/randomFrom.js'

/** `CALLS=1000000` for the long form. */
const CALLS = Number(process.env['CALLS'] ?? 100_000)
const BATCH = 10_000

/** Two versions that fail in 1 % of their calls; 2.0.0 in all, once it is broken. */
function failing(random: () => number) {
  let isBroken = false
  let hurt = 0
  const host = inProcess({
    module: ({ version }) => ({
      call: () => {
        if (isBroken && version === '2.0.0') hurt += 1
        else if (random() >= 0.01) return version
        throw new Error('broken')
      },
    }),
  })
  return { host, breakIt: () => (isBroken = true), hurt: () => hurt }
}

it(`1 → 100 %: after ${CALLS.toLocaleString('en-US')} good calls in a step, and after as many before a soak, a version is gone after 12 and 16 calls`, async () => {
  // Seed 1: the simulated tests have the medians of many.
  const random = randomFrom(1)
  const spy = vi.spyOn(Math, 'random').mockImplementation(random)
  onTestFinished(() => spy.mockRestore())
  for (const [steps, atMost] of [
    [[{ percent: 5 }], 12],
    [[], 16],
  ] as const) {
    const clock = new SimulatedClock()
    const { host, breakIt, hurt } = failing(random)
    await using aggregate = new Aggregate<number, string>({ id: 'history', clock })
    await using rollout = new Rollout<number, string>(aggregate, {
      provision: version => host.provision({ id: 'history', version }),
      clock,
    })
    aggregate.start()
    await rollout.to('1.0.0')
    const isJudged = new Promise<void>(resolve => {
      rollout.watch().subscribe(event => {
        if (event.type === 'changed' && ['stepping', 'soaking'].includes(event.status.state)) resolve()
      })
    })
    const order = () => {
      const gone = rollout.to('2.0.0', { steps }).catch((error: { code: string }) => error.code)
      return { gone }
    }
    const early = steps.length > 0 ? order() : undefined
    if (early !== undefined) await isJudged
    for (let n = 0; n < CALLS; n += BATCH) {
      await Promise.allSettled(Array.from({ length: BATCH }, (_, i) => aggregate.call(i)))
    }
    const { gone } = early ?? order()
    await isJudged
    breakIt()
    let isGone = false
    void gone.then(() => (isGone = true))
    for (let n = 0; n < 2_000 && !isGone; n++) await aggregate.call(n).catch(() => {})
    expect(await gone).toBe(steps.length > 0 ? 'CUTOVER_REJECTED' : 'CUTOVER_ROLLED_BACK')
    expect(hurt()).toBeLessThanOrEqual(atMost)
  }
})
