import { Aggregate, type AggregateOptions } from 'cutover'
import { Composite } from 'cutover/composite'
import { ControllableRuntime, type ControllableRuntimeOptions, SimulatedClock } from 'cutover/testing'
import { describe, expect, it } from 'vitest'
import { ENDPOINT } from '../../src/calls/index.js'
import { ID, type LogLine, microtasks, rejectionOf, stateOf } from '../fixtures/hosting.js'

/** A composite on a simulated clock, and its log. */
class Compound {
  readonly clock = new SimulatedClock()
  readonly logs: LogLine[] = []
  readonly composite: Composite<string, string>

  constructor(options: Partial<AggregateOptions<string>> = {}) {
    const write = (level: LogLine['level']) => (object: object, message: string) => {
      this.logs.push({ level, object: object as Record<string, unknown>, message })
    }
    const logger = { debug: write('debug'), info: write('info'), warn: write('warn'), error: write('error') }
    const propagate = (request: string) => request.startsWith('all')
    this.composite = new Composite<string, string>({ id: ID, clock: this.clock, logger, propagate, ...options })
  }

  add(component: string, version: string, options: Partial<ControllableRuntimeOptions> = {}) {
    const runtime = new ControllableRuntime<string, string>({
      id: ID,
      version,
      autoStart: true,
      autoStop: true,
      ...options,
    })
    this.composite.addVersion(component, version, runtime)
    return runtime
  }

  /** Starts with one version in `ronl` and in each of the other components. */
  async serve(...others: string[]) {
    const runtimes = ['ronl', ...others].map(component => this.add(component, '1.0.0'))
    this.composite.start()
    for (const component of this.composite.components()) await this.composite.setVersion(component, '1.0.0')
    return runtimes as [ControllableRuntime<string, string>, ...ControllableRuntime<string, string>[]]
  }

  warnings(): string[] {
    return this.logs
      .filter(({ level }) => level === 'warn')
      .map(({ object, message }) => `${object['aggregate']}: ${message}`)
  }
}

const requestsOf = (runtime: ControllableRuntime<string, string> | undefined) =>
  runtime?.calls.map(({ request }) => request)

