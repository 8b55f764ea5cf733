import { describe, expect, it } from 'vitest'
import { microtasks, rejectionOf, stateOf } from '../fixtures/hosting.js'
import { Rolling } from './rolling.js'

const SOAK = 1_000

/** 1.0.0 has served some calls, and 2.0.0 is active, with 1.0.0 as standby. */
async function soaking(options: ConstructorParameters<typeof Rolling>[0] = {}) {
  const rolling = new Rolling({ soak: SOAK, ...options })
  await rolling.serve('1.0.0')
  let pass = () => {}
  const { promise } = await rolling.order('2.0.0', { verify: () => new Promise(resolve => (pass = resolve)) })
  // They are its history.
  await rolling.calls(500)
  pass()
  await microtasks()
  rolling.hosting.takeEvents()
  return { rolling, promise }
}

const runs = (rolling: Rolling, version: string) => [rolling.runtime(version).starts, rolling.runtime(version).stops]

describe('A soak', () => {
  it('keeps the old version as standby, without calls, and ends with its removal', async () => {
    const { rolling, promise } = await soaking()
    expect([rolling.place, rolling.pair, rolling.aggregate.status().share]).toEqual([
      'soaking.watching',
      '2.0.0 | 1.0.0',
      0,
    ])
    await rolling.calls(50)
    await rolling.pass(SOAK)
    expect(await promise).toMatchObject({ steps: [{ phase: 'soak', candidate: { calls: 50 }, active: { calls: 0 } }] })
    expect([rolling.pair, ...runs(rolling, '1.0.0')]).toEqual(['2.0.0 | null', 1, 1])
  })

  it('of 0 ms removes the old version at once', async () => {
    const { rolling, promise } = await soaking({ soak: 0 })
    expect(await promise).toMatchObject({ version: '2.0.0', steps: [] })
    expect(rolling.pair).toBe('2.0.0 | null')
  })

  it('swaps back at once when the judge has compared both, and finds the new version worse', async () => {
    const { rolling, promise } = await soaking()
    rolling.failing.add('2.0.0')
    await rolling.calls(60)
    const error = await rejectionOf(promise)
    expect(error).toMatchObject({
      code: 'CUTOVER_ROLLED_BACK',
      report: {
        from: '1.0.0',
        steps: [
          { phase: 'soak', percent: 100 },
          { phase: 'crossing', percent: 50, verdict: 'unhealthy' },
        ],
      },
    })
    expect([rolling.pair, ...runs(rolling, '1.0.0')]).toEqual(['1.0.0 | null', 1, 0])
    expect(rolling.failures).toBeLessThan(30)
    expect(rolling.story.slice(-5)).toEqual([
      'soaking.crossing',
      'reverting',
      'rejecting',
      'ended CUTOVER_ROLLED_BACK',
      'idle',
    ])
    expect(rolling.rollout.status()).toMatchObject({ permanent: '1.0.0', candidate: null })
  })

  it('raises no suspicion while the new version fails as often as the old one used to', async () => {
    const rolling = new Rolling({ soak: SOAK })
    await rolling.serve('1.0.0')
    let pass = () => {}
    await rolling.order('2.0.0', { verify: () => new Promise(resolve => (pass = resolve)) })
    const oneOfTen = async (version: string, count: number) => {
      for (let n = 0; n < count; n++) {
        rolling.failing.add(version)
        await rolling.calls(1)
        rolling.failing.clear()
        await rolling.calls(9)
      }
    }
    await oneOfTen('1.0.0', 50)
    pass()
    await microtasks()
    await oneOfTen('2.0.0', 20)
    expect(rolling.place).toBe('soaking.watching')
  })

  it('of a later version has its whole time, whatever was left of an earlier one', async () => {
    const { rolling } = await soaking()
    await rolling.pass(SOAK / 2)
    rolling.rollout.cancel()
    await microtasks()
    await rolling.order('3.0.0')
    await rolling.pass(SOAK - 1)
    expect(rolling.place).toBe('soaking.watching')
  })

  it('stays when both versions fail alike: the crossing ends without a verdict', async () => {
    const { rolling, promise } = await soaking()
    rolling.failing.add('1.0.0').add('2.0.0')
    await rolling.calls(40)
    expect([rolling.place, rolling.aggregate.status().share]).toEqual(['soaking.crossing', 50])
    rolling.failing.clear()
    await rolling.calls(2_000)
    expect([rolling.place, rolling.aggregate.status().share]).toEqual(['soaking.watching', 0])
    await rolling.pass(SOAK)
    expect(await promise).toMatchObject({ version: '2.0.0' })
  })

  it('ends after one more soak while it is crossing, if calls are rare', async () => {
    const { rolling, promise } = await soaking()
    rolling.failing.add('1.0.0').add('2.0.0')
    await rolling.pass(SOAK / 2)
    await rolling.calls(40)
    await rolling.pass(SOAK - 1)
    expect([await stateOf(promise), rolling.place]).toEqual(['pending', 'soaking.crossing'])
    await rolling.pass(1)
    expect(await promise).toMatchObject({ version: '2.0.0' })
  })

  it('that passed while it was crossing ends with the crossing', async () => {
    const { rolling, promise } = await soaking()
    rolling.failing.add('1.0.0').add('2.0.0')
    await rolling.pass(SOAK / 2)
    await rolling.calls(40)
    await rolling.pass(SOAK / 2)
    rolling.failing.clear()
    await rolling.calls(2_000)
    expect(await promise).toMatchObject({ version: '2.0.0' })
  })

  it('holds back a share for the standby, and compares from the first call', async () => {
    const { rolling, promise } = await soaking({ holdback: 20 })
    expect(rolling.aggregate.status().share).toBe(20)
    rolling.failing.add('2.0.0')
    await rolling.calls(200)
    expect(await rejectionOf(promise)).toMatchObject({
      code: 'CUTOVER_ROLLED_BACK',
      report: { steps: [{ phase: 'soak', percent: 80 }, ...[expect.anything()]] },
    })
  })

  it('swaps back at once when the new version is lost', async () => {
    const { rolling, promise } = await soaking()
    const call = rolling.aggregate.call('a')
    call.catch(() => {})
    rolling.runtime('2.0.0').emitStopped(new Error('segfault'))
    expect(rolling.aggregate.status().active).toBe('1.0.0')
    const fresh = rolling.aggregate.call('b')
    await rolling.answer()
    expect(await fresh).toBe('answer')
    expect(await rejectionOf(promise)).toMatchObject({ code: 'CUTOVER_ROLLED_BACK', cause: { message: 'segfault' } })
    expect(rolling.pair).toBe('1.0.0 | null')
  })

  it('goes on when the standby is lost', async () => {
    const { rolling, promise } = await soaking()
    rolling.runtime('1.0.0').emitStopped(new Error('segfault'))
    await rolling.pass(SOAK)
    expect(await promise).not.toHaveProperty('warning')
  })

  it('keeps the new version if the standby was lost as well, and the result says so', async () => {
    const { rolling, promise } = await soaking()
    rolling.runtime('1.0.0').emitStopped(new Error('segfault'))
    rolling.runtime('2.0.0').emitStopped(new Error('segfault'))
    const result = await promise
    expect(result).toMatchObject({ outcome: 'promoted', version: '2.0.0' })
    expect(result.warning).toMatch(
      /^It was lost: segfault\. It could not go back: Version 1\.0\.0 is next, but is not running/,
    )
    expect(rolling.pair).toBe('2.0.0 | null')
  })

  it('is swapped back by rollback(), which resolves with the old version', async () => {
    const { rolling, promise } = await soaking()
    const back = await rolling.rollout.rollback()
    expect(back).toMatchObject({ outcome: 'promoted', version: '1.0.0', from: '2.0.0' })
    expect(await rejectionOf(promise)).toMatchObject({
      code: 'CUTOVER_ROLLED_BACK',
      message: expect.stringContaining('rollback() was called'),
    })
    expect([rolling.pair, ...runs(rolling, '1.0.0')]).toEqual(['1.0.0 | null', 1, 0])
  })

  it('cannot be rolled back when the standby is lost: rollback() rejects', async () => {
    const { rolling, promise } = await soaking()
    rolling.runtime('1.0.0').emitStopped(new Error('segfault'))
    expect(await rejectionOf(rolling.rollout.rollback())).toMatchObject({ code: 'CUTOVER_REJECTED' })
    expect(await promise).toMatchObject({ version: '2.0.0', warning: expect.stringContaining('It could not go back') })
  })

  it('is swapped back by cancel()', async () => {
    const { rolling, promise } = await soaking()
    rolling.rollout.cancel(new Error('not today'))
    expect(await rejectionOf(promise)).toMatchObject({ code: 'CUTOVER_CANCELLED', cause: { message: 'not today' } })
    expect(rolling.pair).toBe('1.0.0 | null')
  })
})

