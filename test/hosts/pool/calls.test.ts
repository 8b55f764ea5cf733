import { AsyncLocalStorage } from 'node:async_hooks'
import { type CallOptions, streamed } from 'cutover'
import { describe, expect, it } from 'vitest'
import { microtasks, rejectionOf, stateOf } from '../../fixtures/hosting.js'
import { Pooled } from './pooled.js'

/** The instance that a call with this key goes to. */
function ownerOf(pooled: Pooled, key: string): number {
  void pooled.runtime.call(key, { key }).catch(() => {})
  const owner = pooled.instances.findIndex(({ calls }) => calls.some(({ request }) => request === key))
  pooled.at(owner).answerAll()
  return owner
}

describe('the choice of an instance', () => {
  it('A call goes to the instance with the fewest calls in flight; of several, each in turn', async () => {
    const pooled = new Pooled({ size: 3 }).up()
    void pooled.call('a', 'b', 'c', 'd', 'e')
    expect(pooled.requests).toEqual([['a', 'd'], ['b', 'e'], ['c']])
    pooled.at(1).answerAll()
    await microtasks()
    void pooled.call('f', 'g', 'h')
    expect(pooled.requests).toEqual([
      ['a', 'd'],
      ['f', 'h'],
      ['c', 'g'],
    ])
  })

  it('Calls with a key go to one instance, evenly spread; only the keys of a dead one move, and they come back', async () => {
    const pooled = new Pooled({ size: 4 }).up()
    const keys = Array.from({ length: 4_000 }, (_, i) => `user${i}`)
    const before = keys.map(key => ownerOf(pooled, key))
    await microtasks()
    for (let number = 0; number < 4; number++) {
      expect(Math.abs(before.filter(owner => owner === number).length - 1_000)).toBeLessThan(150)
    }
    expect(keys.map(key => ownerOf(pooled, key))).toEqual(before)
    await microtasks()
    pooled.at(2).emitStopped(new Error('killed'))
    const without = keys.map(key => ownerOf(pooled, key))
    expect(without.every((owner, i) => (before[i] === 2 ? owner !== 2 : owner === before[i]))).toBe(true)
    expect(new Set(without.filter((_, i) => before[i] === 2)).size).toBe(3)
    await microtasks()
    pooled.at(2).emitStarted()
    expect(keys.map(key => ownerOf(pooled, key))).toEqual(before)
  })
})

describe('the concurrency of a pool', () => {
  it('Further calls wait in order, each in its own async context, and are sent as places become free', async () => {
    const tenant = new AsyncLocalStorage<string>()
    const pooled = new Pooled({ size: 2, concurrency: 1 }).up()
    const seen: string[] = []
    for (const instance of pooled.instances) {
      const call = instance.call.bind(instance)
      instance.call = (request: string, options?: CallOptions) => {
        seen.push(`${request} as ${tenant.getStore()}`)
        return call(request, options)
      }
    }
    const calls = ['a', 'b', 'c', 'd', 'e'].map(name => tenant.run(name, () => pooled.runtime.call(name)))
    expect(seen).toEqual(['a as a', 'b as b'])
    tenant.run('whoever answers', () => pooled.at(1).answerAll())
    await microtasks()
    expect(seen).toEqual(['a as a', 'b as b', 'c as c'])
    for (let i = 0; i < 3; i++) {
      for (const instance of pooled.instances) instance.answerAll()
      await microtasks()
    }
    expect(seen.slice(3)).toEqual(['d as d', 'e as e'])
    expect(await Promise.all(calls)).toEqual(['a', 'b', 'c', 'd', 'e'])
  })

  it('A signal ends the wait, a time limit too, and one call too many is refused; the others go on', async () => {
    const pooled = new Pooled({ size: 1, concurrency: 1, waitTimeout: 50, maxWaitingCalls: 2 }).up()
    const controller = new AbortController()
    const [first] = pooled.call('a')
    const given = pooled.runtime.call('b', { signal: controller.signal })
    const [late, tooMany] = pooled.call('c', 'd')
    expect(await rejectionOf(tooMany as Promise<string>)).toMatchObject({ code: 'CUTOVER_TOO_MANY_WAITING_CALLS' })
    controller.abort('changed my mind')
    expect(await rejectionOf(given)).toBe('changed my mind')
    pooled.clock.increment(50)
    expect(await rejectionOf(late as Promise<string>)).toMatchObject({ code: 'CUTOVER_POOL_BUSY', version: '1.0.0' })
    pooled.at(0).answerAll()
    expect(await first).toBe('a')
    void pooled.call('e')
    expect(pooled.requests).toEqual([['e']])
  })

  it('A call whose key belongs to a full instance waits for that one, and blocks no other', async () => {
    const pooled = new Pooled({ size: 2, concurrency: 1 }).up()
    const owner = ownerOf(pooled, 'me')
    await microtasks()
    const other = 1 - owner
    const busy = pooled.runtime.call('busy', { key: 'me' })
    const mine = pooled.runtime.call('mine', { key: 'me' })
    const [anyone] = pooled.call('anyone')
    expect(pooled.requests[other]).toEqual(['anyone'])
    pooled.at(other).answerAll()
    expect(await anyone).toBe('anyone')
    expect(await stateOf(mine)).toBe('pending')
    pooled.at(owner).answerAll()
    await busy
    await microtasks()
    expect(pooled.requests[owner]).toEqual(['mine'])
    pooled.at(owner).answerAll()
    expect(await mine).toBe('mine')
  })

  it('When that instance dies, its waiting calls go to another one', async () => {
    const pooled = new Pooled({ size: 2, concurrency: 1 }).up()
    const owner = ownerOf(pooled, 'me')
    await microtasks()
    const lost = pooled.runtime.call('busy', { key: 'me' })
    void pooled.runtime.call('mine', { key: 'me' })
    pooled.at(owner).emitStopped(new Error('killed'))
    expect(await rejectionOf(lost)).toMatchObject({ code: 'CUTOVER_RUNTIME_LOST' })
    expect(pooled.requests[1 - owner]).toEqual(['mine'])
  })

  it('When an instance dies, its place goes to no waiting call until it is back', async () => {
    const pooled = new Pooled({ size: 2, concurrency: 1 }).up()
    const [lost, , waiting] = pooled.call('a', 'b', 'c')
    pooled.at(0).emitStopped(new Error('killed'))
    expect(await rejectionOf(lost as Promise<string>)).toMatchObject({ code: 'CUTOVER_RUNTIME_LOST' })
    expect([await stateOf(waiting as Promise<string>), pooled.requests]).toEqual(['pending', [['a'], ['b']]])
    pooled.at(1).answerAll()
    await microtasks()
    pooled.at(1).answerAll()
    expect(await waiting).toBe('c')
  })

  it('Waiting calls were sent nowhere: they outlive the death of the last instance', async () => {
    const pooled = new Pooled({ size: 1, concurrency: 1 }).up()
    const [lost, waiting] = pooled.call('a', 'b')
    pooled.at(0).emitStopped(new Error('killed'))
    expect(await rejectionOf(lost as Promise<string>)).toMatchObject({ code: 'CUTOVER_RUNTIME_LOST' })
    expect(await stateOf(waiting as Promise<string>)).toBe('pending')
    pooled.at(0).calls.splice(0)
    pooled.at(0).emitStarted()
    pooled.at(0).answerAll()
    expect(await waiting).toBe('b')
  })
})

