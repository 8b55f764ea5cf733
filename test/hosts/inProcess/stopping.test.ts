import { describe, expect, it } from 'vitest'
import { microtasks, rejectionOf, stateOf } from '../../fixtures/hosting.js'

import { deferred, echo, Host, type Module } from '../../fixtures/inProcessHost.js'

describe('the in-process host: stopping', () => {
  it('Stopped is emitted once per stop, even if the runtime never started', async () => {
    const host = new Host(echo)
    await Promise.all([host.runtime.stop(), host.runtime.stop()])
    await host.runtime.stop()
    expect(host.events).toEqual(['stopped'])
    host.runtime.start()
    await microtasks()
    expect(host.events).toEqual(['stopped'])
  })

  it('The module is stopped once, and then stopped is emitted', async () => {
    const gate = deferred()
    let stops = 0
    const host = await new Host({
      ...echo,
      stop: () => {
        stops++
        return gate.promise
      },
    }).start()
    const stopped = host.runtime.stop() as Promise<void>
    expect(await stateOf(stopped)).toBe('pending')
    expect(host.events).toEqual(['started'])
    gate.resolve()
    await stopped
    expect([stops, host.events]).toEqual([1, ['started', 'stopped']])
  })

  it('During a slow start, stop fires the signal, waits for the start, and stops the module', async () => {
    const log: string[] = []
    const host = new Host({
      ...echo,
      start: ({ signal }) =>
        new Promise(resolve =>
          signal.addEventListener('abort', () => {
            log.push('told')
            resolve()
          }),
        ),
      stop: () => {
        log.push('stopped')
      },
    })
    await host.start()
    await host.runtime.stop()
    expect(log).toEqual(['told', 'stopped'])
    expect(host.events).toEqual(['stopped'])
  })

  it('A start that ignores its signal is abandoned after abortTimeout, and stopped if it comes up later', async () => {
    const gate = deferred()
    let stops = 0
    const host = new Host({
      ...echo,
      start: () => gate.promise,
      stop: () => {
        stops++
      },
    })
    await host.start()
    const stopped = host.runtime.stop() as Promise<void>
    host.clock.increment(999)
    expect(await stateOf(stopped)).toBe('pending')
    host.clock.increment(1)
    await stopped
    expect([stops, host.events]).toEqual([0, ['stopped']])
    gate.resolve()
    await microtasks()
    expect([stops, host.events]).toEqual([1, ['stopped']])
  })

  it('A stop during the backoff ends it at once, and no start follows', async () => {
    let starts = 0
    const host = new Host({
      ...echo,
      start: () => {
        starts++
        throw new Error('no')
      },
    })
    await host.start()
    await host.runtime.stop()
    host.clock.increment(1_000_000)
    await microtasks()
    expect(starts).toBe(1)
    expect(host.events.at(-1)).toBe('stopped')
  })

  it.each(['hangs', 'rejects', 'throws'])('A module whose stop %s does not keep the host from stopping', async how => {
    const stop = () => {
      if (how === 'throws') throw new Error('no')
      return how === 'rejects' ? Promise.reject(new Error('no')) : new Promise<void>(() => {})
    }
    const host = await new Host({ ...echo, stop }, { stopTimeout: 2_000 }).start()
    const stopped = host.runtime.stop() as Promise<void>
    await microtasks()
    if (how === 'hangs') host.clock.increment(2_000)
    await stopped
    expect(host.events).toEqual(['started', 'stopped'])
    expect(host.logs).toHaveLength(1)
  })

  it('Calls in flight, waiting calls and later ones reject with CUTOVER_RUNTIME_LOST, and the signal of the module fires', async () => {
    const signals: AbortSignal[] = []
    const host = await new Host({
      call: (_, { signal }) => {
        signals.push(signal)
        return new Promise(() => {})
      },
    } satisfies Module).start()
    const inFlight = [host.runtime.call('a'), host.runtime.call('b', { signal: new AbortController().signal })]
    const stopped = host.runtime.stop()
    const late = host.runtime.call('c')
    for (const call of [...inFlight, late]) {
      expect(await rejectionOf(call)).toMatchObject({ code: 'CUTOVER_RUNTIME_LOST', version: '1.0.0' })
    }
    expect(signals.map(({ aborted }) => aborted)).toEqual([true, true])
    await stopped
    const never = new Host(echo)
    const waiting = never.runtime.call('a')
    void never.runtime.stop()
    expect(await rejectionOf(waiting)).toMatchObject({ code: 'CUTOVER_RUNTIME_LOST' })
  })
})

describe('the in-process host: while it stops', () => {
  it('A call rejects at once, even if the stop of the module is slow', async () => {
    const host = await new Host({ ...echo, stop: () => new Promise(() => {}) }).start()
    void host.runtime.stop()
    expect(await rejectionOf(host.runtime.call('a'))).toMatchObject({ code: 'CUTOVER_RUNTIME_LOST' })
  })
})
