import { getEventListeners } from 'node:events'
import { Aggregate, type Runtime } from 'cutover'
import {
  type CallContext,
  type InProcessOptions,
  inProcess,
  type LoaderConfig,
  type RuntimeConfig,
  type RuntimeModule,
} from 'cutover/hosts'
import { SimulatedClock } from 'cutover/testing'
import { describe, expect, it } from 'vitest'
import { microtasks, rejectionOf, stateOf } from '../fixtures/hosting.js'

type Module = RuntimeModule<string, string>

/** A runtime on a simulated clock, with its events kept as text. */
class Host {
  readonly clock = new SimulatedClock()
  readonly events: string[] = []
  readonly logs: string[] = []
  readonly runtime: Runtime<string, string>

  constructor(module: InProcessOptions['module'], options: InProcessOptions = {}, config: Partial<RuntimeConfig> = {}) {
    const log = (_: object, message: string) => this.logs.push(message)
    const logger = { debug: log, info: log, warn: log, error: log }
    const provisioner = inProcess({ ...(module === undefined ? {} : { module }), clock: this.clock, ...options })
    this.runtime = provisioner.provision<string, string>({ id: 'echo', version: '1.0.0', logger, ...config })
    this.runtime.watchEvents().subscribe(event => {
      this.events.push(event.type === 'failedToStart' ? `failedToStart: ${event.error.message}` : event.type)
    })
  }

  async start(): Promise<this> {
    this.runtime.start()
    await microtasks()
    return this
  }
}

/** A promise that the test settles. */
function deferred<T = void>() {
  let resolve: (value: T) => void = () => {}
  let reject: (error: Error) => void = () => {}
  const promise = new Promise<T>((onValue, onError) => {
    resolve = onValue
    reject = onError
  })
  return { promise, resolve, reject }
}

const echo: Module = { call: request => request }
const fixture = (name: string) => new URL(`../fixtures/modules/${name}.mjs`, import.meta.url)

