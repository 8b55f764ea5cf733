import type { RuntimeEvent } from 'cutover'
import { filter, map, type Observable, type Observer, Subject } from 'rxjs'
import { describe, expect, it } from 'vitest'
import { Hosting, microtasks, rejectionOf, stateOf } from '../fixtures/hosting.js'

describe('what throws', () => {
  it('S22: subscribers that throw, early or late, with any form of subscribe, break nothing', async () => {
    const hosting = new Hosting()
    const fail = () => {
      throw new Error('subscriber')
    }
    hosting.aggregate.watchEvents().subscribe(fail)
    hosting.aggregate.watchEvents().subscribe({ next: fail, complete: fail })
    await hosting.serve('1.0.0', { autoStop: true })
    await hosting.aggregate.dispose()
    expect(hosting.events).toEqual(['started 1.0.0', 'stopped 1.0.0'])
    expect(hosting.errors()).toEqual(Array(5).fill('a subscriber of watchEvents threw'))
  })

  it('S22: a logger that throws breaks nothing', async () => {
    const fail = () => {
      throw new Error('disk full')
    }
    const hosting = new Hosting({ logger: { debug: fail, info: fail, warn: fail, error: fail } })
    await hosting.serve('1.0.0', { autoStop: true })
    await hosting.aggregate.setVersion('9.9.9')
    expect(hosting.events).toEqual(['started 1.0.0', 'stopped 1.0.0'])
  })

  it('S22: a logger and an inspector that are async and reject break nothing', async () => {
    const fail = () => Promise.reject(new Error('late')) as never
    const hosting = new Hosting({ inspect: fail, logger: { debug: fail, info: fail, warn: fail, error: fail } })
    await hosting.serve('1.0.0', { autoStop: true })
    await hosting.aggregate.dispose()
    expect(hosting.events).toEqual(['started 1.0.0', 'stopped 1.0.0'])
  })

  it('S22: an inspector that throws breaks nothing', async () => {
    const hosting = new Hosting({
      inspect: () => {
        throw new Error('inspector')
      },
    })
    await hosting.serve('1.0.0', { autoStop: true })
    await hosting.aggregate.dispose()
    expect(hosting.events).toEqual(['started 1.0.0', 'stopped 1.0.0'])
  })

  it('S22: a start that throws is a failed start; the host may still come up', async () => {
    const hosting = new Hosting()
    const runtime = hosting.add('1.0.0')
    const cause = new Error('no memory')
    runtime.start = () => {
      throw cause
    }
    hosting.aggregate.start()
    await hosting.aggregate.setVersion('1.0.0')
    expect(hosting.raw).toEqual([{ type: 'failedToStart', version: '1.0.0', error: expect.any(Error) }])
    expect(hosting.raw[0]).toMatchObject({ error: { code: 'CUTOVER_START_FAILED', cause } })
    runtime.emitStarted()
    expect(await hosting.aggregate.whenRunning()).toBe('1.0.0')
  })

  it.each(['throws', 'rejects'])('S22: a stop that %s is logged, and given up after stopTimeout', async how => {
    const hosting = new Hosting({ stopTimeout: 100 })
    const runtime = await hosting.serve('1.0.0')
    runtime.stop = () => {
      if (how === 'throws') throw new Error('stuck')
      return Promise.reject(new Error('stuck'))
    }
    const stopped = hosting.aggregate.stop()
    expect(await stateOf(stopped)).toBe('pending')
    expect(hosting.errors()).toEqual(['a host failed to stop'])
    hosting.clock.increment(100)
    await stopped
  })

  it('S22: a call that throws rejects, and one that returns a plain value resolves', async () => {
    const hosting = new Hosting()
    const runtime = await hosting.serve('1.0.0')
    const error = new Error('sync')
    runtime.call = () => {
      throw error
    }
    expect(await rejectionOf(hosting.aggregate.call('a'))).toBe(error)
    runtime.call = ((request: string) => request) as never
    expect(await hosting.aggregate.call('b')).toBe('b')
    expect(hosting.aggregate.status().inFlight).toBe(0)
  })

  it('S22: a host that emits started and stopped inside start and stop is taken at its word', async () => {
    const hosting = new Hosting()
    const runtime = hosting.addWilling('1.0.0')
    hosting.aggregate.start()
    void hosting.aggregate.setVersion('1.0.0')
    expect(hosting.aggregate.status().versions[0]?.state).toBe('running')
    void hosting.aggregate.setVersion(null)
    expect(hosting.aggregate.status()).toMatchObject({ phase: 'settled', active: null, versions: [] })
    expect(hosting.events).toEqual(['started 1.0.0', 'stopped 1.0.0'])
    expect(runtime.subscribers).toBe(0)
  })

  it.each([
    ['completes', undefined],
    ['fails', new Error('pipe broken')],
  ])('S22: a runtime whose event stream %s counts as stopped, with a warning', async (_, error) => {
    const hosting = new Hosting()
    const runtime = await hosting.serve('1.0.0')
    runtime.endEvents(error)
    expect(hosting.takeEvents()).toEqual(['started 1.0.0', 'stopped 1.0.0'])
    expect(hosting.warnings()).toEqual([expect.stringMatching(/it counts as stopped/)])
    expect(hosting.aggregate.status()).toMatchObject({ active: '1.0.0', versions: [{ state: 'starting' }] })
    hosting.addWilling('2.0.0')
    await hosting.aggregate.setVersion('2.0.0')
    expect(hosting.takeEvents()).toEqual(['started 2.0.0'])
    expect(runtime.stops).toBe(1)
  })

  it('S22: a stream that ends while its version stops ends the stop', async () => {
    const hosting = new Hosting()
    const runtime = await hosting.serve('1.0.0')
    const stopped = hosting.aggregate.stop()
    runtime.endEvents()
    await stopped
    expect(hosting.events).toEqual(['started 1.0.0', 'stopped 1.0.0'])
  })

  it.each(['throws', 'gives nothing to subscribe to'])('S22: a watchEvents that %s counts as ended', async how => {
    const hosting = new Hosting()
    const runtime = hosting.add('1.0.0', { autoStop: true })
    runtime.watchEvents = () => {
      if (how === 'throws') throw new Error('no events')
      return undefined as unknown as Observable<RuntimeEvent>
    }
    hosting.aggregate.start()
    await hosting.aggregate.setVersion('1.0.0')
    expect(runtime.starts).toBe(1)
    await hosting.aggregate.stop()
    expect(hosting.events).toEqual(['stopped 1.0.0'])
  })

  it('S22: events of unknown type are ignored, and warned of once', async () => {
    const hosting = new Hosting()
    const runtime = await hosting.serve('1.0.0')
    hosting.takeEvents()
    for (const odd of [{ type: 'exploded' }, null, 'started', { version: '1.0.0' }]) runtime.emit(odd as never)
    expect(hosting.takeEvents()).toEqual([])
    expect(hosting.warnings()).toHaveLength(1)
    expect(hosting.aggregate.status().versions[0]?.state).toBe('running')
  })

  it('S22: malformed events of a known type do no harm', async () => {
    const hosting = new Hosting()
    const runtime = await hosting.serve('1.0.0', { autoStart: false })
    const bare = Object.create(null)
    for (const capabilityTEE of [
      null,
      {},
      { hardware: 'x', rak: null },
      { hardware: 'x', rak: 5 },
      { hardware: bare },
    ]) {
      runtime.emit({ type: 'updated', version: '1.0.0', capabilityTEE } as never)
      runtime.emit({ type: 'started', version: '1.0.0', capabilityTEE } as never)
    }
    for (const error of [undefined, null, 'no', bare]) runtime.emit({ type: 'failedToStart', error } as never)
    expect(hosting.aggregate.status().versions[0]?.state).toBe('running')
    runtime.emitStopped()
    for (const error of [undefined, null, 'no', bare]) runtime.emit({ type: 'failedToStart', error } as never)
    expect(hosting.aggregate.status().versions[0]).toMatchObject({ state: 'starting', lastError: { name: 'Error' } })
  })

  it('S22: an event whose getters throw, or change their mind, is a fault of the host', async () => {
    const hosting = new Hosting({ logger: undefined })
    const runtime = await hosting.serve('1.0.0')
    const fail = () => {
      throw new Error('getter')
    }
    for (const field of ['type', 'version', 'capabilityTEE', 'error']) {
      const types = ['started', 'updated', 'failedToStart', 'stopped'].filter(() => field !== 'type')
      for (const type of [...types, undefined]) {
        runtime.emit(Object.defineProperty({ type }, field, { get: fail, enumerable: true }) as never)
        runtime.emit(Object.create(Object.defineProperty({ type }, field, { get: fail })) as never)
      }
    }
    let read = 0
    runtime.emit({
      get type() {
        return read++ === 0 ? 'updated' : fail()
      },
      version: '1.0.0',
    } as never)
    await new Promise(setImmediate)
    expect(hosting.aggregate.status().versions[0]?.state).toBe('running')
    expect(hosting.events).toEqual(['started 1.0.0', 'updated 1.0.0'])
  })

  it('S22: a next version whose events have throwing getters is promoted all the same', async () => {
    const hosting = new Hosting()
    await hosting.serve('1.0.0', { autoStop: true })
    const next = hosting.add('2.0.0', { autoStop: true })
    await hosting.aggregate.setVersion('1.0.0', '2.0.0')
    let read = 0
    next.emit({
      get type() {
        if (read++ > 0) throw new Error('getter')
        return 'started'
      },
      version: '2.0.0',
    } as never)
    await hosting.aggregate.setVersion('2.0.0')
    await new Promise(setImmediate)
    expect(hosting.events.at(-1)).toBe('started 2.0.0')
  })

  it.each([
    'call',
    'start',
    'stop',
    'updateCapabilityTEE',
    'watchEvents',
    'getInfo',
    'abort',
    'getCapabilityTEE',
  ] as const)('S22: a runtime whose "%s" is a getter that throws once it is added breaks nothing', async method => {
    const hosting = new Hosting({ stopTimeout: 10 })
    const runtime = hosting.add('1.0.0', { autoStart: true, autoStop: true })
    Object.defineProperty(runtime, method, {
      get: () => {
        throw new Error('getter')
      },
    })
    hosting.aggregate.start()
    await hosting.aggregate.setVersion('1.0.0')
    hosting.aggregate.updateCapabilityTEE()
    const asked = [hosting.aggregate.call('a'), hosting.aggregate.getInfo(), hosting.aggregate.abort()]
    if (method !== 'start') runtime.answerAll()
    await Promise.allSettled(method === 'start' ? asked.slice(1) : asked)
    const stopped = hosting.aggregate.dispose()
    hosting.clock.increment(1_000_000)
    await stopped
    await Promise.allSettled(asked)
    await new Promise(setImmediate)
    expect(hosting.aggregate.status()).toMatchObject({ state: 'disposed', inFlight: 0, waiting: 0 })
  })

  it('S22: hosts whose methods are async and reject are treated like those that throw', async () => {
    const hosting = new Hosting()
    const runtime = hosting.add('1.0.0')
    runtime.start = () => Promise.reject(new Error('late')) as never
    runtime.updateCapabilityTEE = () => Promise.reject(new Error('late')) as never
    hosting.aggregate.start()
    await hosting.aggregate.setVersion('1.0.0')
    hosting.aggregate.updateCapabilityTEE()
    await microtasks()
    expect(hosting.raw).toMatchObject([{ type: 'failedToStart', error: { code: 'CUTOVER_START_FAILED' } }])
    expect(hosting.errors()).toEqual(['a host failed to update its capability'])
  })

  it('S22: a stream that ends after a stopped does not say it again', async () => {
    const hosting = new Hosting()
    const runtime = await hosting.serve('1.0.0')
    runtime.emitStopped()
    runtime.endEvents()
    expect(hosting.events).toEqual(['started 1.0.0', 'stopped 1.0.0'])
    await hosting.aggregate.stop()
    expect(hosting.events).toEqual(['started 1.0.0', 'stopped 1.0.0'])
  })

  it('S22: a stream that ends after a stopped and a failed attempt to come back does not say stopped again', async () => {
    const hosting = new Hosting()
    const runtime = await hosting.serve('1.0.0')
    runtime.emitStopped()
    runtime.emitFailedToStart()
    runtime.endEvents()
    expect(hosting.events).toEqual(['started 1.0.0', 'stopped 1.0.0', 'failedToStart 1.0.0'])
  })

  it('S22: a stream that ends after a stopped while its version drains does not say it again', async () => {
    const hosting = new Hosting()
    const runtime = await hosting.serve('1.0.0')
    const call = hosting.aggregate.call('a')
    const stopped = hosting.aggregate.stop()
    runtime.emitStopped()
    runtime.emitUpdated()
    runtime.endEvents()
    expect(hosting.aggregate.status().versions).toMatchObject([{ state: 'stopping', phase: 'draining' }])
    runtime.answerAll()
    expect(await call).toBe('a')
    await stopped
    expect(hosting.events).toEqual(['started 1.0.0', 'stopped 1.0.0', 'updated 1.0.0'])
  })

  it('S22: a stream that ends while its version drains says stopped, and the drain goes on', async () => {
    const hosting = new Hosting()
    const runtime = await hosting.serve('1.0.0')
    const call = hosting.aggregate.call('a')
    const stopped = hosting.aggregate.stop()
    runtime.endEvents()
    expect(hosting.takeEvents()).toEqual(['started 1.0.0', 'stopped 1.0.0'])
    expect(hosting.aggregate.status().versions).toMatchObject([{ state: 'stopping', phase: 'draining' }])
    expect(await stateOf(stopped)).toBe('pending')
    runtime.answerAll()
    expect(await call).toBe('a')
    await stopped
    expect(hosting.takeEvents()).toEqual([])
    expect(runtime.stops).toBe(1)
  })

  it('S22: a stream whose teardown throws does not keep its version from leaving', async () => {
    const hosting = new Hosting()
    const runtime = hosting.add('1.0.0', { autoStop: true })
    const events$ = runtime.watchEvents()
    runtime.watchEvents = () =>
      ({
        subscribe: (observer: Observer<RuntimeEvent>) => {
          events$.subscribe(observer)
          return {
            unsubscribe: () => {
              throw new Error('teardown')
            },
          }
        },
      }) as never
    hosting.aggregate.start()
    await hosting.aggregate.setVersion('1.0.0')
    hosting.addWilling('2.0.0')
    await hosting.aggregate.setVersion('2.0.0')
    expect(hosting.events).toEqual(['stopped 1.0.0', 'started 2.0.0'])
    expect(hosting.errors()).toEqual(["a host's event stream failed to end"])
  })

  it('S22: a subscriber behind an operator may throw too', async () => {
    const hosting = new Hosting()
    hosting.aggregate
      .watchEvents()
      .pipe(
        filter(event => event.type === 'started'),
        map(event => event.type),
      )
      .subscribe(() => {
        throw new Error('subscriber')
      })
    await hosting.serve('1.0.0', { autoStop: true })
    expect(hosting.errors()).toEqual(['a subscriber of watchEvents threw'])
  })

  it('S22: streams of another RxJS are watched and let go like our own', async () => {
    const hosting = new Hosting()
    const runtime = hosting.add('1.0.0')
    const source = new Subject<RuntimeEvent>()
    const foreign = { subscribe: source.subscribe.bind(source) }
    runtime.watchEvents = () => foreign as Observable<RuntimeEvent>
    hosting.aggregate.start()
    await hosting.aggregate.setVersion('1.0.0')
    source.next({ type: 'started', version: '1.0.0' })
    const stopped = hosting.aggregate.stop()
    source.next({ type: 'stopped', version: '1.0.0' })
    await stopped
    expect(source.observed).toBe(false)
  })
})
