import type { RuntimeEvent } from 'cutover'
import { describe, expect, it } from 'vitest'
import { Hosting, ID } from '../fixtures/hosting.js'

const HANDOVERS = ['sequential', 'overlap'] as const
const tee = (rak: number) => ({ hardware: 'intel-sgx', rak: Uint8Array.of(rak) })

describe('events', () => {
  it('S11: events of the active version pass through in order, as the same objects', async () => {
    const hosting = new Hosting()
    const runtime = await hosting.serve('1.0.0', { autoStart: false })
    const emitted: RuntimeEvent[] = [
      { type: 'stopped' },
      { type: 'started', version: '1.0.0', capabilityTEE: tee(1) },
      { type: 'started', version: '1.0.0' },
      { type: 'updated', version: '1.0.0', capabilityTEE: tee(2) },
      { type: 'configUpdated' },
      { type: 'stopped', version: '1.0.0' },
      { type: 'failedToStart', error: new Error('no'), version: '1.0.0' },
    ]
    for (const event of emitted) runtime.emit(event)
    expect(hosting.raw).toHaveLength(emitted.length)
    hosting.raw.forEach((event, i) => {
      expect(event).toBe(emitted[i])
    })
  })

  it('S11: any number of subscribers get the same events, from when they subscribed', async () => {
    const hosting = new Hosting()
    const runtime = await hosting.serve('1.0.0')
    const late: string[] = []
    const subscription = hosting.aggregate.watchEvents().subscribe(({ type }) => late.push(type))
    runtime.emitUpdated()
    subscription.unsubscribe()
    runtime.emitUpdated()
    expect(late).toEqual(['updated'])
    expect(hosting.events).toEqual(['started 1.0.0', 'updated 1.0.0', 'updated 1.0.0'])
  })

  it.each(HANDOVERS)('S11: of a next version, only its last started is released on promotion (%s)', async handover => {
    const hosting = new Hosting({ handover })
    const { aggregate } = hosting
    await hosting.serve('1.0.0', { autoStop: true })
    const next = hosting.add('2.0.0')
    await aggregate.setVersion('1.0.0', '2.0.0')
    hosting.takeEvents()
    next.emitFailedToStart()
    next.emitStarted(tee(1))
    next.emitStopped()
    next.emitStarted(tee(2))
    next.emitUpdated(tee(3))
    expect(hosting.takeEvents()).toEqual([])
    await aggregate.setVersion('2.0.0')
    expect(hosting.takeEvents()).toEqual(['stopped 1.0.0', 'started 2.0.0'])
    expect(hosting.raw.at(-1)).toEqual({ type: 'started', version: '2.0.0', capabilityTEE: tee(3) })
    next.emitUpdated(tee(4))
    expect(hosting.takeEvents()).toEqual(['updated 2.0.0'])
  })

  it('S11: a stopped drops what was captured of a next version, and an updated alone is not kept', async () => {
    const hosting = new Hosting()
    await hosting.serve('1.0.0', { autoStop: true })
    const next = hosting.add('2.0.0')
    await hosting.aggregate.setVersion('1.0.0', '2.0.0')
    next.emitStarted()
    next.emitStopped()
    next.emitUpdated(tee(1))
    hosting.takeEvents()
    await hosting.aggregate.setVersion('2.0.0')
    expect(hosting.takeEvents()).toEqual(['stopped 1.0.0'])
  })

  it.each(HANDOVERS)('S12: the old stopped comes before any event of the new version (%s)', async handover => {
    const hosting = new Hosting({ handover })
    const old = await hosting.serve('1.0.0')
    const next = hosting.add('2.0.0')
    await hosting.aggregate.setVersion('1.0.0', '2.0.0')
    next.emitStarted()
    hosting.takeEvents()
    const switched = hosting.aggregate.setVersion('2.0.0')
    old.emitUpdated()
    next.emitUpdated(tee(1))
    old.emitStopped()
    await switched
    next.emitUpdated(tee(2))
    const order = handover === 'overlap' ? ['started 2.0.0', 'updated 2.0.0'] : ['started 2.0.0']
    expect(hosting.takeEvents()).toEqual(['updated 1.0.0', 'stopped 1.0.0', ...order, 'updated 2.0.0'])
  })

  it('S12: in an overlap everything that the new version emits meanwhile is kept, in order', async () => {
    const hosting = new Hosting({ handover: 'overlap' })
    const old = await hosting.serve('1.0.0')
    const next = hosting.add('2.0.0', { autoStart: true })
    await hosting.aggregate.setVersion('1.0.0', '2.0.0')
    const switched = hosting.aggregate.setVersion('2.0.0')
    hosting.takeEvents()
    next.emitStopped()
    next.emitFailedToStart()
    next.emitStarted()
    expect(hosting.takeEvents()).toEqual([])
    old.emitStopped()
    await switched
    const kept = ['started 2.0.0', 'stopped 2.0.0', 'failedToStart 2.0.0', 'started 2.0.0']
    expect(hosting.takeEvents()).toEqual(['stopped 1.0.0', ...kept])
  })

  it('S12: also when an overlap is stopped in the middle, the order holds to the end', async () => {
    const hosting = new Hosting({ handover: 'overlap' })
    const old = await hosting.serve('1.0.0')
    const next = hosting.add('2.0.0', { autoStart: true })
    await hosting.aggregate.setVersion('1.0.0', '2.0.0')
    const switched = hosting.aggregate.setVersion('2.0.0')
    const stopped = hosting.aggregate.stop()
    hosting.takeEvents()
    next.emitUpdated()
    expect(next.stops).toBe(0)
    old.emitStopped()
    expect(next.stops).toBe(1)
    next.emitStopped()
    await Promise.all([switched, stopped])
    expect(hosting.takeEvents()).toEqual(['stopped 1.0.0', 'started 2.0.0', 'updated 2.0.0', 'stopped 2.0.0'])
  })

  it('S12: what the old version emits after its stopped is dropped, and nothing watches it any more', async () => {
    const hosting = new Hosting()
    const old = await hosting.serve('1.0.0', { autoStop: true })
    hosting.addWilling('2.0.0')
    await hosting.aggregate.setVersion('2.0.0')
    hosting.takeEvents()
    old.emitStarted()
    old.emitStopped()
    expect(hosting.takeEvents()).toEqual([])
    expect(old.subscribers).toBe(0)
  })

  it('S13: starting and tearing down a next version emits configUpdated, a promotion does not', async () => {
    const hosting = new Hosting()
    await hosting.serve('1.0.0', { autoStop: true })
    hosting.takeEvents()
    const next = hosting.add('2.0.0', { autoStop: true })
    await hosting.aggregate.setVersion('1.0.0', '2.0.0')
    expect(hosting.takeEvents()).toEqual(['configUpdated'])
    await hosting.aggregate.setVersion('1.0.0')
    expect(hosting.takeEvents()).toEqual(['configUpdated'])
    expect(next.stops).toBe(1)
    hosting.addWilling('3.0.0')
    await hosting.aggregate.setVersion('1.0.0', '3.0.0')
    await hosting.aggregate.setVersion('3.0.0')
    expect(hosting.takeEvents()).toEqual(['configUpdated', 'stopped 1.0.0', 'started 3.0.0'])
  })

  it('S13: when configUpdated is heard, the next version has been started, or is down', async () => {
    const hosting = new Hosting()
    await hosting.serve('1.0.0')
    const next = hosting.add('2.0.0')
    const seen: object[] = []
    hosting.aggregate.watchEvents().subscribe(({ type }) => {
      const { starts, subscribers } = next
      if (type === 'configUpdated') seen.push({ starts, subscribers, next: hosting.aggregate.status().next })
    })
    await hosting.aggregate.setVersion('1.0.0', '2.0.0')
    expect(seen).toEqual([{ starts: 1, subscribers: 1, next: '2.0.0' }])
    const settled = hosting.aggregate.setVersion('1.0.0')
    expect(seen).toHaveLength(1)
    next.emitStopped()
    await settled
    expect(seen).toEqual([expect.anything(), { starts: 1, subscribers: 0, next: null }])
  })

  it('S13: a promotion that starts a new next releases the started before it announces the next', async () => {
    const hosting = new Hosting()
    await hosting.serve('1.0.0', { autoStop: true })
    hosting.addWilling('2.0.0')
    hosting.addWilling('3.0.0')
    await hosting.aggregate.setVersion('1.0.0', '2.0.0')
    hosting.takeEvents()
    await hosting.aggregate.setVersion('2.0.0', '3.0.0')
    expect(hosting.takeEvents()).toEqual(['stopped 1.0.0', 'started 2.0.0', 'configUpdated'])
  })

  it('S11: what a runtime says between addVersion and its start is dropped', async () => {
    const hosting = new Hosting()
    const runtime = hosting.add('1.0.0')
    runtime.emitStarted()
    runtime.emitFailedToStart()
    hosting.aggregate.start()
    await hosting.aggregate.setVersion('1.0.0')
    expect(hosting.takeEvents()).toEqual([])
    expect(hosting.aggregate.status().versions).toMatchObject([{ state: 'starting', lastError: null }])
    runtime.emitStarted()
    expect(hosting.takeEvents()).toEqual(['started 1.0.0'])
  })

  it('S13: stopping the aggregate tears down the next, which is announced', async () => {
    const hosting = new Hosting()
    await hosting.serve('1.0.0', { autoStop: true })
    hosting.addWilling('2.0.0')
    await hosting.aggregate.setVersion('1.0.0', '2.0.0')
    hosting.takeEvents()
    await hosting.aggregate.stop()
    expect(hosting.takeEvents()).toEqual(['stopped 1.0.0', 'configUpdated'])
  })

  it('S14: failedToStart of the active passes through, and the aggregate does not give up on it', async () => {
    const hosting = new Hosting()
    const runtime = await hosting.serve('1.0.0', { autoStart: false })
    const call = hosting.aggregate.call('hello')
    for (let i = 0; i < 5; i++) runtime.emitFailedToStart(new Error(`attempt ${i}`))
    expect(hosting.takeEvents()).toEqual(Array(5).fill('failedToStart 1.0.0'))
    expect(hosting.aggregate.status()).toMatchObject({
      active: '1.0.0',
      versions: [{ state: 'starting', lastError: { message: 'attempt 4' } }],
    })
    runtime.emitFailedToStart()
    expect(hosting.aggregate.status()).toMatchObject({ versions: [{ lastError: { code: 'CUTOVER_START_FAILED' } }] })
    runtime.emitStarted()
    expect(hosting.aggregate.status()).toMatchObject({ versions: [{ state: 'running', lastError: null }] })
    runtime.answerAll()
    expect(await call).toBe('hello')
  })

  it('S14: an active version that dies and comes back is the active version all the while', async () => {
    const hosting = new Hosting()
    const runtime = await hosting.serve('1.0.0')
    runtime.emitStopped()
    expect(hosting.aggregate.status()).toMatchObject({ active: '1.0.0', versions: [{ state: 'starting' }] })
    runtime.emitStarted()
    expect(hosting.aggregate.status()).toMatchObject({ active: '1.0.0', versions: [{ state: 'running' }] })
    expect(hosting.takeEvents()).toEqual(['started 1.0.0', 'stopped 1.0.0', 'started 1.0.0'])
    expect(runtime).toMatchObject({ starts: 1, stops: 0 })
  })

  it('S11: a subscriber that changes the aggregate sees every change at once, and events keep their order', async () => {
    const hosting = new Hosting()
    const { aggregate } = hosting
    const seen: string[] = []
    aggregate.watchEvents().subscribe(event => {
      if (event.type !== 'started' || event.version !== '1.0.0') return
      hosting.addWilling('2.0.0')
      expect(() => hosting.add('2.0.0')).toThrow(/there already/)
      void aggregate.setVersion('1.0.0', '2.0.0')
      seen.push(`${aggregate.getActiveVersion()} ${aggregate.status().next} ${aggregate.versions()}`)
    })
    await hosting.serve('1.0.0')
    expect(seen).toEqual(['1.0.0 2.0.0 1.0.0,2.0.0'])
    expect(hosting.events).toEqual(['started 1.0.0', 'configUpdated'])
    expect(aggregate.id).toBe(ID)
  })
})