describe('which module runs', () => {
  it('A module given as an object answers', async () => {
    const { runtime, events } = await new Host(echo).start()
    expect(await runtime.call('a')).toBe('a')
    expect(events).toEqual(['started'])
  })

  it('A loader is called with the config at every start, and may be async', async () => {
    const configs: unknown[] = []
    const load = async (config: RuntimeConfig): Promise<Module> => {
      configs.push(config.version)
      return { call: request => `${configs.length}: ${request}` }
    }
    const host = new Host(load)
    expect(configs).toEqual([])
    await host.start()
    expect(await host.runtime.call('a')).toBe('1: a')
    await host.runtime.abort({ force: true })
    expect(await host.runtime.call('a')).toBe('2: a')
    expect(configs).toEqual(['1.0.0', '1.0.0'])
  })

  it.each([
    ['a URL, exports by name', fixture('byName'), 'hello from 1.0.0: a'],
    ['a URL, a default object', fixture('byDefault'), 'default: a'],
    ['the text of a URL', fixture('byDefault').href, 'default: a'],
    ['a path', fixture('byDefault').pathname, 'default: a'],
    ['a path relative to the working directory', 'test/fixtures/modules/byDefault.mjs', 'default: a'],
    ['a loader that imports it', () => import('../fixtures/modules/byDefault.mjs' as string), 'default: a'],
  ])('A module file is given as %s', async (_, module, answer) => {
    const { runtime } = new Host(undefined, { module })
    runtime.start()
    expect(await runtime.call('a')).toBe(answer)
  })

  it('What import gives may be given as the module, exports by name or a default object', async () => {
    const namespace = await import('../fixtures/modules/byDefault.mjs' as string)
    const { runtime } = new Host(namespace)
    runtime.start()
    expect(await runtime.call('a')).toBe('default: a')
  })

  it('A config may bring the module itself, or a loader, which gets the canonical version', async () => {
    const brought = new Host(undefined, {}, { module: echo })
    brought.runtime.start()
    expect(await brought.runtime.call('a')).toBe('a')
    const module = ({ version }: LoaderConfig) => ({ call: () => version })
    const loaded = new Host(undefined, {}, { module, version: '1.0.0+build' })
    loaded.runtime.start()
    expect(await loaded.runtime.call('a')).toBe('1.0.0')
  })

  it('The module of the config goes before that of the host, and gets the localConfig', async () => {
    const config = { module: fixture('byName'), localConfig: { greeting: 'good day' } }
    const { runtime } = new Host(echo, {}, config)
    runtime.start()
    expect(await runtime.call('a')).toBe('good day from 1.0.0: a')
  })

  it.each([
    ['that throws', fixture('throws'), /broken module/],
    ['that is not there', fixture('missing'), /missing\.mjs/],
    ['without a function call', fixture('noCall'), /has no function "call"/],
  ])('A module file %s is a failed start that says so, and is tried again', async (_, module, message) => {
    const host = new Host(undefined, { module })
    const failed = deferred<Error>()
    host.runtime.watchEvents().subscribe(event => event.type === 'failedToStart' && failed.resolve(event.error))
    host.runtime.start()
    const error = await failed.promise
    expect(error).toMatchObject({
      code: 'CUTOVER_START_FAILED',
      version: '1.0.0',
      message: expect.stringMatching(message),
    })
  })

  it('A module that is not one, a bad option and a bad config are refused at once, by name', () => {
    const invalid = (code: string, message: RegExp) =>
      expect.objectContaining({ code, message: expect.stringMatching(message) })
    const option = (options: object) => () => inProcess(options as InProcessOptions)
    expect(option({ module: {} })).toThrow(invalid('CUTOVER_INVALID_RUNTIME', /"module" has no function "call"/))
    expect(option({ module: { call: () => 1, stop: 7 } })).toThrow(invalid('CUTOVER_INVALID_RUNTIME', /"stop"/))
    for (const module of [7, '', null, true]) expect(option({ module })).toThrow(/module/)
    for (const name of [
      'minBackoff',
      'maxBackoff',
      'stableAfter',
      'abortTimeout',
      'stopTimeout',
      'waitTimeout',
      'maxWaitingCalls',
    ]) {
      for (const value of [-1, 0.5, Number.NaN, '10', null]) {
        expect(option({ [name]: value })).toThrow(invalid('CUTOVER_INVALID_OPTION', new RegExp(`"${name}"`)))
      }
    }
    expect(option({ clock: {} })).toThrow(invalid('CUTOVER_INVALID_OPTION', /"clock"/))
    const config = (changes: object) => () =>
      inProcess({ module: echo }).provision({ id: 'a', version: '1.0.0', ...changes })
    expect(config({ id: '' })).toThrow(invalid('CUTOVER_INVALID_OPTION', /"id"/))
    expect(config({ version: '1' })).toThrow(invalid('CUTOVER_INVALID_VERSION', /"1"/))
    expect(config({ module: 7 })).toThrow(invalid('CUTOVER_INVALID_OPTION', /"module"/))
    expect(config({ localConfig: 'x' })).toThrow(invalid('CUTOVER_INVALID_OPTION', /"localConfig"/))
    expect(config({ onHostRequest: 'x' })).toThrow(invalid('CUTOVER_INVALID_OPTION', /"onHostRequest"/))
    expect(config({ logger: {} })).toThrow(invalid('CUTOVER_INVALID_OPTION', /"logger"/))
    expect(() => inProcess().provision({ id: 'a', version: '1.0.0' })).toThrow(/"module" must be given/)
  })
})

