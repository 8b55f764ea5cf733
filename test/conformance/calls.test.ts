import { getEventListeners } from 'node:events'
import { describe, expect, it, vi } from 'vitest'
import { Hosting, microtasks, rejectionOf, stateOf } from '../fixtures/hosting.js'

const HANDOVERS = ['sequential', 'overlap'] as const

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

  it('S15: with none active, calls wait and go out in arrival order the moment one is active', async () => {
    const hosting = new Hosting()
    const calls = ['a', 'b', 'c'].map(request => hosting.aggregate.call(request))
    expect(hosting.aggregate.status().waiting).toBe(3)
    hosting.aggregate.start()
    const runtime = hosting.add('1.0.0')
    void hosting.aggregate.setVersion('1.0.0')
    expect(runtime.calls.map(({ request }) => request)).toEqual(['a', 'b', 'c'])
    expect(runtime.starts).toBe(1)
    runtime.answerAll()
    expect(await Promise.all(calls)).toEqual(['a', 'b', 'c'])
    expect(hosting.aggregate.status()).toMatchObject({ waiting: 0, inFlight: 0 })
  })

  it('S15: a call made while the waiting ones are being sent goes out after them, and none goes out twice', async () => {
    const hosting = new Hosting()
    const order: string[] = []
    for (const request of ['a', 'b', 'c']) void hosting.aggregate.call(request).catch(() => {})
    const runtime = hosting.add('1.0.0')
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
    expect(hosting.aggregate.status().inFlight).toBe(0)
  })
})

function fail(): never {
  throw new Error('odd')
}

describe('propagation to the next version', () => {
  const propagating = async () => {
    const hosting = new Hosting({ propagate: request => request.startsWith('sync') })
    const active = await hosting.serve('1.0.0', { autoStop: true })
    const next = hosting.addWilling('2.0.0')
    await hosting.aggregate.setVersion('1.0.0', '2.0.0')
    return { hosting, active, next }
  }

  it('S16: only requests for which propagate is true go to the next version as well, at the same time', async () => {
    const { hosting, active, next } = await propagating()
    const order: string[] = []
    for (const [name, runtime] of Object.entries({ active, next })) {
      const call = runtime.call.bind(runtime)
      runtime.call = (request, options) => {
        order.push(name)
        return call(request, options)
      }
    }
    const calls = [hosting.aggregate.call('sync 1'), hosting.aggregate.call('other')]
    expect(order).toEqual(['active', 'next', 'active'])
    expect(active.calls.map(({ request }) => request)).toEqual(['sync 1', 'other'])
    expect(next.calls.map(({ request }) => request)).toEqual(['sync 1'])
    active.answerAll()
    expect(await Promise.all(calls)).toEqual(['sync 1', 'other'])
  })

  it('S16: a next version that never answers does not delay the answer', async () => {
    const { hosting, active, next } = await propagating()
    const call = hosting.aggregate.call('sync')
    active.answerAll()
    expect(await call).toBe('sync')
    expect(next.calls).toHaveLength(1)
  })

  it('S16: a next version that fails, by rejecting or by throwing, costs a warning and no more', async () => {
    const { hosting, active, next } = await propagating()
    const call = hosting.aggregate.call('sync')
    next.calls[0]?.fail(new Error('not ready'))
    active.answerAll()
    expect(await call).toBe('sync')
    next.call = () => {
      throw new Error('broken')
    }
    const another = hosting.aggregate.call('sync')
    active.answerAll()
    expect(await another).toBe('sync')
    expect(hosting.warnings()).toEqual(Array(2).fill('a call propagated to the next version failed'))
  })

  it('S16: a propagate that gives a promise gives no true', async () => {
    const hosting = new Hosting({ propagate: (async () => false) as never })
    const active = await hosting.serve('1.0.0')
    const next = hosting.addWilling('2.0.0')
    await hosting.aggregate.setVersion('1.0.0', '2.0.0')
    void hosting.aggregate.call('a').catch(() => {})
    expect([active.calls.length, next.calls.length]).toEqual([1, 0])
  })

  it('S16: a propagate that throws costs a warning and no more', async () => {
    const hosting = new Hosting({
      propagate: () => {
        throw new Error('no idea')
      },
    })
    const active = await hosting.serve('1.0.0')
    hosting.addWilling('2.0.0')
    await hosting.aggregate.setVersion('1.0.0', '2.0.0')
    const call = hosting.aggregate.call('a')
    active.answerAll()
    expect(await call).toBe('a')
    expect(hosting.warnings()).toHaveLength(1)
  })

  it('S16: once the next version is torn down or promoted, nothing is propagated to it', async () => {
    const { hosting, active, next } = await propagating()
    await hosting.aggregate.setVersion('1.0.0')
    void hosting.aggregate.call('sync').catch(() => {})
    expect(next.calls).toEqual([])
    active.answerAll()
    const three = hosting.addWilling('3.0.0')
    await hosting.aggregate.setVersion('1.0.0', '3.0.0')
    await hosting.aggregate.setVersion('3.0.0')
    void hosting.aggregate.call('sync').catch(() => {})
    expect(three.calls).toHaveLength(1)
  })

  it('S16: while the next version is being torn down, nothing is propagated to it', async () => {
    const hosting = new Hosting({ propagate: () => true })
    const active = await hosting.serve('1.0.0')
    const next = hosting.add('2.0.0', { autoStart: true })
    await hosting.aggregate.setVersion('1.0.0', '2.0.0')
    void hosting.aggregate.setVersion('1.0.0')
    expect(hosting.aggregate.status().phase).toBe('stoppingNext')
    void hosting.aggregate.call('a').catch(() => {})
    expect([active.calls.length, next.calls.length]).toEqual([1, 0])
  })

  it('S16: calls that waited are propagated too', async () => {
    const hosting = new Hosting({ propagate: () => true })
    const active = hosting.addWilling('1.0.0')
    const next = hosting.addWilling('2.0.0')
    await hosting.aggregate.setVersion('1.0.0', '2.0.0')
    void hosting.aggregate.call('early').catch(() => {})
    hosting.aggregate.start()
    expect([active.calls.length, next.calls.length]).toEqual([1, 1])
  })
})

