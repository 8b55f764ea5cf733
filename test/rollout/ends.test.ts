import { getEventListeners } from 'node:events'
import { Aggregate } from 'cutover'
import { Rollout, type RolloutStore } from 'cutover/rollout'
import { ControllableRuntime, SimulatedClock } from 'cutover/testing'
import { describe, expect, it, vi } from 'vitest'
import { ID, microtasks, rejectionOf, stateOf } from '../fixtures/hosting.js'
import { deferred } from '../fixtures/inProcessHost.js'
import { RECORD, type Rolling, served } from './rolling.js'

/** Plans that rest in a state before promotion, and in the soak. */
const PLACES = [
  ['preparing', { provision: () => new Promise<never>(() => {}) }],
  ['verifying', { verify: () => new Promise<void>(() => {}) }],
  ['stepping.running', { steps: [{ percent: 10, for: 1_000 }] }],
  ['stepping.held', { steps: [{ percent: 10 }] }],
  ['soaking.watching', {}],
] as const

describe.each(PLACES)('A rollout that is %s', (place, plan) => {
  const begun = async () => {
    const rolling = await served()
    const { promise } = await rolling.order('2.0.0', plan)
    expect(rolling.place).toBe(place)
    return { rolling, promise }
  }
  const ended = async (rolling: Rolling, promise: Promise<unknown>) => {
    const error = await rejectionOf(promise)
    await microtasks()
    expect(error).toMatchObject({ code: 'CUTOVER_CANCELLED', version: '2.0.0' })
    expect(rolling.hosting.errors()).toEqual([])
    return error
  }

  it('is ended by cancel(), and the version before it serves', async () => {
    const { rolling, promise } = await begun()
    rolling.rollout.cancel('not today')
    expect(await ended(rolling, promise)).toMatchObject({ cause: 'not today' })
    expect([rolling.pair, rolling.aggregate.versions(), rolling.place]).toEqual(['1.0.0 | null', ['1.0.0'], 'idle'])
  })

  it('is ended by the signal of its to()', async () => {
    const rolling = await served()
    const controller = new AbortController()
    const { promise } = await rolling.order('2.0.0', { ...plan, signal: controller.signal })
    controller.abort(new Error('deploy cancelled'))
    expect(await ended(rolling, promise)).toMatchObject({ cause: { message: 'deploy cancelled' } })
    expect(rolling.pair).toBe('1.0.0 | null')
  })

  it('is ended by a dispose, which waits until the candidate has left', async () => {
    const { rolling, promise } = await begun()
    const disposed = rolling.rollout[Symbol.asyncDispose]()
    await ended(rolling, promise)
    await disposed
    expect([rolling.pair, rolling.aggregate.versions(), rolling.place]).toEqual(['1.0.0 | null', ['1.0.0'], 'disposed'])
  })

  it('is ended by aggregate.stop(); after start() the permanent version is provisioned again', async () => {
    const { rolling, promise } = await begun()
    const one = rolling.runtime('1.0.0')
    await rolling.aggregate.stop()
    expect(((await ended(rolling, promise)) as Error).message).toContain('The aggregate is stopped.')
    expect(rolling.aggregate.status()).toMatchObject({ state: 'stopped', wanted: { active: '1.0.0', next: null } })
    rolling.aggregate.start()
    await microtasks()
    expect(rolling.runtime('1.0.0')).not.toBe(one)
    expect([rolling.pair, await rolling.aggregate.whenRunning()]).toEqual(['1.0.0 | null', '1.0.0'])
  })

  it('is ended by aggregate.dispose()', async () => {
    const { rolling, promise } = await begun()
    await rolling.aggregate.dispose()
    expect(((await ended(rolling, promise)) as Error).message).toContain('The aggregate was disposed of.')
    await rolling.rollout[Symbol.asyncDispose]()
  })

  it.skipIf(place === 'preparing')('is ended by somebody else’s setVersion(), whose pair stays', async () => {
    const { rolling, promise } = await begun()
    rolling.hosting.addWilling('9.0.0')
    await rolling.aggregate.setVersion('9.0.0')
    const error = await ended(rolling, promise)
    expect((error as Error).message).toContain('Somebody else changed the versions of the aggregate.')
    expect([rolling.pair, rolling.aggregate.versions()]).toEqual(['9.0.0 | null', ['9.0.0']])
  })

  it.skipIf(place === 'preparing')('is ended by somebody else’s swap()', async () => {
    const { rolling, promise } = await begun()
    const { active, next } = rolling.aggregate.status()
    await rolling.aggregate.swap()
    await ended(rolling, promise)
    expect(rolling.pair).toBe(`${next} | ${active}`)
  })

  it('is not ended by setVersion() to the pair in place', async () => {
    const { rolling, promise } = await begun()
    const { active, next } = rolling.aggregate.status()
    await rolling.aggregate.setVersion(active, next)
    expect([await stateOf(promise), rolling.place]).toEqual(['pending', place])
  })

  it('refuses what means nothing there, and says where it stands', async () => {
    const { rolling } = await begun()
    const { rollout } = rolling
    const where = { code: 'CUTOVER_ROLLOUT_STATE', message: expect.stringContaining('version 2.0.0 is') }
    expect(() => rollout.resume()).toThrow(expect.objectContaining(where))
    if (place !== 'stepping.running') expect(() => rollout.pause()).toThrow(expect.objectContaining(where))
    if (!place.startsWith('stepping')) expect(() => rollout.advance()).toThrow(expect.objectContaining(where))
  })
})