describe('A call', () => {
  it('goes to ronl alone, and gets its answer', async () => {
    const compound = new Compound()
    const [main, prices] = await compound.serve('rofl.prices')
    const answer = compound.composite.call('one')
    main.answerAll(() => 'fine')
    expect(await answer).toBe('fine')
    await microtasks()
    expect(requestsOf(prices)).toEqual([])
  })

  it('that is propagated goes to the others once ronl has answered, before its caller hears of it', async () => {
    const compound = new Compound()
    const [main, prices, feeds] = await compound.serve('rofl.prices', 'rofl.feeds')
    const seen: unknown[] = []
    const answer = compound.composite.call('all').then(value => {
      seen.push(value, requestsOf(prices), requestsOf(feeds))
    })
    await microtasks()
    expect([requestsOf(main), requestsOf(prices)]).toEqual([['all'], []])
    main.answerAll(() => 'fine')
    await answer
    expect(seen).toEqual(['fine', ['all'], ['all']])
  })

  it('that ronl has refused is not propagated', async () => {
    const compound = new Compound()
    const [main, prices] = await compound.serve('rofl.prices')
    const call = compound.composite.call('all')
    main.calls[0]?.fail(new Error('no'))
    expect(await rejectionOf(call)).toMatchObject({ message: 'no' })
    await microtasks()
    expect(requestsOf(prices)).toEqual([])
  })

  it('does not wait for the others, whose failures are warnings with the name of the component', async () => {
    const compound = new Compound()
    const [main, prices] = await compound.serve('rofl.prices')
    const call = compound.composite.call('all')
    main.answerAll(() => 'fine')
    expect(await call).toBe('fine')
    prices?.calls[0]?.fail(new Error('no'))
    await microtasks()
    expect(compound.warnings()).toEqual(['markdown/rofl.prices: a call propagated to a component failed'])
  })

  it('that is propagated waits for a component without a running version, and no longer than waitTimeout', async () => {
    const compound = new Compound({ waitTimeout: 100 })
    const [main] = await compound.serve()
    compound.add('rofl.prices', '1.0.0')
    const call = compound.composite.call('all')
    main.answerAll(() => 'fine')
    await call
    const { components } = compound.composite.status()
    expect(components['rofl.prices']?.waiting).toBe(1)
    compound.clock.increment(100)
    await microtasks()
    expect(compound.warnings()).toEqual(['markdown/rofl.prices: a call propagated to a component failed'])
  })

  it('gives the others its key and its traceparent, and neither its signal nor onVersion', async () => {
    const compound = new Compound()
    const [main, prices] = await compound.serve('rofl.prices')
    const controller = new AbortController()
    const versions: string[] = []
    const traceparent = '00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01'
    const call = compound.composite.call('all', {
      key: 'ada',
      traceparent,
      signal: controller.signal,
      onVersion: version => versions.push(version),
    })
    main.answerAll(() => 'fine')
    await call
    controller.abort()
    expect(prices?.calls[0]?.options).toEqual({ key: 'ada', traceparent })
    expect(versions).toEqual(['1.0.0'])
  })

  it('that names its version is not propagated', async () => {
    const compound = new Compound()
    const [main, prices] = await compound.serve('rofl.prices')
    const call = compound.composite.call('all', { version: '1.0.0' })
    main.answerAll(() => 'fine')
    await call
    await microtasks()
    expect(requestsOf(prices)).toEqual([])
  })

  it('is answered also if propagate throws, or its request cannot be cloned', async () => {
    const thrown = new Compound({
      propagate: () => {
        throw new Error('no')
      },
    })
    const transferred = new Compound({ propagate: () => true })
    for (const { composite, serve, warnings } of [thrown, transferred].map(bound)) {
      const [main, prices] = await serve('rofl.prices')
      const transfer = [new ArrayBuffer(8)]
      const call = composite.call((() => {}) as unknown as string, { transfer })
      main.answerAll(() => 'fine')
      expect(await call).toBe('fine')
      await microtasks()
      expect(requestsOf(prices)).toEqual([])
      expect(warnings()).toContain('markdown: a call was not propagated to the other components')
    }
  })

  it('reaches the others as a clone if its buffers are moved', async () => {
    const compound = new Compound({ propagate: () => true })
    const [main, prices] = await compound.serve('rofl.prices')
    const bytes = new Uint8Array([1, 2, 3])
    const call = compound.composite.call(bytes as unknown as string, { transfer: [bytes.buffer] })
    structuredClone(bytes, { transfer: [bytes.buffer] })
    main.answerAll(() => 'fine')
    await call
    expect(requestsOf(prices)).toEqual([new Uint8Array([1, 2, 3])])
    expect(prices?.calls[0]?.options).toEqual({})
  })

  it('is left out while a component has 1,024 unanswered ones, which is said once', async () => {
    const compound = new Compound()
    const [main, prices] = await compound.serve('rofl.prices')
    const calls = Array.from({ length: 1_030 }, () => compound.composite.call('all'))
    main.answerAll(() => 'fine')
    await Promise.all(calls)
    expect(prices?.calls).toHaveLength(1_024)
    expect(compound.warnings()).toHaveLength(1)
    prices?.answerAll(() => 'fine')
    await microtasks()
    const next = compound.composite.call('all')
    main.answerAll(() => 'fine')
    await next
    expect(requestsOf(prices)).toEqual(['all'])
  })
})

