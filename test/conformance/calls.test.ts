import { getEventListeners } from 'node:events'
import { describe, expect, it, vi } from 'vitest'
import { Hosting, rejectionOf, stateOf } from '../fixtures/hosting.js'

describe('waiting for an active version', () => {
  it('S15: calls go to the active version and settle with its answer or its error', async () => {
    const hosting = new Hosting()
    const runtime = await hosting.serve('1.0.0')
    const answered = hosting.aggregate.call('a')
    const failed = hosting.aggregate.call('b')
    const error = new Error('from the runtime')
    runtime.calls[0]?.answer('A')
    runtime.calls[1]?.fail(error)
    expect(await answered).toBe('A')
    expect(await rejectionOf(failed)).toBe(error)
  })

  it('S15: with none running, calls wait and go out in arrival order the moment one is', async () => {
    const hosting = new Hosting()
    const calls = ['a', 'b', 'c'].map(request => hosting.aggregate.call(request))
    expect(hosting.aggregate.status().waiting).toBe(3)
    hosting.aggregate.start()
    const runtime = hosting.add('1.0.0')
    void hosting.aggregate.setVersion('1.0.0')
    expect([runtime.starts, runtime.calls]).toEqual([1, []])
    runtime.emitStarted()
    expect(runtime.calls.map(({ request }) => request)).toEqual(['a', 'b', 'c'])
    runtime.answerAll()
    expect(await Promise.all(calls)).toEqual(['a', 'b', 'c'])
    expect(hosting.aggregate.status()).toMatchObject({ waiting: 0, inFlight: 0 })
  })

  it('S15: a call made while the waiting ones are being sent goes out after them, and none goes out twice', async () => {
    const hosting = new Hosting()
    const order: string[] = []
    for (const request of ['a', 'b', 'c']) void hosting.aggregate.call(request).catch(() => {})
    const runtime = hosting.addWilling('1.0.0')
    runtime.call = async request => {
      order.push(request)
      if (request === 'a') {
        void hosting.aggregate.call('late')
        void hosting.aggregate.setVersion('1.0.0')
      }
      return request
    }
    hosting.aggregate.start()
    void hosting.aggregate.setVersion('1.0.0')
    expect(order).toEqual(['a', 'b', 'c', 'late'])
  })

  it('S15: after waitTimeout a call rejects, not before, and its timer is gone', async () => {
    const hosting = new Hosting({ waitTimeout: 100 })
    const call = hosting.aggregate.call('a')
    hosting.clock.increment(99)
    expect(await stateOf(call)).toBe('pending')
    hosting.clock.increment(1)
    expect(await rejectionOf(call)).toMatchObject({ code: 'CUTOVER_NO_ACTIVE_VERSION' })
    expect(hosting.aggregate.status().waiting).toBe(0)
  })

  it('S15: with a waitTimeout of Infinity a call waits for ever, with 0 not at all', async () => {
    const patient = new Hosting({ waitTimeout: Number.POSITIVE_INFINITY })
    const waiting = patient.aggregate.call('a')
    patient.clock.increment(1e12)
    expect(await stateOf(waiting)).toBe('pending')
    const hasty = new Hosting({ waitTimeout: 0 })
    expect(await rejectionOf(hasty.aggregate.call('a'))).toMatchObject({ code: 'CUTOVER_NO_ACTIVE_VERSION' })
    expect(hasty.aggregate.status().waiting).toBe(0)
  })

  it('S15: an abort ends the wait with the reason of the signal, and the call is never sent', async () => {
    const hosting = new Hosting()
    const controller = new AbortController()
    const reason = new Error('changed my mind')
    const call = hosting.aggregate.call('a', { signal: controller.signal })
    controller.abort(reason)
    expect(await rejectionOf(call)).toBe(reason)
    const runtime = await hosting.serve('1.0.0')
    expect(runtime.calls).toEqual([])
  })

  it('S15: a call whose signal has fired already rejects with the reason, waiting or not', async () => {
    const hosting = new Hosting()
    const signal = AbortSignal.abort('too late')
    expect(await rejectionOf(hosting.aggregate.call('a', { signal }))).toBe('too late')
    const runtime = await hosting.serve('1.0.0')
    expect(await rejectionOf(hosting.aggregate.call('a', { signal }))).toBe('too late')
    expect(runtime.calls).toEqual([])
  })

  it('S15: the signal of a call that is sent is passed on to the runtime', async () => {
    const hosting = new Hosting()
    const { signal } = new AbortController()
    const waiting = hosting.aggregate.call('a', { signal })
    const runtime = await hosting.serve('1.0.0')
    const direct = hosting.aggregate.call('b', { signal })
    expect(runtime.calls.map(({ options }) => options?.signal)).toEqual([signal, signal])
    runtime.answerAll()
    await Promise.all([waiting, direct])
  })

  it('S15: above maxWaitingCalls a call rejects at once, and room that becomes free is used', async () => {
    const hosting = new Hosting({ maxWaitingCalls: 2 })
    const controller = new AbortController()
    const first = hosting.aggregate.call('a', { signal: controller.signal })
    void hosting.aggregate.call('b')
    expect(await rejectionOf(hosting.aggregate.call('c'))).toMatchObject({ code: 'CUTOVER_TOO_MANY_WAITING_CALLS' })
    controller.abort()
    await rejectionOf(first)
    void hosting.aggregate.call('d')
    const runtime = await hosting.serve('1.0.0')
    expect(runtime.calls.map(({ request }) => request)).toEqual(['b', 'd'])
  })

  it('S15: a call that has gone out leaves no listener on its signal and no timer behind', async () => {
    const hosting = new Hosting({ waitTimeout: 100 })
    const { signal } = new AbortController()
    const listeners = () => getEventListeners(signal, 'abort').length
    const call = hosting.aggregate.call('a', { signal })
    expect(listeners()).toBe(1)
    const runtime = await hosting.serve('1.0.0')
    expect(listeners()).toBe(0)
    hosting.clock.increment(1_000)
    runtime.answerAll()
    expect(await call).toBe('a')
  })
})