describe('A signal', () => {
  it('that has fired already refuses the order', async () => {
    const rolling = await served()
    const reason = new Error('too late')
    expect(await rejectionOf(rolling.rollout.to('2.0.0', { signal: AbortSignal.abort(reason) }))).toBe(reason)
    expect(rolling.provisioned).toHaveLength(1)
  })

  it('that fires later does nothing', async () => {
    const rolling = await served({ soak: 0 })
    const controller = new AbortController()
    await rolling.rollout.to('2.0.0', { signal: controller.signal })
    controller.abort()
    expect([rolling.place, rolling.pair]).toEqual(['idle', '2.0.0 | null'])
  })

  it('that a subscriber aborts when it hears of the order ends it', async () => {
    const rolling = await served()
    const controller = new AbortController()
    rolling.when.set('preparing', () => controller.abort(new Error('not this one')))
    const error = await rejectionOf(rolling.rollout.to('2.0.0', { signal: controller.signal }))
    expect(error).toMatchObject({ code: 'CUTOVER_CANCELLED', cause: { message: 'not this one' } })
    expect(rolling.pair).toBe('1.0.0 | null')
  })

  it('that fires while the permanent version is provisioned refuses the order at once', async () => {
    const aggregate = new Aggregate<string, string>({ id: ID })
    const provision = () => new Promise<never>(() => {})
    const store: RolloutStore = { open: async () => RECORD, save: async () => {}, close: async () => {} }
    await using rollout = new Rollout(aggregate, { provision, store })
    rollout.start().catch(() => {})
    await microtasks()
    const controller = new AbortController()
    const order = rollout.to('2.0.0', { signal: controller.signal })
    await microtasks()
    controller.abort(new Error('too late'))
    expect(await rejectionOf(order)).toMatchObject({ message: 'too late' })
  })

  it('of an order that ends at once has no listener afterwards', async () => {
    const rolling = await served()
    await rolling.aggregate.stop()
    const { signal } = new AbortController()
    await rejectionOf(rolling.rollout.to('2.0.0', { signal }))
    expect(getEventListeners(signal, 'abort')).toEqual([])
  })
})

describe('When nothing is under way', () => {
  it.each(['pause', 'resume', 'advance', 'cancel'] as const)('%s() says so', async method => {
    const rolling = await served()
    expect(() => rolling.rollout[method]()).toThrow(
      expect.objectContaining({
        code: 'CUTOVER_ROLLOUT_STATE',
        message: `${method}() is not possible: no rollout is under way.`,
      }),
    )
  })

  it('dispose() leaves the aggregate as it is, and frees it for another rollout', async () => {
    const rolling = await served()
    await rolling.rollout[Symbol.asyncDispose]()
    await rolling.rollout[Symbol.asyncDispose]()
    expect(rolling.pair).toBe('1.0.0 | null')
    expect(await rejectionOf(rolling.rollout.to('2.0.0'))).toMatchObject({ code: 'CUTOVER_DISPOSED' })
    expect(() => rolling.rollout.cancel()).toThrow(expect.objectContaining({ code: 'CUTOVER_DISPOSED' }))
  })
})