describe('A component', () => {
  it('is made by its first version, and started if ronl is', async () => {
    const compound = new Compound()
    const early = compound.add('rofl.early', '1.0.0')
    await compound.composite.setVersion('rofl.early', '1.0.0')
    expect(early.starts).toBe(0)
    compound.composite.start()
    expect(early.starts).toBe(1)
    const late = compound.add('rofl.late', '2.0.0')
    expect(await compound.composite.setVersion('rofl.late', '2.0.0')).toEqual({ active: '2.0.0', next: null })
    expect(late.starts).toBe(1)
    expect(compound.composite.components()).toEqual(['ronl', 'rofl.early', 'rofl.late'])
  })

  it('is not made by a version that is refused', () => {
    const { composite } = new Compound()
    const stranger = new ControllableRuntime<string, string>({ id: 'other', version: '1.0.0' })
    expect(() => composite.addVersion('rofl.prices', '1.0.0', stranger)).toThrow(
      expect.objectContaining({ code: 'CUTOVER_RUNTIME_MISMATCH' }),
    )
    expect(() => composite.addVersion('rofl.prices', 'one', stranger)).toThrow(
      expect.objectContaining({ code: 'CUTOVER_INVALID_VERSION' }),
    )
    expect(composite.components()).toEqual(['ronl'])
    expect(composite.component('rofl.prices')).toBe(undefined)
  })

  it.each([
    '',
    'rofl',
    'rofl.',
    'rofl.ab',
    `rofl.${'a'.repeat(129)}`,
    'rofl.a b c',
    'rofl.prices\n',
    'RONL',
    'ronl.main',
    'toString',
    null,
    7,
  ])('cannot have the id %j', async id => {
    const { composite } = new Compound()
    const runtime = new ControllableRuntime<string, string>({ id: ID, version: '1.0.0' })
    const refused = expect.objectContaining({ code: 'CUTOVER_NO_SUCH_COMPONENT' })
    expect(() => composite.addVersion(id as string, '1.0.0', runtime)).toThrow(refused)
    expect(await rejectionOf(composite.setVersion(id as string, '1.0.0'))).toEqual(refused)
    expect(await rejectionOf(composite.removeComponent(id as string))).toEqual(refused)
    expect(composite.component(id as string)).toBe(undefined)
  })

  it('that is not there gives CUTOVER_NO_SUCH_COMPONENT', async () => {
    const { composite } = new Compound()
    expect(await rejectionOf(composite.setVersion('rofl.prices', '1.0.0'))).toMatchObject({
      code: 'CUTOVER_NO_SUCH_COMPONENT',
      message: expect.stringContaining('"rofl.prices"'),
    })
    expect(await rejectionOf(composite.removeComponent('rofl.prices'))).toMatchObject({
      code: 'CUTOVER_NO_SUCH_COMPONENT',
    })
  })

  it.each(['rofl.abc', `rofl.${'a'.repeat(128)}`, 'rofl.A-z_9'])('can have the id %s', id => {
    const compound = new Compound()
    compound.add(id, '1.0.0')
    expect(compound.composite.component(id)?.versions()).toEqual(['1.0.0'])
  })

  it('switches without the others', async () => {
    const compound = new Compound()
    const [main, prices] = await compound.serve('rofl.prices')
    compound.add('rofl.prices', '2.0.0')
    await compound.composite.setVersion('rofl.prices', '2.0.0')
    expect([main.stops, prices?.stops]).toEqual([0, 1])
    expect(compound.composite.getActiveVersion()).toBe('1.0.0')
  })

  it('that is removed drains and stops, and gets no call meanwhile; its id is free at once', async () => {
    const compound = new Compound()
    const [main, prices] = await compound.serve('rofl.prices')
    const inFlight = compound.composite.component('rofl.prices')?.call('a question')
    const removed = compound.composite.removeComponent('rofl.prices')
    const call = compound.composite.call('all')
    main.answerAll(() => 'fine')
    await call
    expect(requestsOf(prices)).toEqual(['a question'])
    expect(compound.composite.components()).toEqual(['ronl'])
    compound.add('rofl.prices', '1.0.0')
    expect(await stateOf(removed)).toBe('pending')
    prices?.answerAll(() => 'an answer')
    expect(await inFlight).toBe('an answer')
    await removed
    expect(prices?.stops).toBe(1)
    expect(compound.composite.components()).toEqual(['ronl', 'rofl.prices'])
  })

  it('named ronl cannot be removed', async () => {
    const { composite } = new Compound()
    expect(await rejectionOf(composite.removeComponent('ronl'))).toMatchObject({ code: 'CUTOVER_INVALID_OPTION' })
    expect(composite.components()).toEqual(['ronl'])
  })
})

describe('A composite', () => {
  it('asks ronl for its info, its events, its capability, and to abort', async () => {
    const compound = new Compound()
    const { composite } = compound
    expect(() => composite.getActiveVersion()).toThrow(expect.objectContaining({ code: 'CUTOVER_NO_ACTIVE_VERSION' }))
    const events: string[] = []
    composite.watchEvents().subscribe(({ type }) => events.push(type))
    const [main, prices] = await compound.serve('rofl.prices')
    expect(await composite.getInfo()).toMatchObject({ version: '1.0.0' })
    expect(composite.getCapabilityTEE()).toEqual(main.getCapabilityTEE())
    await composite.abort()
    expect([main.aborts.length, prices?.aborts.length]).toEqual([1, 0])
    expect(events).toEqual(['started'])
  })

  it('renews the capability of all components, and stops all of them', async () => {
    const compound = new Compound()
    const [main, prices] = await compound.serve('rofl.prices')
    compound.composite.updateCapabilityTEE()
    await compound.composite.stop()
    expect([main.stops, prices?.stops]).toEqual([1, 1])
    const states = Object.values(compound.composite.status().components).map(({ state }) => state)
    expect(states).toEqual(['stopped', 'stopped'])
  })

  it('that is disposed of waits for all components, for one that is being removed too, and takes nothing any more', async () => {
    const compound = new Compound()
    const { composite } = compound
    const [, prices, feeds] = await compound.serve('rofl.prices', 'rofl.feeds')
    composite
      .component('rofl.prices')
      ?.call('a question')
      .catch(() => {})
    composite
      .component('rofl.feeds')
      ?.call('a question')
      .catch(() => {})
    const removed = composite.removeComponent('rofl.prices')
    const disposed = composite.dispose()
    feeds?.answerAll(() => 'fine')
    expect(await stateOf(disposed)).toBe('pending')
    prices?.answerAll(() => 'fine')
    await Promise.all([removed, disposed, composite[Symbol.asyncDispose]()])
    const refused = expect.objectContaining({ code: 'CUTOVER_DISPOSED' })
    expect(() => compound.add('rofl.late', '1.0.0')).toThrow(refused)
    expect(() => compound.add('ronl', '2.0.0')).toThrow(refused)
    expect(() => composite.start()).toThrow(refused)
    expect(await rejectionOf(composite.call('one'))).toEqual(refused)
    expect(composite.components()).toEqual(['ronl', 'rofl.feeds'])
  })

  it('tells its status and its figures by component, each named by both ids', async () => {
    const compound = new Compound()
    const [main, prices] = await compound.serve('rofl.prices')
    const call = compound.composite.call('all')
    main.answerAll(() => 'fine')
    await call
    prices?.answerAll(() => 'fine')
    await microtasks()
    const { id, components } = compound.composite.metrics()
    const counts = Object.values(components).map(({ id, versions }) => [id, versions[0]?.answered])
    expect([id, ...counts]).toEqual([ID, ['markdown/ronl', 1], ['markdown/rofl.prices', 1]])
    expect(compound.composite.status()).toMatchObject({
      id: ID,
      components: { ronl: { id: 'markdown/ronl', active: '1.0.0' }, 'rofl.prices': { id: 'markdown/rofl.prices' } },
    })
    expect(JSON.parse(JSON.stringify(compound.composite.metrics()))).toEqual(compound.composite.metrics())
    const named = new Set(compound.logs.map(({ object }) => object['aggregate']))
    expect(named).toEqual(new Set(['markdown/ronl', 'markdown/rofl.prices']))
  })

  it('refuses wrong options, as an aggregate does', () => {
    const refused = expect.objectContaining({ code: 'CUTOVER_INVALID_OPTION' })
    expect(() => new Composite(undefined as never)).toThrow(refused)
    expect(() => new Composite({ id: '' })).toThrow(refused)
    expect(() => new Composite({ id: ID, propagate: 7 as never })).toThrow(refused)
  })
})

