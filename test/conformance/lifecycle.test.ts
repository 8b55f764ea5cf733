import { describe, expect, it, vi } from 'vitest'
import { Hosting, rejectionOf, stateOf } from '../fixtures/hosting.js'

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

  it('S19: a block with `await using` is left when active and next are down', async () => {
    const hosting = new Hosting()
    const active = await hosting.serve('1.0.0')
    const left = (async () => {
      await using _aggregate = hosting.aggregate
    })()
    expect(await stateOf(left)).toBe('pending')
    active.emitStopped()
    await left
    expect(hosting.aggregate.status().state).toBe('disposed')
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

  it('S19: stop, start and stop again before everything is down end in stopped', async () => {
    const hosting = new Hosting()
    const runtime = await hosting.serve('1.0.0')
    const first = hosting.aggregate.stop()
    hosting.aggregate.start()
    const second = hosting.aggregate.stop()
    expect(hosting.aggregate.status().state).toBe('stopping')
    runtime.emitStopped()
    await Promise.all([first, second])
    expect(hosting.aggregate.status()).toMatchObject({ state: 'stopped', active: null, versions: [] })
    expect(runtime).toMatchObject({ starts: 1, stops: 1 })
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
    expect(hosting.logs.map(({ message }) => message)).toEqual([
      'version is active now',
      'version starts',
      'version is running',
      'version stops',
      'version has left',
    ])
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
