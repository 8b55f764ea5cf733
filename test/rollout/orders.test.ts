import { describe, expect, it } from 'vitest'
import { microtasks, rejectionOf, stateOf } from '../fixtures/hosting.js'
import { Rolling, served } from './rolling.js'

const HANGS = { verify: () => new Promise<void>(() => {}) }
const MANUAL = { steps: [{ percent: 10 }] }

describe('Before promotion', () => {
  it.each([
    ['preparing', { provision: () => new Promise<never>(() => {}) }],
    ['verifying', HANGS],
    ['stepping.held', MANUAL],
  ])('the newest to() wins: an older one that is %s is superseded, and leaves first', async (place, plan) => {
    const rolling = await served()
    const older = await rolling.order('2.0.0', plan)
    expect(rolling.place).toBe(place)
    const newer = await rolling.order('3.0.0', { soak: 0 })
    expect(await rejectionOf(older.promise)).toMatchObject({
      code: 'CUTOVER_SUPERSEDED',
      message: 'The rollout of version 2.0.0 was superseded: Version 3.0.0 was ordered.',
    })
    expect(await newer.promise).toMatchObject({ version: '3.0.0', from: '1.0.0' })
    expect(rolling.aggregate.versions()).toEqual(['3.0.0'])
  })

  it('of many, only the newest begins', async () => {
    const rolling = await served()
    const runtime = rolling.provision('2.0.0')
    Object.assign(runtime, { stop: () => {} })
    const orders = [await rolling.order('2.0.0', { ...HANGS, provision: () => runtime })]
    for (const version of ['3.0.0', '4.0.0', '5.0.0']) orders.push(await rolling.order(version, { soak: 0 }))
    expect(rolling.rollout.status()).toMatchObject({ state: 'rejecting', candidate: '2.0.0', pending: '5.0.0' })
    for (const { promise } of orders.slice(1, 3)) {
      expect(await rejectionOf(promise)).toMatchObject({ code: 'CUTOVER_SUPERSEDED', report: { steps: [] } })
    }
    runtime.emitStopped()
    expect(await orders[3]?.promise).toMatchObject({ version: '5.0.0' })
    expect(rolling.provisioned.map(each => each.getActiveVersion())).toEqual(['1.0.0', '2.0.0', '5.0.0'])
  })

  it('the same version again begins anew', async () => {
    const rolling = await served()
    const older = await rolling.order('2.0.0', HANGS)
    expect(await rolling.rollout.to('2.0.0', { soak: 0 })).toMatchObject({ version: '2.0.0' })
    expect(await rejectionOf(older.promise)).toMatchObject({ code: 'CUTOVER_SUPERSEDED' })
    expect(rolling.provisioned).toHaveLength(3)
  })

  it('to(the active version) ends the rollout of another one, and resolves', async () => {
    const rolling = await served()
    const older = await rolling.order('2.0.0', HANGS)
    expect(await rolling.rollout.to('1.0.0')).toMatchObject({ version: '1.0.0', from: '1.0.0', steps: [] })
    expect(await rejectionOf(older.promise)).toMatchObject({ code: 'CUTOVER_SUPERSEDED' })
    expect(rolling.pair).toBe('1.0.0 | null')
  })
})

describe('From promotion on', () => {
  it('another to() is refused', async () => {
    const rolling = await served()
    const { promise } = await rolling.order('2.0.0')
    expect(await rejectionOf(rolling.rollout.to('3.0.0'))).toMatchObject({
      code: 'CUTOVER_ROLLOUT_STATE',
      message: 'A rollout of version 3.0.0 is not possible: version 2.0.0 is soaking.',
    })
    await rolling.pass(1_000)
    expect(await promise).toMatchObject({ version: '2.0.0' })
  })

  it('another to() with force goes back first', async () => {
    const rolling = await served()
    const older = await rolling.order('2.0.0')
    const newer = await rolling.order('3.0.0', { force: true, soak: 0 })
    expect(await rejectionOf(older.promise)).toMatchObject({ code: 'CUTOVER_SUPERSEDED' })
    expect(await newer.promise).toMatchObject({ version: '3.0.0', from: '1.0.0' })
    expect(rolling.rollout.status()).toMatchObject({ permanent: '3.0.0', previous: '1.0.0' })
  })

  it('to(the version that soaks) joins its rollout', async () => {
    const rolling = await served()
    const first = await rolling.order('2.0.0')
    const second = await rolling.order('2.0.0')
    expect(await stateOf(second.promise)).toBe('pending')
    await rolling.pass(1_000)
    expect(await second.promise).toBe(await first.promise)
    expect(rolling.provisioned).toHaveLength(2)
  })

  it('while the old version leaves, another to() with force waits until it has left', async () => {
    const rolling = await served({ soak: 0 })
    Object.assign(rolling.runtime('1.0.0'), { stop: () => {} })
    const older = await rolling.order('2.0.0')
    expect(rolling.place).toBe('finishing')
    expect(await rejectionOf(rolling.rollout.to('3.0.0'))).toMatchObject({ code: 'CUTOVER_ROLLOUT_STATE' })
    const newer = await rolling.order('3.0.0', { force: true })
    rolling.runtime('1.0.0').emitStopped()
    expect(await older.promise).toMatchObject({ version: '2.0.0' })
    expect(await newer.promise).toMatchObject({ version: '3.0.0', from: '2.0.0' })
  })
})