describe('rollback()', () => {
  it('goes to the version before the permanent one, verified and without steps', async () => {
    const verified: string[] = []
    const rolling = new Rolling({
      soak: 0,
      steps: [{ percent: 5, for: 1_000 }],
      health: { minCalls: 0 },
      verify: ({ version }) => void verified.push(version),
    })
    await rolling.serve('1.0.0')
    const { promise } = await rolling.order('2.0.0')
    await rolling.pass(1_000)
    await promise
    expect(await rolling.rollout.rollback()).toMatchObject({ version: '1.0.0', from: '2.0.0', steps: [] })
    expect(verified).toEqual(['2.0.0', '1.0.0'])
    expect(rolling.rollout.status()).toMatchObject({ permanent: '1.0.0', previous: '2.0.0' })
  })

  it('rejects without a version before the permanent one', async () => {
    const rolling = new Rolling()
    expect(await rejectionOf(rolling.rollout.rollback())).toMatchObject({ code: 'CUTOVER_NO_SUCH_VERSION' })
    await rolling.serve('1.0.0')
    expect(await rejectionOf(rolling.rollout.rollback())).toMatchObject({ code: 'CUTOVER_NO_SUCH_VERSION' })
  })

  it('rejects before the promotion of another version', async () => {
    const rolling = new Rolling({ soak: 0 })
    await rolling.serve('1.0.0')
    await rolling.rollout.to('2.0.0')
    rolling.silent.add('3.0.0')
    await rolling.order('3.0.0')
    expect(await rejectionOf(rolling.rollout.rollback())).toMatchObject({
      code: 'CUTOVER_ROLLOUT_STATE',
      message: 'rollback() is not possible: version 3.0.0 is preparing.',
    })
  })
})