describe('dispose() in the middle of start()', () => {
  const storeOf = (open: RolloutStore['open']): RolloutStore => ({ open, save: async () => {}, close: async () => {} })

  it('while the store opens: the aggregate is not started', async () => {
    const opened = deferred()
    const store = storeOf(async () => {
      await opened.promise
      return RECORD
    })
    const aggregate = new Aggregate<string, string>({ id: ID })
    const provision = vi.fn()
    const rollout = new Rollout(aggregate, { provision, store })
    const started = rollout.start()
    const disposed = rollout[Symbol.asyncDispose]()
    opened.resolve()
    expect(await rejectionOf(started)).toMatchObject({ code: 'CUTOVER_DISPOSED' })
    await disposed
    expect([aggregate.status().state, provision.mock.calls]).toEqual(['stopped', []])
  })

  it.each([
    ['is provisioned', () => new Promise<never>(() => {})],
    ['starts', () => new ControllableRuntime<string, string>({ id: ID, version: '1.0.0' })],
  ])('while the permanent version %s: start() waits no longer, and no timer stays', async (_, provision) => {
    const clock = new SimulatedClock()
    const [set, cleared] = [vi.spyOn(clock, 'setTimeout'), vi.spyOn(clock, 'clearTimeout')]
    const aggregate = new Aggregate<string, string>({ id: ID })
    const rollout = new Rollout(aggregate, { provision, store: storeOf(async () => RECORD), clock })
    const started = rollout.start()
    await microtasks()
    await rollout[Symbol.asyncDispose]()
    expect(await rejectionOf(started)).toMatchObject({ code: 'CUTOVER_DISPOSED' })
    const timers = set.mock.results.map(({ value }) => value)
    expect(timers.length).toBeGreaterThan(0)
    expect(cleared.mock.calls.map(([timer]) => timer)).toEqual(expect.arrayContaining(timers))
  })

  it('while the permanent version is provisioned: it is not added', async () => {
    const provisioned = deferred<ControllableRuntime<string, string>>()
    const aggregate = new Aggregate<string, string>({ id: ID })
    const provision = () => provisioned.promise
    const rollout = new Rollout(aggregate, { provision, store: storeOf(async () => RECORD) })
    const started = rollout.start()
    await microtasks()
    await rollout[Symbol.asyncDispose]()
    provisioned.resolve(new ControllableRuntime({ id: ID, version: '1.0.0' }))
    expect(await rejectionOf(started)).toMatchObject({ code: 'CUTOVER_DISPOSED' })
    expect(aggregate.versions()).toEqual([])
  })
})

describe('cancel()', () => {
  it('after the swap back is too late', async () => {
    const rolling = await served()
    const { promise } = await rolling.order('2.0.0')
    Object.assign(rolling.runtime('2.0.0'), { stop: () => {} })
    rolling.rollout.cancel()
    await microtasks()
    expect(() => rolling.rollout.cancel()).toThrow(
      expect.objectContaining({ message: 'cancel() is not possible: version 2.0.0 is rejecting.' }),
    )
    rolling.runtime('2.0.0').emitStopped()
    expect(await rejectionOf(promise)).toMatchObject({ code: 'CUTOVER_CANCELLED' })
  })

  it('while another order waits ends that one', async () => {
    const rolling = await served()
    const first = await rolling.order('2.0.0')
    Object.assign(rolling.runtime('2.0.0'), { stop: () => {} })
    const second = await rolling.order('3.0.0', { force: true })
    const controller = new AbortController()
    const third = await rolling.order('4.0.0', { signal: controller.signal })
    expect(await rejectionOf(second.promise)).toMatchObject({ code: 'CUTOVER_SUPERSEDED' })
    controller.abort(new Error('not today'))
    const cause = { message: 'not today' }
    expect(await rejectionOf(third.promise)).toMatchObject({ code: 'CUTOVER_CANCELLED', version: '4.0.0', cause })
    const fourth = await rolling.order('5.0.0')
    rolling.rollout.cancel('nor tomorrow')
    expect(await rejectionOf(fourth.promise)).toMatchObject({ version: '5.0.0', cause: 'nor tomorrow' })
    const fifth = await rolling.order('6.0.0')
    const disposed = rolling.rollout[Symbol.asyncDispose]()
    expect(await rejectionOf(fifth.promise)).toMatchObject({ code: 'CUTOVER_CANCELLED', version: '6.0.0' })
    expect(await rejectionOf(rolling.rollout.to('7.0.0'))).toMatchObject({ code: 'CUTOVER_DISPOSED' })
    rolling.runtime('2.0.0').emitStopped()
    expect(await rejectionOf(first.promise)).toMatchObject({ code: 'CUTOVER_SUPERSEDED' })
    await disposed
    expect(rolling.aggregate.versions()).toEqual(['1.0.0'])
  })
})