describe('to()', () => {
  it('for the active version resolves', async () => {
    const rolling = await served()
    expect(await rolling.rollout.to('1.0.0')).toEqual({
      outcome: 'promoted',
      version: '1.0.0',
      from: '1.0.0',
      saved: true,
      steps: [],
    })
    expect(rolling.provisioned).toHaveLength(1)
    expect(rolling.rollout.status()).toMatchObject({ permanent: '1.0.0', previous: null })
  })

  it('for the active version leaves its next version in place', async () => {
    const rolling = await served()
    rolling.hosting.addWilling('1.5.0')
    await rolling.aggregate.setVersion('1.0.0', '1.5.0')
    await rolling.rollout.to('1.0.0')
    expect(rolling.pair).toBe('1.0.0 | 1.5.0')
  })

  it('for an active version that somebody else has set makes it permanent', async () => {
    const rolling = new Rolling()
    rolling.hosting.addWilling('1.0.0')
    await rolling.aggregate.setVersion('1.0.0')
    await rolling.rollout.to('1.0.0')
    expect(rolling.rollout.status().permanent).toBe('1.0.0')
  })

  it('waits for a version that is still leaving after a rejection, and provisions it anew', async () => {
    const rolling = await served({ verifyTimeout: 100 })
    const stubborn = rolling.provision('2.0.0')
    Object.assign(stubborn, { stop: () => {} })
    const first = await rolling.order('2.0.0', { ...HANGS, provision: () => stubborn })
    await rolling.pass(100)
    const second = await rolling.order('2.0.0', { soak: 0 })
    expect([rolling.place, await stateOf(first.promise)]).toEqual(['rejecting', 'pending'])
    stubborn.emitStopped()
    expect(await rejectionOf(first.promise)).toMatchObject({ code: 'CUTOVER_REJECTED' })
    expect(await second.promise).toMatchObject({ version: '2.0.0' })
    expect(rolling.runtime('2.0.0')).not.toBe(stubborn)
  })

  it('waits for a version that somebody else has switched away from', async () => {
    const rolling = await served()
    const other = rolling.hosting.add('2.0.0', { autoStart: true })
    await rolling.aggregate.setVersion('1.0.0', '2.0.0')
    void rolling.aggregate.setVersion('1.0.0')
    const { promise } = await rolling.order('2.0.0', { soak: 0 })
    expect([rolling.place, rolling.provisioned.length]).toEqual(['preparing', 1])
    other.emitStopped()
    expect(await promise).toMatchObject({ version: '2.0.0' })
  })

  it('is refused at once for a bad version', async () => {
    const rolling = await served()
    expect(await rejectionOf(rolling.rollout.to('2'))).toMatchObject({ code: 'CUTOVER_INVALID_VERSION' })
  })

  it('ends clearly when the aggregate does not run', async () => {
    const rolling = await served()
    await rolling.aggregate.stop()
    expect(await rejectionOf(rolling.rollout.to('2.0.0'))).toMatchObject({
      code: 'CUTOVER_CANCELLED',
      message: expect.stringContaining('The aggregate is stopped'),
    })
  })

  it('a plan of its own replaces parts of the rollout’s plan', async () => {
    const rolling = await served({ steps: [{ percent: 10 }], soak: 0 })
    expect(await rolling.rollout.to('2.0.0', { steps: [], soak: undefined })).toMatchObject({ version: '2.0.0' })
  })

  it('is taken up again after a rejection', async () => {
    const rolling = await served({ soak: 0 })
    for (let n = 0; n < 3; n++) {
      const verify = () => Promise.reject(new Error(`no ${n}`))
      const { promise } = await rolling.order('2.0.0', { verify })
      expect(await rejectionOf(promise)).toMatchObject({ cause: { message: `no ${n}` } })
    }
    expect(await rolling.rollout.to('2.0.0')).toMatchObject({ version: '2.0.0' })
    await microtasks()
    expect(rolling.hosting.errors()).toEqual([])
  })
})
