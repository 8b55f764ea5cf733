import { getEventListeners } from 'node:events'
import type { CallContext } from 'cutover/hosts'
import { describe, expect, it } from 'vitest'
import { microtasks, rejectionOf, stateOf } from '../../fixtures/hosting.js'

import { deferred, echo, Host, type Module } from '../../fixtures/inProcessHost.js'

describe('the in-process host: aborting', () => {
  const hanging = () => {
    const signals: AbortSignal[] = []
    const module: Module = {
      call: (_, { signal }) => {
        signals.push(signal)
        return new Promise((_resolve, reject) => signal.addEventListener('abort', () => reject(signal.reason)))
      },
    }
    return { module, signals }
  }

  it('The signal of a call reaches the module, with its reason, and no other call', async () => {
    const { module, signals } = hanging()
    const { runtime } = await new Host(module).start()
    const controller = new AbortController()
    const aborted = runtime.call('a', { signal: controller.signal })
    const other = runtime.call('b', { signal: new AbortController().signal })
    const plain = runtime.call('c')
    controller.abort('enough')
    expect(await rejectionOf(aborted)).toBe('enough')
    expect(signals.map(signal => signal.aborted)).toEqual([true, false, false])
    expect(await stateOf(other)).toBe('pending')
    expect(await stateOf(plain)).toBe('pending')
  })

  it('A call leaves no listener on the signal of its caller', async () => {
    const { runtime } = await new Host(echo).start()
    const { signal } = new AbortController()
    const listeners = () => getEventListeners(signal, 'abort').length
    await runtime.call('a', { signal })
    expect(listeners()).toBe(0)
  })

  it('Each call has its own signal, created when the module first reads it', async () => {
    const scopes: CallContext[] = []
    const host = await new Host({
      call: (request: string, context: CallContext) => {
        scopes.push(context)
        return request === 'hang' ? new Promise<string>(() => {}) : request
      },
    }).start()
    await host.runtime.call('a')
    for (let i = 0; i < 3; i++) void host.runtime.call('hang').catch(() => {})
    const [over, ...hanging] = scopes as [CallContext, CallContext, CallContext, CallContext]
    expect(hanging[0].signal).toBe(hanging[0].signal)
    expect(hanging[0].signal).not.toBe(hanging[1].signal)
    await host.runtime.abort()
    expect([over, ...hanging].map(({ signal }) => signal.aborted)).toEqual([false, true, true, true])
  })

  it('A signal that the module first reads after its caller gave up has fired already', async () => {
    let context: CallContext | undefined
    const host = await new Host({
      call: (_: string, given: CallContext) => {
        context = given
        return new Promise<string>(() => {})
      },
    }).start()
    const controller = new AbortController()
    const call = host.runtime.call('a', { signal: controller.signal })
    controller.abort('enough')
    await rejectionOf(call)
    expect(context?.signal.reason).toBe('enough')
  })

  it('A stop removes the listeners of calls that the module never settles', async () => {
    const host = await new Host({ call: () => new Promise<string>(() => {}) }).start()
    const { signal } = new AbortController()
    const call = host.runtime.call('a', { signal })
    expect(getEventListeners(signal, 'abort')).toHaveLength(1)
    await host.runtime.stop()
    await rejectionOf(call)
    expect(getEventListeners(signal, 'abort')).toHaveLength(0)
  })

  it('A plain abort fires the signals of the calls in flight and calls the abort of the module, without a restart', async () => {
    const { module, signals } = hanging()
    let aborts = 0
    const host = await new Host({
      ...module,
      abort: () => {
        aborts++
      },
    }).start()
    const calls = [host.runtime.call('a'), host.runtime.call('b', { signal: new AbortController().signal })]
    await host.runtime.abort()
    for (const call of calls) await rejectionOf(call)
    expect(aborts).toBe(1)
    expect(host.events).toEqual(['started'])
    void host.runtime.call('c').catch(() => {})
    expect(signals.map(signal => signal.aborted)).toEqual([true, true, false])
  })

  it.each(['hangs', 'rejects', 'throws'])('A module whose abort %s is restarted', async how => {
    const abort = () => {
      if (how === 'throws') throw new Error('no')
      return how === 'rejects' ? Promise.reject(new Error('no')) : new Promise<void>(() => {})
    }
    const host = await new Host({ ...echo, abort }).start()
    const aborted = host.runtime.abort()
    await microtasks()
    if (how === 'hangs') host.clock.increment(1_000)
    await aborted
    expect(host.events).toEqual(['started', 'stopped', 'started'])
  })

  it('A forced abort restarts the module: calls in flight reject, new ones wait', async () => {
    const log: string[] = []
    const host = await new Host({
      start: () => {
        log.push('start')
      },
      call: request => (request === 'hang' ? new Promise(() => {}) : request),
      stop: () => {
        log.push('stop')
      },
    } satisfies Module).start()
    const inFlight = host.runtime.call('hang')
    const aborted = host.runtime.abort({ force: true })
    const waiting = host.runtime.call('wait')
    expect(await rejectionOf(inFlight)).toMatchObject({ code: 'CUTOVER_RUNTIME_LOST' })
    await aborted
    expect(await waiting).toBe('wait')
    expect(log).toEqual(['start', 'stop', 'start'])
    expect(host.events).toEqual(['started', 'stopped', 'started'])
  })

  it('A forced abort abandons a start that hangs after abortTimeout, and stops the module if it comes up late', async () => {
    const gates = [deferred(), deferred()]
    const log: string[] = []
    let starts = 0
    const host = new Host(() => ({
      ...echo,
      start: () => gates[starts++]?.promise,
      stop: () => {
        log.push('stop')
      },
    }))
    await host.start()
    const aborted = host.runtime.abort({ force: true })
    await microtasks()
    expect(starts).toBe(1)
    host.clock.increment(1_000)
    await microtasks()
    expect(starts).toBe(2)
    gates[0]?.resolve()
    await microtasks()
    expect([log, host.events]).toEqual([['stop'], []])
    gates[1]?.resolve()
    await aborted
    expect([log, host.events]).toEqual([['stop'], ['started']])
  })

  it('A late launch does not stop the module object that its successor runs', async () => {
    const gates = [deferred(), deferred()]
    let starts = 0
    let stops = 0
    const host = new Host({
      ...echo,
      start: () => gates[starts++]?.promise,
      stop: () => {
        stops++
      },
    })
    await host.start()
    const aborted = host.runtime.abort({ force: true })
    host.clock.increment(1_000)
    gates[1]?.resolve()
    await aborted
    gates[0]?.resolve()
    await microtasks()
    expect(stops).toBe(0)
    expect(await host.runtime.call('a')).toBe('a')
  })

  it('A forced abort of a launch that ends in time starts the module again only after that', async () => {
    const log: string[] = []
    const gate = deferred()
    const host = new Host({
      ...echo,
      start: () => {
        log.push('start')
        return log.length === 1 ? gate.promise : undefined
      },
      stop: () => {
        log.push('stop')
      },
    })
    await host.start()
    const aborted = host.runtime.abort({ force: true })
    gate.resolve()
    await aborted
    expect([log, host.events]).toEqual([['start', 'stop', 'start'], ['started']])
  })

  it('A stop overrides a restart, in every step of it', async () => {
    for (const step of ['cancelling', 'settling', 'terminating']) {
      const gate = deferred()
      const ending = deferred()
      const start = () => (step === 'terminating' ? undefined : gate.promise)
      const host = await new Host({ ...echo, start, stop: () => ending.promise }).start()
      const aborted = host.runtime.abort({ force: true })
      if (step === 'settling') gate.resolve()
      await microtasks()
      const stopped = host.runtime.stop()
      gate.resolve()
      await microtasks()
      ending.resolve()
      await Promise.all([aborted, stopped])
      expect(host.events, step).toEqual(step === 'terminating' ? ['started', 'stopped'] : ['stopped'])
    }
  })

  it('A module that is stopped while it loads is not started', async () => {
    const gate = deferred()
    let starts = 0
    const module: Module = {
      ...echo,
      start: () => {
        starts++
      },
    }
    const host = new Host(async () => {
      await gate.promise
      return module
    })
    await host.start()
    const stopped = host.runtime.stop()
    gate.resolve()
    await stopped
    await microtasks()
    expect([starts, host.events]).toEqual([0, ['stopped']])
  })

  it('A call whose caller gives up ends at once, even if the module does not listen', async () => {
    const { runtime } = await new Host({ call: () => new Promise<string>(() => {}) }).start()
    const controller = new AbortController()
    const call = runtime.call('a', { signal: controller.signal })
    controller.abort('enough')
    expect(await rejectionOf(call)).toBe('enough')
  })

  it('An invalid signal is refused, and the error names the option', async () => {
    const { runtime } = await new Host(echo).start()
    const options = { signal: {} as AbortSignal }
    for (const refused of [runtime.abort(options), runtime.getInfo(options), runtime.call('a', options)]) {
      expect(await rejectionOf(refused)).toMatchObject({
        code: 'CUTOVER_INVALID_OPTION',
        message: expect.stringMatching(/"signal"/),
      })
    }
  })

  it('A signal of null means no signal', async () => {
    const { runtime } = await new Host(echo).start()
    expect(await runtime.call('a', { signal: null as never })).toBe('a')
  })

  it('An abort before the start, or after the stop, does nothing', async () => {
    const host = new Host(echo)
    await host.runtime.abort()
    await host.runtime.abort({ force: true })
    await host.runtime.stop()
    await host.runtime.abort({ force: true })
    expect(host.events).toEqual(['stopped'])
  })

  it('The signal of an abort ends the wait for it', async () => {
    const host = await new Host({ ...echo, stop: () => new Promise(() => {}) }).start()
    const controller = new AbortController()
    const aborted = host.runtime.abort({ force: true, signal: controller.signal })
    controller.abort('enough')
    expect(await rejectionOf(aborted)).toBe('enough')
    expect(await rejectionOf(host.runtime.abort({ signal: controller.signal }))).toBe('enough')
  })
})
