import { describe, expect, it, vi } from 'vitest'
import { Hosting, microtasks, rejectionOf, stateOf } from '../fixtures/hosting.js'

const HANDOVERS = ['sequential', 'overlap'] as const

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
    expect(next.calls).toEqual([])
    next.emitStarted()
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

  it('S17: with a drainTimeout of 0 a version whose host is gone leaves without a word on the console', async () => {
    const warn = vi.spyOn(console, 'warn').mockImplementation(() => {})
    const hosting = new Hosting({ drainTimeout: 0 })
    const runtime = await hosting.serve('1.0.0')
    runtime.endEvents()
    expect(await hosting.aggregate.setVersion(null)).toEqual({ active: null, next: null })
    expect(warn).not.toHaveBeenCalled()
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