describe('A composite in an aggregate', () => {
  async function nested() {
    const compound = new Compound()
    const [main, prices] = ['ronl', 'rofl.prices'].map(component => compound.add(component, '1.0.0'))
    for (const component of compound.composite.components()) await compound.composite.setVersion(component, '1.0.0')
    const aggregate = new Aggregate<string, string>({ id: ID, clock: compound.clock })
    aggregate.addVersion('1.0.0', compound.composite)
    aggregate.start()
    await aggregate.setVersion('1.0.0')
    return { aggregate, compound, main, prices }
  }

  it('gets its calls past the queue of ronl, and propagates them', async () => {
    const { aggregate, compound, main, prices } = await nested()
    const call = aggregate.call('all')
    expect(requestsOf(main)).toEqual(['all'])
    main?.answerAll(() => 'fine')
    expect(await call).toBe('fine')
    await microtasks()
    expect(requestsOf(prices)).toEqual(['all'])
    expect(compound.composite.metrics().components['ronl']?.versions[0]?.answered).toBe(1)
  })

  it('leaves calls in the one queue of the aggregate while ronl is down', async () => {
    const { aggregate, compound, main } = await nested()
    const endpoint = compound.composite[ENDPOINT]()
    expect(endpoint.callee).not.toBe(null)
    main?.emitStopped(new Error('it died'))
    expect(endpoint.callee).toBe(null)
    const call = aggregate.call('one')
    expect(aggregate.status().waiting).toBe(1)
    expect(compound.composite.status().components['ronl']?.waiting).toBe(0)
    main?.emitStarted()
    expect(requestsOf(main)).toEqual(['one'])
    main?.answerAll(() => 'fine')
    expect(await call).toBe('fine')
  })

  it('is asked for its components, and stops with its version', async () => {
    const { aggregate, compound, main, prices } = await nested()
    expect(aggregate.component('rofl.prices')).toBe(compound.composite.component('rofl.prices'))
    await aggregate.stop()
    await microtasks()
    expect([main?.stops, prices?.stops]).toEqual([1, 1])
  })

  it('cannot hold itself, or an aggregate that holds it', async () => {
    const { aggregate, compound } = await nested()
    const { composite } = compound
    const refused = expect.objectContaining({ code: 'CUTOVER_INVALID_RUNTIME' })
    for (const component of ['ronl', 'rofl.prices', 'rofl.others']) {
      expect(() => composite.addVersion(component, '9.0.0', composite)).toThrow(refused)
      expect(() => composite.addVersion(component, '9.0.0', aggregate)).toThrow(refused)
    }
    expect(() => composite.component('ronl')?.addVersion('9.0.0', composite)).toThrow(refused)
  })
})

function bound(compound: Compound) {
  return {
    composite: compound.composite,
    serve: (...others: string[]) => compound.serve(...others),
    warnings: () => compound.warnings(),
  }
}