describe('starting', () => {
  it('Calls made before and while the module starts wait, and go out in their order', async () => {
    const gate = deferred()
    const order: string[] = []
    const host = new Host({
      start: () => gate.promise,
      call: (request: string) => {
        order.push(request)
        return request
      },
    })
    const calls = [host.runtime.call('a')]
    await host.start()
    calls.push(host.runtime.call('b'))
    expect(order).toEqual([])
    gate.resolve()
    expect(await Promise.all(calls)).toEqual(['a', 'b'])
    expect(order).toEqual(['a', 'b'])
    expect(host.events).toEqual(['started'])
  })

  it('A start that rejects gives failedToStart and is retried, 0.1 s later, then doubling up to 30 s', async () => {
    let starts = 0
    const host = new Host({
      ...echo,
      start: () => {
        starts++
        throw new Error(`no ${starts}`)
      },
    })
    await host.start()
    const delays = [100, 200, 400, 800, 1_600, 3_200, 6_400, 12_800, 25_600, 30_000, 30_000]
    for (const [i, delay] of delays.entries()) {
      host.clock.increment(delay - 1)
      await microtasks()
      expect(starts).toBe(i + 1)
      host.clock.increment(1)
      await microtasks()
      expect(starts).toBe(i + 2)
    }
    expect(host.events.slice(0, 2)).toEqual([
      'failedToStart: Version 1.0.0 failed to start: no 1',
      'failedToStart: Version 1.0.0 failed to start: no 2',
    ])
  })

  it('Failed starts are forgotten after 60 s up, not before', async () => {
    let fails = true
    const host = new Host({
      ...echo,
      start: () => {
        if (fails) throw new Error('no')
      },
    })
    const restart = async (up: number) => {
      fails = false
      host.clock.increment(1_000)
      await microtasks()
      host.clock.increment(up)
      fails = true
      await host.runtime.abort({ force: true })
    }
    const startsAfter = async (delay: number) => {
      const before = host.events.length
      host.clock.increment(delay)
      await microtasks()
      return host.events.length > before
    }
    await host.start()
    await restart(59_999)
    expect(await startsAfter(199)).toBe(false)
    expect(await startsAfter(1)).toBe(true)
    await restart(60_000)
    expect(await startsAfter(99)).toBe(false)
    expect(await startsAfter(1)).toBe(true)
  })

  it('A call waits for waitTimeout at most, and its error tells why the module is not up', async () => {
    const cause = new Error('no database')
    const host = new Host({ ...echo, start: () => Promise.reject(cause) }, { waitTimeout: 5_000 })
    await host.start()
    const call = host.runtime.call('a')
    host.clock.increment(5_000)
    const error = await rejectionOf(call)
    expect(error).toMatchObject({ code: 'CUTOVER_START_FAILED', cause: { code: 'CUTOVER_START_FAILED', cause } })
  })

  it('More than maxWaitingCalls are refused at once', async () => {
    const host = new Host(echo, { maxWaitingCalls: 1 })
    const first = host.runtime.call('a')
    expect(await rejectionOf(host.runtime.call('b'))).toMatchObject({ code: 'CUTOVER_TOO_MANY_WAITING_CALLS' })
    await host.start()
    expect(await first).toBe('a')
  })

  it('The second start does nothing', async () => {
    const host = await new Host(echo).start()
    await host.start()
    expect(host.events).toEqual(['started'])
  })
})

