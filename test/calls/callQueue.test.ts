import { AsyncLocalStorage } from 'node:async_hooks'
import { getEventListeners } from 'node:events'
import { SimulatedClock } from 'cutover/testing'
import { describe, expect, it, vi } from 'vitest'
import { CallQueue, type QueueLimits } from '../../src/calls/callQueue.js'
import { rejectionOf, stateOf } from '../fixtures/hosting.js'

function queueOf(limits: Partial<QueueLimits> = {}) {
  const clock = new SimulatedClock()
  const queue = new CallQueue<string, string>({
    timeout: 100,
    max: 2,
    clock,
    timedOut: () => new Error('timed out'),
    tooMany: () => new Error('too many'),
    ...limits,
  })
  return { queue, clock }
}

describe('the call queue', () => {
  it('Calls go out in their order, for as long as the way is open; the others stay in their places', async () => {
    const { queue } = queueOf({ max: 5 })
    const calls = ['a', 'b', 'c', 'd'].map(request => queue.add(request, undefined))
    const sent: string[] = []
    const send = async (request: string) => {
      sent.push(request)
      return `answer to ${request}`
    }
    queue.flush(() => sent.length < 2, send)
    expect([sent, queue.size]).toEqual([['a', 'b'], 2])
    calls.push(queue.add('e', undefined))
    queue.flush(() => true, send)
    expect(sent).toEqual(['a', 'b', 'c', 'd', 'e'])
    expect(await Promise.all(calls)).toEqual(sent.map(request => `answer to ${request}`))
  })

  it('A call is off the queue, its signal and its timer before it is sent', async () => {
    const { queue, clock } = queueOf()
    const { signal } = new AbortController()
    const call = queue.add('a', { signal })
    queue.flush(
      () => true,
      async () => {
        expect([queue.size, getEventListeners(signal, 'abort').length]).toEqual([0, 0])
        clock.increment(1_000)
        return 'answer'
      },
    )
    expect(await call).toBe('answer')
  })

  it('A call that is added while others go out goes out after them', async () => {
    const { queue } = queueOf()
    const sent: string[] = []
    const calls = [queue.add('a', undefined)]
    queue.flush(
      () => true,
      async request => {
        sent.push(request)
        if (request === 'a') calls.push(queue.addAnyway('late', undefined))
        return request
      },
    )
    expect(sent).toEqual(['a', 'late'])
    expect(await Promise.all(calls)).toEqual(['a', 'late'])
  })

  it('The limits hold for those that wait, and not for those that go out in a moment', async () => {
    const { queue, clock } = queueOf({ max: 1 })
    const waiting = queue.add('a', undefined)
    expect(await rejectionOf(queue.add('b', undefined))).toMatchObject({ message: 'too many' })
    const anyway = queue.addAnyway('c', undefined)
    expect(queue.size).toBe(2)
    clock.increment(99)
    expect(await stateOf(waiting)).toBe('pending')
    clock.increment(1)
    for (const call of [waiting, anyway]) expect(await rejectionOf(call)).toMatchObject({ message: 'timed out' })
    expect(queue.size).toBe(0)
    const { queue: hasty } = queueOf({ timeout: 0 })
    expect(await rejectionOf(hasty.add('a', undefined))).toMatchObject({ message: 'timed out' })
  })

  it('A call that cannot be sent rejects alone', async () => {
    const { queue } = queueOf()
    const [first, second] = [queue.add('a', undefined), queue.add('b', undefined)]
    const error = new Error('odd')
    queue.flush(
      () => true,
      async request => request,
    )
    expect(await Promise.all([first, second])).toEqual(['a', 'b'])
    const third = queue.add('c', undefined)
    queue.flush(
      () => true,
      () => {
        throw error
      },
    )
    expect(await rejectionOf(third)).toBe(error)
  })

  it('A clock that throws, or a signal that is none, rejects the call and leaves nothing behind', async () => {
    const error = new Error('no timers')
    const { queue, clock } = queueOf()
    vi.spyOn(clock, 'setTimeout').mockImplementation(() => {
      throw error
    })
    const { signal } = new AbortController()
    expect(await rejectionOf(queue.add('a', { signal }))).toBe(error)
    expect([queue.size, getEventListeners(signal, 'abort').length]).toEqual([0, 0])
    expect(await rejectionOf(queue.add('b', { signal: 7 as never }))).toMatchObject({ code: 'CUTOVER_INVALID_OPTION' })
    expect(queue.size).toBe(0)
  })

  it('rejectAll ends all of them, and an abort ends one', async () => {
    const { queue } = queueOf()
    const controller = new AbortController()
    const aborted = queue.add('a', controller)
    const other = queue.add('b', undefined)
    controller.abort('enough')
    expect(await rejectionOf(aborted)).toBe('enough')
    const error = new Error('gone')
    queue.rejectAll(error)
    expect(await rejectionOf(other)).toBe(error)
    expect(queue.size).toBe(0)
  })

  it('A call is sent in the async context of its caller', async () => {
    const { queue } = queueOf()
    const tenant = new AsyncLocalStorage<string>()
    const call = tenant.run('bob', () => queue.add('a', undefined))
    const send = async () => `${tenant.getStore()}`
    tenant.run('admin', () => queue.flush(() => true, send))
    expect(await call).toBe('bob')
  })
})
