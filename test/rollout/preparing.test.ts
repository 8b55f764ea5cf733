import { CutoverError } from 'cutover'
import { RolloutError } from 'cutover/rollout'
import { ControllableRuntime } from 'cutover/testing'
import { describe, expect, it } from 'vitest'
import { ID, microtasks, rejectionOf, stateOf } from '../fixtures/hosting.js'
import { Rolling } from './rolling.js'

describe('The first version', () => {
  it('serves nobody before verify has passed', async () => {
    let pass = () => {}
    const rolling = new Rolling({ verify: () => new Promise(resolve => (pass = resolve)) })
    const { promise } = await rolling.order('1.0.0')
    const call = rolling.aggregate.call('early')
    expect([rolling.place, rolling.pair]).toEqual(['verifying', 'null | 1.0.0'])
    expect(rolling.runtime('1.0.0').calls).toEqual([])
    pass()
    await microtasks()
    expect(rolling.pair).toBe('1.0.0 | null')
    await rolling.answer()
    expect(await call).toBe('answer')
    expect(await promise).toEqual({ outcome: 'promoted', version: '1.0.0', from: null, saved: true, steps: [] })
    expect(rolling.story).toEqual(['preparing', 'verifying', 'promoting', 'finishing', 'promoted 1.0.0', 'idle'])
  })

  it('leaves if verify rejects it, and no version is active', async () => {
    const rolling = new Rolling({ verify: () => Promise.reject(new Error('wrong total')) })
    const { promise } = await rolling.order('1.0.0')
    expect(await rejectionOf(promise)).toMatchObject({ code: 'CUTOVER_REJECTED', cause: { message: 'wrong total' } })
    expect([rolling.pair, rolling.aggregate.versions()]).toEqual(['null | null', []])
    expect(rolling.rollout.status()).toMatchObject({ state: 'idle', permanent: null, candidate: null })
  })

  it('has its calls answered in verify while users wait', async () => {
    const answers: string[] = []
    const rolling = new Rolling({ verify: async next => void answers.push(await next.call('ping'), next.version) })
    const { promise } = await rolling.order('1.0.0')
    await rolling.answer()
    await promise
    expect(answers).toEqual(['answer', '1.0.0'])
  })
})

