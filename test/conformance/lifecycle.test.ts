import type { Runtime, RuntimeEvent } from 'cutover'
import { filter, map, type Observable, type Observer, Subject } from 'rxjs'
import { describe, expect, it, vi } from 'vitest'
import type { InspectionEvent } from 'xstate'
import { Hosting, microtasks, rejectionOf, stateOf } from '../fixtures/hosting.js'

const HANDOVERS = ['sequential', 'overlap'] as const

describe('starting and stopping', () => {
  it('S19: start twice is once, stop twice is once', async () => {
    const hosting = new Hosting()
    const runtime = await hosting.serve('1.0.0')
    hosting.aggregate.start()
    expect(runtime.starts).toBe(1)
    const stops = [hosting.aggregate.stop(), hosting.aggregate.stop()]
    expect(runtime.stops).toBe(1)
    runtime.emitStopped()
    await Promise.all(stops)
    await hosting.aggregate.stop()
    expect(runtime.stops).toBe(1)
  })

  it('S19: stop resolves when active and next are down', async () => {
    const hosting = new Hosting()
    const active = await hosting.serve('1.0.0')
    const next = hosting.add('2.0.0')
    await hosting.aggregate.setVersion('1.0.0', '2.0.0')
    const stopped = hosting.aggregate.stop()
    active.emitStopped()
    expect(await stateOf(stopped)).toBe('pending')
    next.emitStopped()
    await stopped
    expect(hosting.aggregate.status()).toMatchObject({ state: 'stopped', active: null, next: null, versions: [] })
  })

  it('S19: dispose resolves when active and next are down', async () => {
    const hosting = new Hosting()
    const active = await hosting.serve('1.0.0')
    const disposed = hosting.aggregate.dispose()
    expect(await stateOf(disposed)).toBe('pending')
    expect(hosting.aggregate.status().state).toBe('disposing')
    active.emitStopped()
    await disposed
  })

  it('S19: start after stop works again with versions added again', async () => {
    const hosting = new Hosting()
    await hosting.serve('1.0.0', { autoStop: true })
    await hosting.aggregate.stop()
    hosting.aggregate.start()
    const again = hosting.addWilling('1.0.0')
    expect(again.starts).toBe(1)
    expect(hosting.aggregate.getActiveVersion()).toBe('1.0.0')
  })

  it('S19: start while stopping starts again once everything is down, unless stop is called again', async () => {
    const hosting = new Hosting()
    const runtime = await hosting.serve('1.0.0')
    const stopped = hosting.aggregate.stop()
    hosting.aggregate.start()
    expect(hosting.aggregate.status().state).toBe('stopping')
    void hosting.aggregate.stop()
    hosting.aggregate.start()
    runtime.emitStopped()
    await stopped
    expect(hosting.aggregate.status().state).toBe('running')
  })

  it('S19: calls that wait when the aggregate stops go out when it runs again', async () => {
    const hosting = new Hosting()
    await hosting.serve('1.0.0', { autoStop: true })
    await hosting.aggregate.stop()
    const call = hosting.aggregate.call('patient')
    hosting.aggregate.start()
    const again = hosting.addWilling('1.0.0')
    again.answerAll()
    expect(await call).toBe('patient')
  })

  it.each(HANDOVERS)('S19: dispose in the middle of a switch takes everything down, once (%s)', async handover => {
    const hosting = new Hosting({ handover })
    const old = await hosting.serve('1.0.0')
    const next = hosting.add('2.0.0', { autoStart: true })
    const spare = hosting.add('3.0.0')
    await hosting.aggregate.setVersion('1.0.0', '2.0.0')
    const switched = hosting.aggregate.setVersion('2.0.0', '3.0.0')
    const disposals = [hosting.aggregate.dispose(), hosting.aggregate[Symbol.asyncDispose]()]
    let completed = false
    hosting.aggregate.watchEvents().subscribe({
      complete: () => {
        completed = true
      },
    })
    old.emitStopped()
    next.emitStopped()
    await Promise.all(disposals)
    expect(await switched).toEqual({ active: null, next: null })
    expect(old).toMatchObject({ starts: 1, stops: 1, subscribers: 0 })
    expect(next).toMatchObject({ starts: 1, stops: 1, subscribers: 0 })
    expect(spare).toMatchObject({ starts: 0, stops: 0, subscribers: 0 })
    expect(completed).toBe(true)
    expect(hosting.aggregate.status()).toMatchObject({ state: 'disposed', versions: [] })
  })

  it('S19: what is called after dispose says so, or does nothing', async () => {
    const hosting = new Hosting()
    const { aggregate } = hosting
    await aggregate.dispose()
    const disposed = expect.objectContaining({ code: 'CUTOVER_DISPOSED' })
    expect(() => hosting.add('1.0.0')).toThrow(disposed)
    expect(() => aggregate.start()).toThrow(disposed)
    expect(() => aggregate.removeVersion('1.0.0')).toThrow(disposed)
    expect(await rejectionOf(aggregate.setVersion('1.0.0'))).toEqual(disposed)
    expect(await rejectionOf(aggregate.whenRunning())).toEqual(disposed)
    await Promise.all([aggregate.stop(), aggregate.dispose()])
    expect(() => aggregate.getActiveVersion()).toThrow(/disposed of; make a new one/)
    expect(aggregate.versions()).toEqual([])
    expect(aggregate.hasVersion('1.0.0')).toBe(false)
  })

  it.each(HANDOVERS)('S20: a host that never reports stopped is given up after stopTimeout (%s)', async handover => {
    const hosting = new Hosting({ handover, stopTimeout: 1_000 })
    const old = await hosting.serve('1.0.0')
    hosting.addWilling('2.0.0')
    await hosting.aggregate.setVersion('1.0.0', '2.0.0')
    hosting.takeEvents()
    const switched = hosting.aggregate.setVersion('2.0.0')
    hosting.clock.increment(999)
    expect(await stateOf(switched)).toBe('pending')
    hosting.clock.increment(1)
    expect(await switched).toEqual({ active: '2.0.0', next: null })
    expect(hosting.takeEvents()).toEqual(['stopped 1.0.0', 'started 2.0.0'])
    expect(hosting.errors()).toEqual(['a host did not report that it stopped within 1000 ms: given up'])
    expect(old.subscribers).toBe(0)
  })

  it('S20: a version that has left has no timer any more, and every line of the log names the aggregate', async () => {
    const hosting = new Hosting()
    const set = vi.spyOn(hosting.clock, 'setTimeout')
    const clear = vi.spyOn(hosting.clock, 'clearTimeout')
    const old = await hosting.serve('1.0.0')
    const call = hosting.aggregate.call('a')
    const switched = hosting.aggregate.setVersion(null)
    old.answerAll()
    await call
    old.emitStopped()
    await switched
    const made = set.mock.results.map(({ value }) => value)
    expect(made.length).toBeGreaterThanOrEqual(2)
    expect(clear.mock.calls.map(([id]) => id)).toEqual(expect.arrayContaining(made))
    expect(hosting.logs.map(({ message }) => message)).toEqual(['version starts', 'version stops'])
    expect(hosting.logs.every(({ object }) => object['aggregate'] === 'markdown')).toBe(true)
  })

  it('S20: stop and dispose end too when no host ever reports stopped', async () => {
    const hosting = new Hosting({ stopTimeout: 1_000, drainTimeout: 500 })
    await hosting.serve('1.0.0')
    hosting.add('2.0.0')
    await hosting.aggregate.setVersion('1.0.0', '2.0.0')
    const call = hosting.aggregate.call('hangs')
    const disposed = hosting.aggregate.dispose()
    hosting.clock.increment(500)
    expect(await rejectionOf(call)).toMatchObject({ code: 'CUTOVER_VERSION_STOPPED' })
    hosting.clock.increment(1_000)
    await disposed
  })
})