describe('a broadcast', () => {
  const toAll = (request: string) => request.startsWith('all')

  it('It goes to all that are up, past the concurrency, and the last answer counts', async () => {
    const pooled = new Pooled({ size: 3, concurrency: 1, broadcast: toAll }).up()
    pooled.at(2).emitStopped(new Error('killed'))
    void pooled.call('one')
    const [all] = pooled.call('all')
    expect(pooled.requests).toEqual([['one', 'all'], ['all'], []])
    pooled.at(1).calls[0]?.answer('first')
    expect(await stateOf(all as Promise<string>)).toBe('pending')
    pooled.at(0).calls[1]?.answer('last')
    expect(await all).toBe('last')
  })

  it('Errors are joined once all have answered; one that dies fails its part', async () => {
    const pooled = new Pooled({ size: 3, broadcast: toAll }).up()
    const [all] = pooled.call('all')
    pooled.at(0).calls[0]?.fail(new Error('full disk'))
    pooled.at(1).emitStopped(new Error('killed'))
    expect(await stateOf(all as Promise<string>)).toBe('pending')
    pooled.at(2).answerAll()
    expect(await rejectionOf(all as Promise<string>)).toMatchObject({
      message: '2 of 3 instances failed the request.',
      errors: [{ message: 'full disk' }, { code: 'CUTOVER_RUNTIME_LOST' }],
    })
  })

  it('A signal that fires gives its own reason; buffers are copied to each, not moved', async () => {
    const pooled = new Pooled({ size: 2, broadcast: toAll }).up()
    const controller = new AbortController()
    const transfer = [new ArrayBuffer(8)]
    const all = pooled.runtime.call('all', { signal: controller.signal, transfer })
    expect(pooled.instances.map(({ calls }) => calls[0]?.options?.transfer)).toEqual([undefined, undefined])
    controller.abort('enough')
    for (const { calls } of pooled.instances) calls[0]?.fail('enough')
    expect(await rejectionOf(all)).toBe('enough')
  })

  it('Of the streams that instances answer with, the last one is given and the others are closed', async () => {
    const pooled = new Pooled({ size: 3, concurrency: 1, broadcast: toAll }).up()
    const cancelled: number[] = []
    const [call] = pooled.call('all')
    for (const [i, instance] of pooled.instances.entries()) {
      const source = new ReadableStream({ cancel: () => void cancelled.push(i) }, { highWaterMark: 0 })
      instance.calls[0]?.answer(streamed(source) as never)
      await microtasks()
    }
    const given = (await call) as unknown as ReadableStream
    expect([cancelled, given instanceof ReadableStream]).toEqual([[0, 1], true])
    await given.cancel()
    expect(cancelled).toEqual([0, 1, 2])
  })

  it('If broadcast throws, the call goes to one instance, and the error is logged', async () => {
    const broken = () => {
      throw new Error('oops')
    }
    const pooled = new Pooled({ size: 2, broadcast: broken }).up()
    void pooled.call('a')
    expect(pooled.loads).toEqual([1, 0])
    expect(pooled.logs).toMatchObject([{ level: 'warn', message: expect.stringContaining('broadcast threw') }])
  })
})