describe('calls during a switch', () => {
  it('S17: sequential: calls in flight finish on the old version, new ones wait for the new one', async () => {
    const hosting = new Hosting()
    const old = await hosting.serve('1.0.0', { autoStop: true })
    const next = hosting.addWilling('2.0.0')
    await hosting.aggregate.setVersion('1.0.0', '2.0.0')
    const inFlight = hosting.aggregate.call('old')
    const switched = hosting.aggregate.setVersion('2.0.0')
    const waiting = hosting.aggregate.call('new')
    expect(hosting.aggregate.status()).toMatchObject({ phase: 'stoppingActive', inFlight: 1, waiting: 1 })
    expect([old.stops, next.calls.length]).toEqual([0, 0])
    old.answerAll()
    await switched
    expect(old.stops).toBe(1)
    next.answerAll(request => `2: ${request}`)
    expect(await Promise.all([inFlight, waiting])).toEqual(['old', '2: new'])
  })

  it('S17: overlap: the new version takes new calls at once, while the old one drains', async () => {
    const hosting = new Hosting({ handover: 'overlap' })
    const old = await hosting.serve('1.0.0', { autoStop: true })
    const next = hosting.addWilling('2.0.0')
    await hosting.aggregate.setVersion('1.0.0', '2.0.0')
    const inFlight = hosting.aggregate.call('old')
    const switched = hosting.aggregate.setVersion('2.0.0')
    const direct = hosting.aggregate.call('new')
    expect(hosting.aggregate.status()).toMatchObject({ phase: 'retiring', active: '2.0.0', inFlight: 2, waiting: 0 })
    next.answerAll()
    expect(await direct).toBe('new')
    expect(await stateOf(switched)).toBe('pending')
    old.answerAll()
    expect(await switched).toEqual({ active: '2.0.0', next: null })
    expect(await inFlight).toBe('old')
  })

  it('S17: overlap: a next version that is not running yet is switched to in the sequential order', async () => {
    const hosting = new Hosting({ handover: 'overlap' })
    const old = await hosting.serve('1.0.0')
    const next = hosting.add('2.0.0')
    await hosting.aggregate.setVersion('1.0.0', '2.0.0')
    const switched = hosting.aggregate.setVersion('2.0.0')
    void hosting.aggregate.call('new').catch(() => {})
    expect(hosting.aggregate.status()).toMatchObject({ phase: 'stoppingActive', active: '1.0.0', waiting: 1 })
    expect(next.calls).toEqual([])
    old.emitStopped()
    await switched
    expect(next.calls).toHaveLength(1)
  })

  it('S17: overlap: a next version that ran and then died is switched to in the sequential order', async () => {
    const hosting = new Hosting({ handover: 'overlap' })
    const old = await hosting.serve('1.0.0')
    const next = hosting.addWilling('2.0.0')
    await hosting.aggregate.setVersion('1.0.0', '2.0.0')
    next.emitStopped()
    const switched = hosting.aggregate.setVersion('2.0.0')
    expect(hosting.aggregate.status().phase).toBe('stoppingActive')
    old.emitStopped()
    await switched
  })

  it.each(HANDOVERS)(
    'S17: what is in flight at the drain deadline rejects, naming the version (%s)',
    async handover => {
      const hosting = new Hosting({ handover, drainTimeout: 100 })
      const old = await hosting.serve('1.0.0', { autoStop: true })
      hosting.addWilling('2.0.0')
      await hosting.aggregate.setVersion('1.0.0', '2.0.0')
      const calls = [hosting.aggregate.call('a'), hosting.aggregate.call('b')]
      const switched = hosting.aggregate.setVersion('2.0.0')
      hosting.clock.increment(99)
      expect(await stateOf(calls[0] as Promise<string>)).toBe('pending')
      expect(old.stops).toBe(0)
      hosting.clock.increment(1)
      for (const call of calls) {
        const expected = {
          code: 'CUTOVER_VERSION_STOPPED',
          version: '1.0.0',
          message: expect.stringContaining('1.0.0'),
        }
        expect(await rejectionOf(call)).toMatchObject(expected)
      }
      expect(await switched).toEqual({ active: '2.0.0', next: null })
      old.answerAll()
      await microtasks()
      expect(hosting.aggregate.status().inFlight).toBe(0)
    },
  )

  it('S17: at the deadline the calls are rejected before the host is asked to stop', async () => {
    const hosting = new Hosting({ drainTimeout: 100 })
    const old = await hosting.serve('1.0.0')
    const call = hosting.aggregate.call('a')
    const inFlight: number[] = []
    old.stop = () => {
      inFlight.push(hosting.aggregate.status().inFlight)
    }
    void hosting.aggregate.setVersion(null)
    expect(hosting.aggregate.status().inFlight).toBe(1)
    hosting.clock.increment(100)
    await rejectionOf(call)
    expect(inFlight).toEqual([0])
  })

  it('S17: with a drainTimeout of 0 the version stops at once', async () => {
    const hosting = new Hosting({ drainTimeout: 0 })
    const old = await hosting.serve('1.0.0', { autoStop: true })
    const call = hosting.aggregate.call('a')
    const switched = hosting.aggregate.setVersion(null)
    expect(old.stops).toBe(1)
    expect(await rejectionOf(call)).toMatchObject({ code: 'CUTOVER_VERSION_STOPPED' })
    await switched
  })

  it('S17: a host learns of its stop only after the last call in flight has settled', async () => {
    const hosting = new Hosting()
    const old = await hosting.serve('1.0.0', { autoStop: true })
    const first = hosting.aggregate.call('a')
    const second = hosting.aggregate.call('b')
    void hosting.aggregate.setVersion(null)
    old.calls[0]?.answer('a')
    await first
    expect(old.stops).toBe(0)
    old.calls[1]?.fail(new Error('b'))
    await rejectionOf(second)
    expect(old.stops).toBe(1)
  })

  it('S17: a call is sent to one active version only, also through several switches', async () => {
    const hosting = new Hosting()
    const versions = ['1.0.0', '2.0.0', '3.0.0']
    const runtimes = versions.map(version => hosting.addWilling(version))
    hosting.aggregate.start()
    const sent: string[] = []
    for (const version of versions) {
      const switched = hosting.aggregate.setVersion(version)
      for (let i = 0; i < 10; i++) {
        sent.push(`${version} ${i}`)
        void hosting.aggregate.call(`${version} ${i}`).catch(() => {})
      }
      await switched
      const received = runtimes.map(({ calls }) => calls.length).reduce((a, b) => a + b)
      expect(received).toBe(sent.length)
      for (const runtime of runtimes) for (const call of runtime.calls) call.answer('done')
      await microtasks()
    }
    const received = runtimes.flatMap(({ calls }) => calls.map(({ request }) => request))
    expect(received.sort()).toEqual(sent.sort())
  })

  it('S18: a call after dispose rejects, and so does one that waited', async () => {
    const hosting = new Hosting()
    const waiting = hosting.aggregate.call('a')
    const disposed = hosting.aggregate.dispose()
    const late = hosting.aggregate.call('b')
    expect(await rejectionOf(waiting)).toMatchObject({ code: 'CUTOVER_DISPOSED' })
    expect(await rejectionOf(late)).toMatchObject({ code: 'CUTOVER_DISPOSED' })
    await disposed
    const signal = AbortSignal.abort('also aborted')
    expect(await rejectionOf(hosting.aggregate.call('c', { signal }))).toMatchObject({ code: 'CUTOVER_DISPOSED' })
  })

  it('S18: dispose lets calls in flight finish, and takes no new ones meanwhile', async () => {
    const hosting = new Hosting()
    const runtime = await hosting.serve('1.0.0', { autoStop: true })
    const inFlight = hosting.aggregate.call('a')
    const disposed = hosting.aggregate.dispose()
    expect(await rejectionOf(hosting.aggregate.call('b'))).toMatchObject({ code: 'CUTOVER_DISPOSED' })
    runtime.answerAll()
    expect(await inFlight).toBe('a')
    await disposed
    expect(hosting.aggregate.status().state).toBe('disposed')
  })
})