describe('the active runtime', () => {
  it('S21: with no active version, what asks it gives CUTOVER_NO_ACTIVE_VERSION', async () => {
    const { aggregate } = new Hosting()
    const none = expect.objectContaining({ code: 'CUTOVER_NO_ACTIVE_VERSION' })
    expect(() => aggregate.getActiveVersion()).toThrow(none)
    expect(() => aggregate.getCapabilityTEE()).toThrow(none)
    expect(await rejectionOf(aggregate.abort())).toEqual(none)
    expect(await rejectionOf(aggregate.getInfo())).toEqual(none)
    expect(aggregate.component('ronl')).toBeUndefined()
    aggregate.updateCapabilityTEE()
  })

  it('S21: with an active version, it is asked', async () => {
    const hosting = new Hosting()
    const runtime = await hosting.serve('1.0.0')
    runtime.capability = { hardware: 'intel-sgx' }
    expect(hosting.aggregate.getActiveVersion()).toBe('1.0.0')
    expect(hosting.aggregate.getCapabilityTEE()).toBe(runtime.capability)
    expect(await hosting.aggregate.getInfo()).toEqual({ version: '1.0.0' })
    const getInfo = vi.spyOn(runtime, 'getInfo')
    const { signal } = new AbortController()
    await hosting.aggregate.getInfo({ signal })
    expect(getInfo).toHaveBeenCalledWith({ signal })
    await hosting.aggregate.abort({ force: true })
    expect(runtime.aborts).toEqual([{ force: true }])
    runtime.abort = () => new Promise(() => {})
    expect(await stateOf(hosting.aggregate.abort())).toBe('pending')
  })

  it('S21: what a runtime can prove of itself stands in the context of its version, as plain data', async () => {
    const contexts: unknown[] = []
    const inspect = (event: InspectionEvent) => {
      if (event.type === '@xstate.snapshot' && 'context' in event.snapshot) contexts.push(event.snapshot.context)
    }
    const hosting = new Hosting({ inspect })
    const runtime = await hosting.serve('1.0.0')
    runtime.emitUpdated({ hardware: 'intel-sgx', rak: Uint8Array.of(1, 255), attestation: Uint8Array.of(7) })
    const capability = { hardware: 'intel-sgx', rak: '01ff', attestation: '07' }
    expect(contexts).toContainEqual(expect.objectContaining({ version: '1.0.0', capability }))
  })

  it('S21: updateCapabilityTEE reaches active and next, even if the first throws', async () => {
    const hosting = new Hosting()
    const active = await hosting.serve('1.0.0')
    const next = hosting.add('2.0.0')
    const spare = hosting.add('3.0.0')
    await hosting.aggregate.setVersion('1.0.0', '2.0.0')
    active.updateCapabilityTEE = () => {
      throw new Error('no')
    }
    hosting.aggregate.updateCapabilityTEE()
    expect([next.capabilityUpdates, spare.capabilityUpdates]).toEqual([1, 0])
    expect(hosting.errors()).toHaveLength(1)
  })

  it('S21: a composite active is asked for the component, another one is its own main component', async () => {
    const hosting = new Hosting()
    const runtime = await hosting.serve('1.0.0')
    expect(hosting.aggregate.component('ronl')).toBe(runtime)
    expect(hosting.aggregate.component('rofl.x')).toBeUndefined()
    const part = {} as Runtime
    Object.assign(runtime, { component: (id: string) => (id === 'rofl.x' ? part : undefined) })
    expect(hosting.aggregate.component('rofl.x')).toBe(part)
    expect(hosting.aggregate.component('ronl')).toBeUndefined()
  })

  it('S21: whenRunning waits for the runtime of the active version, through a switch, until its signal fires', async () => {
    const hosting = new Hosting()
    const old = await hosting.serve('1.0.0', { autoStart: false })
    const waiting = hosting.aggregate.whenRunning()
    const controller = new AbortController()
    const impatient = hosting.aggregate.whenRunning({ signal: controller.signal })
    controller.abort('enough')
    expect(await rejectionOf(impatient)).toBe('enough')
    const next = hosting.add('2.0.0')
    const switched = hosting.aggregate.setVersion('2.0.0')
    old.emitStopped()
    await switched
    expect(await stateOf(waiting)).toBe('pending')
    next.emitStarted()
    expect(await waiting).toBe('2.0.0')
    expect(await hosting.aggregate.whenRunning()).toBe('2.0.0')
  })
})