describe('A candidate', () => {
  const served = async (options?: ConstructorParameters<typeof Rolling>[0]) => {
    const rolling = new Rolling({ soak: 1_000, ...options })
    await rolling.serve('1.0.0')
    rolling.hosting.takeEvents()
    return rolling
  }

  it('is swapped in after verify, and the old version leaves after the soak', async () => {
    const rolling = await served()
    const { promise } = await rolling.order('2.0.0')
    expect([rolling.place, rolling.pair]).toEqual(['soaking.watching', '2.0.0 | 1.0.0'])
    await rolling.pass(999)
    expect(await stateOf(promise)).toBe('pending')
    await rolling.pass(1)
    expect(await promise).toMatchObject({ outcome: 'promoted', version: '2.0.0', from: '1.0.0', saved: true })
    expect([rolling.pair, rolling.aggregate.versions()]).toEqual(['2.0.0 | null', ['2.0.0']])
    expect(rolling.rollout.status()).toMatchObject({ permanent: '2.0.0', previous: '1.0.0' })
  })

  it('that fails to start is rejected at once with failFast', async () => {
    const rolling = await served({ failFast: true })
    rolling.silent.add('2.0.0')
    const { promise } = await rolling.order('2.0.0')
    const rejection = rejectionOf(promise)
    rolling.runtime('2.0.0').emitFailedToStart(new Error('no port'))
    await microtasks()
    expect(await rejection).toMatchObject({
      code: 'CUTOVER_REJECTED',
      message: 'The rollout of version 2.0.0 was rejected: It did not start: no port.',
      cause: { message: 'no port' },
    })
    expect(rolling.pair).toBe('1.0.0 | null')
  })

  it('that does not start in time is rejected, and the active version never noticed', async () => {
    const rolling = await served({ startTimeout: 500 })
    rolling.silent.add('2.0.0')
    const { promise } = await rolling.order('2.0.0')
    rolling.runtime('2.0.0').emitFailedToStart(new Error('no port'))
    await rolling.pass(499)
    expect(rolling.place).toBe('preparing')
    await rolling.pass(1)
    const error = await rejectionOf(promise)
    expect(error).toBeInstanceOf(RolloutError)
    expect(error).toBeInstanceOf(CutoverError)
    expect(error).toMatchObject({
      code: 'CUTOVER_REJECTED',
      version: '2.0.0',
      message: expect.stringContaining('within 500 ms (startTimeout)'),
      cause: { message: 'no port' },
      report: { version: '2.0.0', from: '1.0.0', steps: [] },
    })
    expect([rolling.pair, rolling.aggregate.versions()]).toEqual(['1.0.0 | null', ['1.0.0']])
    const [one, two] = [rolling.runtime('1.0.0'), rolling.runtime('2.0.0')]
    expect([one.starts, one.stops, two.starts, two.stops]).toEqual([1, 0, 1, 1])
    expect(rolling.hosting.events.filter(event => event !== 'configUpdated')).toEqual([])
  })

  it('whose host gives up is rejected at once', async () => {
    const rolling = await served()
    rolling.silent.add('2.0.0')
    const { promise } = await rolling.order('2.0.0')
    rolling.runtime('2.0.0').emitGaveUp(new Error('no such file'))
    await microtasks()
    expect(rolling.place).toBe('idle')
    const error = await rejectionOf(promise)
    expect(error).toMatchObject({ code: 'CUTOVER_REJECTED', cause: { message: 'no such file' } })
    expect((error as Error).message).toContain('Its host has given up starting it: no such file')
  })

  it('that fails to start and is retried by its host may come up within startTimeout', async () => {
    const rolling = await served({ soak: 0 })
    rolling.silent.add('2.0.0')
    const { promise } = await rolling.order('2.0.0')
    rolling.runtime('2.0.0').emitFailedToStart()
    rolling.runtime('2.0.0').emitStarted()
    expect(await promise).toMatchObject({ version: '2.0.0' })
  })

  it.each([
    [
      'throws',
      () => {
        throw new Error('no image')
      },
    ],
    ['rejects', () => Promise.reject(new Error('no image'))],
  ] as const)('is rejected if provision %s', async (_, provision) => {
    const rolling = await served()
    const { promise } = await rolling.order('2.0.0', { provision })
    expect(await rejectionOf(promise)).toMatchObject({ code: 'CUTOVER_REJECTED', cause: { message: 'no image' } })
    expect([rolling.pair, rolling.aggregate.versions()]).toEqual(['1.0.0 | null', ['1.0.0']])
  })

  it('is rejected if provision hangs, and what it returns later is not used', async () => {
    const rolling = await served({ startTimeout: 500 })
    let provide = (_: ReturnType<Rolling['provision']>) => {}
    const provision = () => new Promise<ReturnType<Rolling['provision']>>(resolve => (provide = resolve))
    const { promise } = await rolling.order('2.0.0', { provision })
    await rolling.pass(500)
    expect(await rejectionOf(promise)).toMatchObject({ code: 'CUTOVER_REJECTED' })
    provide(rolling.provision('2.0.0'))
    await microtasks()
    expect(rolling.aggregate.versions()).toEqual(['1.0.0'])
    expect(rolling.runtime('2.0.0').starts).toBe(0)
  })

  it.each([
    [
      'of another id',
      'CUTOVER_RUNTIME_MISMATCH',
      () => new ControllableRuntime<string, string>({ id: 'x', version: '2.0.0' }),
    ],
    ['that is no runtime', 'CUTOVER_INVALID_RUNTIME', () => ({ id: ID }) as never],
    ['that is nothing', 'CUTOVER_INVALID_RUNTIME', () => undefined as never],
  ] as const)('is rejected if provision returns a runtime %s', async (_, code, provision) => {
    const rolling = await served()
    const { promise } = await rolling.order('2.0.0', { provision })
    expect(await rejectionOf(promise)).toMatchObject({ code: 'CUTOVER_REJECTED', cause: { code } })
  })

  it('is rejected if provision returns a runtime that it returned before', async () => {
    const rolling = await served({ soak: 0 })
    const { promise } = await rolling.order('2.0.0', { provision: () => rolling.runtime('1.0.0') })
    expect(await rejectionOf(promise)).toMatchObject({
      code: 'CUTOVER_REJECTED',
      cause: { code: 'CUTOVER_INVALID_RUNTIME', message: expect.stringContaining('the same runtime twice') },
    })
    expect(rolling.pair).toBe('1.0.0 | null')
  })

  it('is rejected if somebody else has added that version', async () => {
    const rolling = await served()
    rolling.hosting.add('2.0.0')
    const { promise } = await rolling.order('2.0.0')
    expect(await rejectionOf(promise)).toMatchObject({ cause: { code: 'CUTOVER_DUPLICATE_VERSION' } })
  })

  it('is rejected if verify throws: it had no call of a user', async () => {
    const rolling = await served({
      verify: () => {
        throw new Error('wrong')
      },
    })
    const { promise } = await rolling.order('2.0.0')
    expect(await rejectionOf(promise)).toMatchObject({
      code: 'CUTOVER_REJECTED',
      message: 'The rollout of version 2.0.0 was rejected: verify failed: wrong.',
      cause: { message: 'wrong' },
    })
    expect(rolling.story.filter(line => line.includes('stepping') || line.includes('promoting'))).toEqual([])
  })

  it('is rejected if verify hangs; its signal fires', async () => {
    let signal: AbortSignal | undefined
    const rolling = await served({ verifyTimeout: 200 })
    const { promise } = await rolling.order('2.0.0', {
      verify: next => {
        signal = next.signal
        return new Promise(() => {})
      },
    })
    await rolling.pass(199)
    expect([rolling.place, signal?.aborted]).toEqual(['verifying', false])
    await rolling.pass(1)
    expect(signal?.aborted).toBe(true)
    expect(await rejectionOf(promise)).toMatchObject({
      code: 'CUTOVER_REJECTED',
      message: expect.stringContaining('within 200 ms (verifyTimeout)'),
    })
  })

  it('that is lost while it is verified is rejected at once', async () => {
    const rolling = await served()
    const { promise } = await rolling.order('2.0.0', { verify: () => new Promise(() => {}) })
    rolling.runtime('2.0.0').emitStopped(new Error('segfault'))
    const error = await rejectionOf(promise)
    expect(error).toMatchObject({ code: 'CUTOVER_REJECTED', cause: { message: 'segfault' } })
    expect((error as Error).message).toContain('It was lost: segfault')
  })

  it('takes the place of a next version that somebody else has named', async () => {
    const rolling = await served({ soak: 0 })
    const other = rolling.hosting.addWilling('1.5.0')
    await rolling.aggregate.setVersion('1.0.0', '1.5.0')
    await rolling.rollout.to('2.0.0')
    expect([rolling.pair, other.stops]).toEqual(['2.0.0 | null', 1])
  })

  it.each(['to', 'rollback'] as const)('cannot call %s() in verify', async method => {
    const errors: unknown[] = []
    const rolling = await served({ soak: 0 })
    const verify = async () => {
      const { rollout } = rolling
      errors.push(await rejectionOf(method === 'to' ? rollout.to('3.0.0') : rollout.rollback()))
    }
    await rolling.rollout.to('2.0.0', { verify })
    expect(errors).toMatchObject([{ code: 'CUTOVER_ROLLOUT_STATE' }])
    expect(rolling.pair).toBe('2.0.0 | null')
  })

  it('may call to() from what verify has left behind, once verify has passed', async () => {
    let later = () => {}
    const left = new Promise<void>(resolve => (later = resolve))
    let second: Promise<unknown> | undefined
    const rolling = await served({ soak: 0 })
    await rolling.rollout.to('2.0.0', {
      verify: () => {
        second = left.then(() => rolling.rollout.to('3.0.0'))
      },
    })
    later()
    expect(await second).toMatchObject({ version: '3.0.0' })
  })

  it.each([
    ['fails to start', (rolling: Rolling) => rolling.runtime('1.0.0').emitStopped(new Error('broken'))],
    ['has given up', (rolling: Rolling) => rolling.runtime('1.0.0').emitGaveUp()],
  ])('is promoted without steps if the active version %s', async (_, breakIt) => {
    const rolling = await served({ steps: [{ percent: 5, for: 1_000 }] })
    rolling.runtime('1.0.0').emitStopped(new Error('broken'))
    breakIt(rolling)
    const call = rolling.aggregate.call('waits')
    void call.catch(() => {})
    const { promise } = await rolling.order('2.0.0')
    expect([rolling.place, rolling.pair]).toEqual(['soaking.watching', '2.0.0 | 1.0.0'])
    await rolling.pass(1_000)
    expect(await promise).toMatchObject({ version: '2.0.0', from: '1.0.0' })
  })
})