describe('stopping', () => {
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

  it('During a slow start, stop fires the signal of the start, waits for it, and stops what came up', async () => {
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

  it('A start that does not listen is given up after abortTimeout; if it comes up later, it is stopped', async () => {
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

  it('While it backs off, stop ends it at once and no further start follows', async () => {
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

  it('Calls in flight, waiting and later ones reject with CUTOVER_RUNTIME_LOST, and the module is told', async () => {
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

describe('while it stops', () => {
  it('A call rejects at once, though the module takes its time', async () => {
    const host = await new Host({ ...echo, stop: () => new Promise(() => {}) }).start()
    void host.runtime.stop()
    expect(await rejectionOf(host.runtime.call('a'))).toMatchObject({ code: 'CUTOVER_RUNTIME_LOST' })
  })
})

describe('aborting', () => {
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

  it('Each call has a signal of its own, which costs nothing until the module asks for it', async () => {
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

  it('A signal that is first asked for after its caller gave up has fired already', async () => {
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

  it('A stop lets go of the signals of callers whose calls the module never settles', async () => {
    const host = await new Host({ call: () => new Promise<string>(() => {}) }).start()
    const { signal } = new AbortController()
    const call = host.runtime.call('a', { signal })
    expect(getEventListeners(signal, 'abort')).toHaveLength(1)
    await host.runtime.stop()
    await rejectionOf(call)
    expect(getEventListeners(signal, 'abort')).toHaveLength(0)
  })

  it('A plain abort fires the signals of the calls in flight, asks the module, and does not restart it', async () => {
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

  it('A forced abort restarts the module: calls in flight are lost, new ones wait for it', async () => {
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

  it('A forced abort gets past a start that hangs, after abortTimeout; should it come up late, it is stopped', async () => {
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

  it('A launch that comes up late does not stop the module object that its successor runs', async () => {
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

  it('A forced abort of a launch that ends in time: the module is started anew only after that', async () => {
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

  it('Stop wins over a restart, in whatever step of it', async () => {
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

  it('A module that is stopped while it is loaded is not started any more', async () => {
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

  it('A signal of null is no signal', async () => {
    const { runtime } = await new Host(echo).start()
    expect(await runtime.call('a', { signal: null as never })).toBe('a')
  })

  it('An abort before the start, or after the stop, has nothing to do', async () => {
    const host = new Host(echo)
    await host.runtime.abort()
    await host.runtime.abort({ force: true })
    await host.runtime.stop()
    await host.runtime.abort({ force: true })
    expect(host.events).toEqual(['stopped'])
  })

  it('The wait for an abort ends with its own signal', async () => {
    const host = await new Host({ ...echo, stop: () => new Promise(() => {}) }).start()
    const controller = new AbortController()
    const aborted = host.runtime.abort({ force: true, signal: controller.signal })
    controller.abort('enough')
    expect(await rejectionOf(aborted)).toBe('enough')
    expect(await rejectionOf(host.runtime.abort({ signal: controller.signal }))).toBe('enough')
  })
})

describe('the rest of the contract', () => {
  it('It tells its id and version, and that it has no trusted execution environment', async () => {
    const { runtime } = new Host(echo)
    expect([runtime.id, runtime.getActiveVersion()]).toEqual(['echo', '1.0.0'])
    expect(await runtime.getInfo()).toEqual({ version: '1.0.0' })
    expect(runtime.getCapabilityTEE()).toBeUndefined()
    runtime.updateCapabilityTEE()
    expect(inProcess({ module: echo }).name).toBe('in-process')
  })

  it('A call that throws rejects with what was thrown', async () => {
    const error = new TypeError('bad request')
    const { runtime } = await new Host({
      call: () => {
        throw error
      },
    } satisfies Module).start()
    expect(await rejectionOf(runtime.call('a'))).toBe(error)
  })

  it('callHost is answered by onHostRequest, and refused without one', async () => {
    const asking: Module = {
      start: async context => {
        answer = String(await context.callHost('who am I?').catch(error => error.code))
      },
      call: () => answer,
    }
    let answer = ''
    const answered = await new Host(asking, {}, { onHostRequest: request => `you asked: ${request}` }).start()
    expect(await answered.runtime.call('a')).toBe('you asked: who am I?')
    const refused = await new Host(asking).start()
    expect(await refused.runtime.call('a')).toBe('CUTOVER_UNHANDLED_HOST_REQUEST')
  })

  it('What a module learns of its surroundings is complete, and callHost heeds its signal', async () => {
    const seen: unknown[] = []
    const module: Module = {
      start: async context => {
        const { id, version, localConfig } = context
        seen.push({ id, version, localConfig })
        const { signal } = new AbortController()
        await context.callHost('first', { signal })
        seen.push(await context.callHost('second', { signal: AbortSignal.abort('no') }).catch(reason => reason))
        seen.push(signal)
      },
      call: request => request,
    }
    const asked: unknown[] = []
    const onHostRequest = (request: unknown, { signal }: CallContext) => asked.push(request, signal)
    await new Host(module, {}, { onHostRequest }).start()
    expect(seen.slice(0, 2)).toEqual([{ id: 'echo', version: '1.0.0', localConfig: {} }, 'no'])
    expect(asked).toEqual(['first', seen[2]])
  })

  it('A subscriber that throws does not keep the others from hearing', async () => {
    const host = new Host(echo)
    host.runtime.watchEvents().subscribe(() => {
      throw new Error('subscriber')
    })
    await host.start()
    expect(host.events).toEqual(['started'])
  })

  it('In an aggregate, two versions made by one provisioner take over from each other', async () => {
    const provisioner = inProcess({ module: ({ version }: LoaderConfig) => ({ call: () => version }) })
    const aggregate = new Aggregate<string, string>({ id: 'echo' })
    for (const version of ['1.0.0', '2.0.0']) {
      aggregate.addVersion(version, provisioner.provision<string, string>({ id: 'echo', version }))
    }
    aggregate.start()
    await aggregate.setVersion('1.0.0', '2.0.0')
    expect(await aggregate.call('which?')).toBe('1.0.0')
    await aggregate.setVersion('2.0.0')
    expect(await aggregate.call('which?')).toBe('2.0.0')
    await aggregate.dispose()
  })
})