describe('whenRunning', () => {
  it('S21: whenRunning waits while an overlap is being stopped in the middle', async () => {
    const hosting = new Hosting({ handover: 'overlap' })
    await hosting.serve('1.0.0')
    hosting.addWilling('2.0.0')
    await hosting.aggregate.setVersion('1.0.0', '2.0.0')
    void hosting.aggregate.setVersion('2.0.0')
    expect(await hosting.aggregate.whenRunning()).toBe('2.0.0')
    void hosting.aggregate.stop()
    expect(await stateOf(hosting.aggregate.whenRunning())).toBe('pending')
  })

  it('S21: whenRunning rejects when the aggregate is disposed of meanwhile', async () => {
    const hosting = new Hosting()
    const waiting = hosting.aggregate.whenRunning()
    void hosting.aggregate.dispose()
    expect(await rejectionOf(waiting)).toMatchObject({ code: 'CUTOVER_DISPOSED' })
  })
})

describe('whenRunning of one version', () => {
  it('S21: whenRunning waits for a next version, so that one can promote it when it is up', async () => {
    const hosting = new Hosting()
    await hosting.serve('1.0.0')
    const next = hosting.add('2.0.0')
    const early = hosting.aggregate.whenRunning({ version: '2.0.0' })
    expect(await rejectionOf(early)).toMatchObject({ code: 'CUTOVER_NO_SUCH_VERSION' })
    await hosting.aggregate.setVersion('1.0.0', '2.0.0')
    const up = hosting.aggregate.whenRunning({ version: '2.0.0+build' })
    expect(await stateOf(up)).toBe('pending')
    next.emitStarted()
    expect(await up).toBe('2.0.0')
    expect(await hosting.aggregate.whenRunning({ version: '1.0.0' })).toBe('1.0.0')
  })

  it('S21: whenRunning gives up on a version that is not wanted any more, or is none', async () => {
    const hosting = new Hosting()
    await hosting.serve('1.0.0')
    hosting.add('2.0.0', { autoStop: true })
    await hosting.aggregate.setVersion('1.0.0', '2.0.0')
    const waiting = hosting.aggregate.whenRunning({ version: '2.0.0' })
    void hosting.aggregate.setVersion('1.0.0')
    expect(await rejectionOf(waiting)).toMatchObject({ code: 'CUTOVER_NO_SUCH_VERSION', version: '2.0.0' })
    const invalid = hosting.aggregate.whenRunning({ version: '2' })
    expect(await rejectionOf(invalid)).toMatchObject({ code: 'CUTOVER_INVALID_VERSION' })
  })
})

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
