import { describe, expect, it } from 'vitest'
import { rejectionOf, stateOf } from '../fixtures/hosting.js'
import { Rolling } from './rolling.js'

const FOR = 1_000
const STEPS = [
  { percent: 10, for: FOR },
  { percent: 50, for: FOR },
]
/** A step passes on time alone. */
const TIME_ALONE = { minCalls: 0 }

/** 1.0.0 serves, and 2.0.0 is in its first step. */
async function stepping(options: ConstructorParameters<typeof Rolling>[0] = {}) {
  const rolling = new Rolling({ steps: STEPS, soak: 1_000, ...options })
  await rolling.serve('1.0.0')
  const { promise } = await rolling.order('2.0.0')
  return { rolling, promise }
}

const shareOf = (rolling: Rolling) => rolling.aggregate.status().share

describe('A step', () => {
  it('gives the candidate its share for its time, and the next step follows', async () => {
    const { rolling, promise } = await stepping({ health: TIME_ALONE })
    expect([rolling.place, rolling.pair, shareOf(rolling)]).toEqual(['stepping.running', '1.0.0 | 2.0.0', 10])
    expect(rolling.rollout.status()).toMatchObject({ step: 0, candidate: '2.0.0', from: '1.0.0' })
    await rolling.pass(FOR - 1)
    expect(shareOf(rolling)).toBe(10)
    await rolling.pass(1)
    expect([shareOf(rolling), rolling.rollout.status().step]).toEqual([50, 1])
    await rolling.pass(FOR)
    expect([rolling.place, rolling.pair, shareOf(rolling)]).toEqual(['soaking.watching', '2.0.0 | 1.0.0', 0])
    await rolling.pass(1_000)
    const { steps } = await promise
    expect(steps).toMatchObject([
      { phase: 'step', step: 0, percent: 10, duration: FOR, verdict: 'healthy' },
      { phase: 'step', step: 1, percent: 50, duration: FOR, verdict: 'healthy' },
      { phase: 'soak', step: 2, percent: 100, duration: 1_000 },
    ])
  })

  it('passes only when the candidate is healthy: unknown extends it, and it is asked for again', async () => {
    const { rolling } = await stepping({ health: { minCalls: 20 }, steps: [{ percent: 50, for: FOR }] })
    await rolling.pass(FOR)
    await rolling.pass(FOR)
    expect(rolling.place).toBe('stepping.running')
    await rolling.calls(1_000)
    expect(rolling.place).toBe('stepping.running')
    await rolling.pass(FOR / 10)
    expect(rolling.place).toBe('soaking.watching')
  })

  it('tells in status() how it goes: its time, calls, failures and evidence', async () => {
    const { rolling } = await stepping({ steps: [{ percent: 50, for: FOR }] })
    rolling.failing.add('2.0.0')
    await rolling.pass(FOR / 2)
    expect(rolling.rollout.status().progress).toMatchObject({
      percent: 50,
      duration: FOR / 2,
      evidence: { failures: 0 },
    })
    while (rolling.failures < 2) await rolling.calls(1)
    const { progress } = rolling.rollout.status()
    expect(progress).toMatchObject({ phase: 'step', step: 0, verdict: 'unknown', limit: 1_000 })
    expect(progress?.candidate).toEqual({ calls: 2, failures: 2 })
    expect(progress?.evidence['failures']).toBeGreaterThan(1)
    rolling.rollout.cancel()
    await rolling.pass(0)
    expect(rolling.rollout.status().progress).toBeNull()
  })

  it('that ends without a verdict rejects after ten times its time: too few calls to judge', async () => {
    const { rolling, promise } = await stepping()
    await rolling.calls(5)
    await rolling.pass(10 * FOR - 1)
    expect(await stateOf(promise)).toBe('pending')
    await rolling.pass(1)
    expect(await rejectionOf(promise)).toMatchObject({
      code: 'CUTOVER_REJECTED',
      message: expect.stringContaining('too few calls to judge it at 10 %, within 10000 ms (stepTimeout)'),
      report: { steps: [{ phase: 'step', verdict: 'unknown', duration: 10 * FOR }] },
    })
    expect(rolling.pair).toBe('1.0.0 | null')
  })

  it('has the stepTimeout of the option', async () => {
    const { rolling, promise } = await stepping({ health: { stepTimeout: 3 * FOR } })
    await rolling.pass(3 * FOR - 1)
    expect(rolling.place).toBe('stepping.running')
    await rolling.pass(1)
    expect(await rejectionOf(promise)).toMatchObject({ code: 'CUTOVER_REJECTED' })
  })

  it('without a limit goes on until there is a verdict', async () => {
    const { rolling } = await stepping({ health: { stepTimeout: Number.POSITIVE_INFINITY } })
    await rolling.pass(100 * FOR)
    expect([rolling.place, rolling.rollout.status().step]).toEqual(['stepping.running', 0])
  })

  it.each([
    ['manual', { percent: 10, for: FOR, manual: true }],
    ['without for', { percent: 10 }],
  ])('that is %s waits for advance(), which passes it without evidence', async (_, step) => {
    const { rolling } = await stepping({ steps: [step, { percent: 20 }] })
    expect(rolling.place).toBe('stepping.held')
    await rolling.pass(100 * FOR)
    expect([rolling.place, shareOf(rolling)]).toEqual(['stepping.held', 10])
    rolling.rollout.advance()
    expect([rolling.place, shareOf(rolling)]).toEqual(['stepping.held', 20])
    rolling.rollout.advance()
    await rolling.answer()
    expect(rolling.place).toBe('soaking.watching')
  })

  it('with a time passes on advance(), too', async () => {
    const { rolling } = await stepping()
    rolling.rollout.advance()
    expect([rolling.place, rolling.rollout.status().step]).toEqual(['stepping.running', 1])
  })

  it.each([
    ['running', STEPS],
    ['held', [{ percent: 50 }]],
  ] as const)('that is %s ends at the outcome that makes the candidate unhealthy', async (phase, steps) => {
    const { rolling, promise } = await stepping({ steps })
    expect(rolling.place).toBe(`stepping.${phase}`)
    rolling.failing.add('2.0.0')
    await rolling.calls(500)
    const error = await rejectionOf(promise)
    expect(error).toMatchObject({
      code: 'CUTOVER_REJECTED',
      message: expect.stringContaining('It fails more often than the active version'),
      report: { steps: [{ verdict: 'unhealthy', candidate: { failures: rolling.failures } }] },
    })
    expect(rolling.failures).toBeLessThan(30)
    expect(rolling.pair).toBe('1.0.0 | null')
  })

  it('goes on while both versions fail alike', async () => {
    const { rolling } = await stepping({ steps: [{ percent: 50 }] })
    rolling.failing.add('1.0.0').add('2.0.0')
    await rolling.calls(1_000)
    expect([rolling.failures, rolling.place]).toEqual([1_000, 'stepping.held'])
  })

  it('does not count calls that their callers gave up, nor pinned ones', async () => {
    const { rolling } = await stepping({ steps: [{ percent: 50 }] })
    const controller = new AbortController()
    const calls = Array.from({ length: 200 }, () => rolling.aggregate.call('a', { signal: controller.signal }))
    controller.abort()
    rolling.failing.add('2.0.0')
    await rolling.answer()
    await Promise.allSettled(calls)
    expect(rolling.place).toBe('stepping.held')
    rolling.failing.clear()
    rolling.rollout.cancel()
  })

  it('ends at once if the candidate is lost', async () => {
    const { rolling, promise } = await stepping()
    rolling.runtime('2.0.0').emitStopped(new Error('segfault'))
    expect(await rejectionOf(promise)).toMatchObject({ code: 'CUTOVER_REJECTED', cause: { message: 'segfault' } })
    expect([rolling.pair, shareOf(rolling)]).toEqual(['1.0.0 | null', 0])
  })

  it('goes on when the active version is lost and comes back', async () => {
    const { rolling } = await stepping({ health: TIME_ALONE })
    rolling.runtime('1.0.0').emitStopped(new Error('segfault'))
    await rolling.pass(FOR / 2)
    expect(rolling.place).toBe('stepping.running')
    rolling.runtime('1.0.0').emitStarted()
    await rolling.pass(FOR / 2)
    expect([rolling.place, rolling.rollout.status().step]).toEqual(['stepping.running', 1])
  })

  it('promotes the candidate at its end if the active version is down: it stands in nobody’s way', async () => {
    const { rolling } = await stepping()
    rolling.runtime('1.0.0').emitStopped(new Error('segfault'))
    await rolling.pass(FOR)
    expect([rolling.place, rolling.pair]).toEqual(['soaking.watching', '2.0.0 | 1.0.0'])
  })

  it('is not judged by calls while the active version is down', async () => {
    const { rolling } = await stepping({ steps: [{ percent: 50 }] })
    rolling.runtime('1.0.0').emitStopped(new Error('segfault'))
    rolling.failing.add('2.0.0')
    await rolling.calls(200)
    expect(rolling.failures).toBeGreaterThan(20)
    expect(rolling.place).toBe('stepping.held')
  })

  it('is stopped by pause(), and begins its time anew with resume()', async () => {
    const { rolling } = await stepping({ health: TIME_ALONE })
    await rolling.pass(FOR - 1)
    rolling.rollout.pause()
    await rolling.pass(100 * FOR)
    expect([rolling.place, shareOf(rolling)]).toEqual(['stepping.paused', 10])
    rolling.rollout.resume()
    await rolling.pass(FOR - 1)
    expect(rolling.rollout.status()).toMatchObject({ phase: 'running', step: 0 })
    await rolling.pass(1)
    expect(rolling.rollout.status().step).toBe(1)
  })

  it('keeps nothing of its time over a pause', async () => {
    const { rolling } = await stepping({ health: TIME_ALONE })
    await rolling.pass(FOR - 1)
    rolling.rollout.pause()
    rolling.rollout.resume()
    await rolling.pass(1)
    expect(rolling.rollout.status().step).toBe(0)
  })

  it('that is paused still ends when the candidate is unhealthy', async () => {
    const { rolling, promise } = await stepping({ steps: [{ percent: 50, for: FOR }] })
    rolling.rollout.pause()
    rolling.failing.add('2.0.0')
    await rolling.calls(100)
    expect(await rejectionOf(promise)).toMatchObject({ code: 'CUTOVER_REJECTED' })
  })

  it('finds calls that hang, with maxSlowdown', async () => {
    const { rolling, promise } = await stepping({
      steps: [{ percent: 50 }],
      health: { maxSlowdown: 2, warmUp: 10 },
    })
    for (let n = 0; n < 400; n++) {
      const call = rolling.aggregate.call('a')
      rolling.clock.increment(1)
      await rolling.answer()
      await call
    }
    // From now on the candidate answers nothing.
    for (let n = 0; n < 100; n++) void rolling.aggregate.call('a').catch(() => {})
    rolling.runtime('1.0.0').answerAll()
    await rolling.pass(0)
    await rolling.pass(200)
    expect(rolling.place).toBe('rejecting')
    rolling.runtime('2.0.0').answerAll()
    expect(await rejectionOf(promise)).toMatchObject({
      message: expect.stringContaining('It is slower than maxSlowdown allows'),
    })
  })

  it('is decided by a function in place of options', async () => {
    const samples: unknown[] = []
    const { rolling, promise } = await stepping({
      health: sample => {
        samples.push(sample)
        return sample.step === 0 ? 'healthy' : 'unhealthy'
      },
    })
    await rolling.pass(FOR)
    expect(rolling.rollout.status().step).toBe(1)
    await rolling.pass(FOR)
    expect(await rejectionOf(promise)).toMatchObject({ code: 'CUTOVER_REJECTED' })
    expect(samples).toMatchObject([
      {
        phase: 'step',
        step: 0,
        share: 10,
        elapsed: FOR,
        candidate: { version: '2.0.0' },
        active: { version: '1.0.0' },
      },
      { phase: 'step', step: 1, share: 50, elapsed: FOR },
    ])
  })

  it('is rejected if a health function throws four times in a row, with the error as cause', async () => {
    const broken = new Error('no metrics')
    const { rolling, promise } = await stepping({
      health: () => {
        throw broken
      },
    })
    await rolling.pass(FOR)
    for (let n = 0; n < 2; n++) await rolling.pass(FOR / 10)
    expect(rolling.place).toBe('stepping.running')
    await rolling.pass(FOR / 10)
    expect(await rejectionOf(promise)).toMatchObject({ code: 'CUTOVER_REJECTED', cause: broken })
  })
})