describe('odd calls', () => {
  it('S15: when the active version leaves while the waiting calls go out, the rest waits for its successor', async () => {
    const hosting = new Hosting({ drainTimeout: 0 })
    const one = hosting.addWilling('1.0.0')
    const two = hosting.addWilling('2.0.0')
    const calls = ['a', 'b', 'c'].map(request => hosting.aggregate.call(request).catch(error => error.code))
    const received: string[] = []
    one.call = request => {
      received.push(request)
      void hosting.aggregate.setVersion('2.0.0')
      return new Promise(() => {})
    }
    hosting.aggregate.start()
    await hosting.aggregate.setVersion('1.0.0')
    two.answerAll()
    expect(received).toEqual(['a'])
    expect(await Promise.all(calls)).toEqual(['CUTOVER_VERSION_STOPPED', 'b', 'c'])
  })

  it('S15: however many calls share a signal, it has one listener, and its abort ends all that wait', async () => {
    const hosting = new Hosting()
    const controller = new AbortController()
    const { signal } = controller
    const calls = Array.from({ length: 100 }, (_, i) => hosting.aggregate.call(`${i}`, { signal }))
    expect(getEventListeners(signal, 'abort')).toHaveLength(1)
    controller.abort('all of you')
    for (const call of calls) expect(await rejectionOf(call)).toBe('all of you')
    expect(getEventListeners(signal, 'abort')).toHaveLength(0)
    expect(hosting.aggregate.status().waiting).toBe(0)
  })

  it('S15: the limits hold again after the aggregate has stopped', async () => {
    const hosting = new Hosting({ maxWaitingCalls: 1 })
    await hosting.serve('1.0.0', { autoStop: true })
    await hosting.aggregate.stop()
    void hosting.aggregate.call('a').catch(() => {})
    expect(await rejectionOf(hosting.aggregate.call('b'))).toMatchObject({ code: 'CUTOVER_TOO_MANY_WAITING_CALLS' })
  })

  it('S15: a call that has gone out, was aborted or found its aggregate disposed of leaves no timer behind', async () => {
    const hosting = new Hosting()
    const set = vi.spyOn(hosting.clock, 'setTimeout')
    const clear = vi.spyOn(hosting.clock, 'clearTimeout')
    const controller = new AbortController()
    const aborted = hosting.aggregate.call('a', { signal: controller.signal })
    controller.abort()
    await rejectionOf(aborted)
    const sent = hosting.aggregate.call('b')
    const runtime = await hosting.serve('1.0.0', { autoStop: true })
    runtime.answerAll()
    await sent
    await hosting.aggregate.stop()
    const last = hosting.aggregate.call('c')
    void hosting.aggregate.dispose()
    await rejectionOf(last)
    const cleared = clear.mock.calls.map(([id]) => id)
    const made = set.mock.results.map(({ value }) => value)
    expect(made.length).toBeGreaterThanOrEqual(3)
    expect(made.filter(id => !cleared.includes(id))).toEqual([])
  })

  it('S15: a call from within the event that a version is up goes out to it, whatever the limits', async () => {
    const hosting = new Hosting({ waitTimeout: 0, maxWaitingCalls: 0 })
    const calls: Promise<string>[] = []
    hosting.aggregate
      .watchEvents()
      .subscribe(({ type }) => type === 'started' && calls.push(hosting.aggregate.call('a')))
    const one = await hosting.serve('1.0.0', { autoStop: true })
    expect(one.calls).toHaveLength(1)
    one.answerAll()
    const two = hosting.addWilling('2.0.0')
    await hosting.aggregate.setVersion('1.0.0', '2.0.0')
    await hosting.aggregate.setVersion('2.0.0')
    expect(two.calls).toHaveLength(1)
    two.answerAll()
    expect(await Promise.all(calls)).toEqual(['a', 'a'])
  })

  it('S15: a signal that is none is refused by name, and leaves nothing behind', async () => {
    const hosting = new Hosting()
    for (const signal of [{}, { addEventListener() {} }, 'x', 7]) {
      const error = await rejectionOf(hosting.aggregate.call('a', { signal } as never))
      expect(error).toMatchObject({ code: 'CUTOVER_INVALID_OPTION', message: expect.stringContaining('"signal"') })
    }
    expect(hosting.aggregate.status().waiting).toBe(0)
    hosting.clock.increment(1_000_000)
    const patient = hosting.aggregate.call('b', { signal: null as never })
    const runtime = await hosting.serve('1.0.0')
    runtime.answerAll()
    expect(await patient).toBe('b')
  })

  it('S15: a waiting call that cannot be sent on fails alone; those behind it go out', async () => {
    const hosting = new Hosting()
    const odd = Object.assign(new EventTarget(), { aborted: false, removeEventListener: fail }) as never
    const calls = [hosting.aggregate.call('a', { signal: odd }), hosting.aggregate.call('b')]
    const runtime = await hosting.serve('1.0.0')
    expect(await rejectionOf(calls[0] as Promise<string>)).toMatchObject({ message: 'odd' })
    runtime.answerAll()
    expect(await calls[1]).toBe('b')
    const direct = hosting.aggregate.call('c')
    runtime.answerAll()
    expect(await direct).toBe('c')
  })

  it('S15: an answer with a then that throws, or that settles twice, settles its call once', async () => {
    const hosting = new Hosting()
    const runtime = await hosting.serve('1.0.0')
    class Odd<T> extends Promise<T> {
      // biome-ignore lint/suspicious/noThenProperty: that is the point
      override then(): never {
        throw new Error('odd')
      }
    }
    runtime.call = () => Odd.resolve('x') as never
    expect(await rejectionOf(hosting.aggregate.call('a'))).toMatchObject({ message: 'odd' })
    const twice = (resolve: (value: string) => void) => {
      resolve('first')
      resolve('second')
    }
    // biome-ignore lint/suspicious/noThenProperty: that is the point
    runtime.call = () => ({ then: twice }) as never
    expect(await hosting.aggregate.call('a')).toBe('first')
    class Twice<T> extends Promise<T> {
      // biome-ignore lint/suspicious/noThenProperty: that is the point
      override then(onValue?: unknown): never {
        const settle = onValue as (value: string) => void
        settle('first')
        queueMicrotask(() => settle('of another caller'))
        return undefined as never
      }
    }
    const odd = runtime.call
    runtime.call = () => Twice.resolve('x') as never
    const mine = hosting.aggregate.call('a')
    expect(await mine).toBe('first')
    runtime.call = odd
    expect(await hosting.aggregate.call('b')).toBe('first')
    expect(hosting.aggregate.status().inFlight).toBe(0)
  })
})

function fail(): never {
  throw new Error('odd')
}
