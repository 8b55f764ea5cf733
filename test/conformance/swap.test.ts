import type { RuntimeEvent } from 'cutover'
import { describe, expect, it } from 'vitest'
import { Hosting, rejectionOf, stateOf } from '../fixtures/hosting.js'

const HANDOVERS = ['sequential', 'overlap'] as const
const capability = (hardware: string) => ({ hardware })

/** 1.0.0 serves, 2.0.0 runs as next. The events so far are taken. */
async function pair(options?: ConstructorParameters<typeof Hosting>[0]) {
  const hosting = new Hosting(options)
  const one = await hosting.serve('1.0.0', { autoStop: true })
  const two = hosting.addWilling('2.0.0')
  await hosting.aggregate.setVersion('1.0.0', '2.0.0')
  hosting.takeEvents()
  return { hosting, aggregate: hosting.aggregate, one, two }
}

describe('swap', () => {
  it.each(HANDOVERS)('S23: active and next change places, and neither is stopped or started (%s)', async handover => {
    const { hosting, aggregate, one, two } = await pair({ handover })
    expect(await aggregate.swap()).toEqual({ active: '2.0.0', next: '1.0.0' })
    expect(aggregate.status()).toMatchObject({
      phase: 'settled',
      active: '2.0.0',
      next: '1.0.0',
      wanted: { active: '2.0.0', next: '1.0.0' },
    })
    expect([one.starts, one.stops, two.starts, two.stops]).toEqual([1, 0, 1, 0])
    expect(await aggregate.swap()).toEqual({ active: '1.0.0', next: '2.0.0' })
    expect(aggregate.getActiveVersion()).toBe('1.0.0')
    expect(hosting.errors()).toEqual([])
  })

  it('S23: two swaps at once both happen', async () => {
    const { hosting, aggregate } = await pair()
    const pairs = await Promise.all([aggregate.swap(), aggregate.swap()])
    expect(pairs).toEqual([
      { active: '2.0.0', next: '1.0.0' },
      { active: '1.0.0', next: '2.0.0' },
    ])
    expect(aggregate.status()).toMatchObject({ active: '1.0.0', next: '2.0.0' })
    expect(hosting.takeEvents()).toEqual([
      ...['stopped 1.0.0', 'started 2.0.0', 'configUpdated'],
      ...['stopped 2.0.0', 'started 1.0.0', 'configUpdated'],
    ])
  })

  it('S23: no call waits, whatever the limits', async () => {
    const { aggregate, one, two } = await pair({ waitTimeout: 0, maxWaitingCalls: 0 })
    const answers: Promise<string>[] = []
    for (let i = 0; i < 10; i++) {
      answers.push(aggregate.call(`before ${i}`))
      void aggregate.swap()
      expect(aggregate.status().waiting).toBe(0)
    }
    one.answerAll(() => 'one')
    two.answerAll(() => 'two')
    expect(await Promise.all(answers)).toEqual(Array(5).fill(['one', 'two']).flat())
  })

  it('S23: an active version that is down makes way too', async () => {
    const { hosting, aggregate, one, two } = await pair()
    one.emitStopped(new Error('broken'))
    const waiting = aggregate.call('waited')
    hosting.takeEvents()
    expect(await aggregate.swap()).toEqual({ active: '2.0.0', next: '1.0.0' })
    expect(two.calls.map(({ request }) => request)).toEqual(['waited'])
    two.answerAll()
    expect(await waiting).toBe('waited')
    expect(hosting.takeEvents()).toEqual(['stopped 1.0.0', 'started 2.0.0', 'configUpdated'])
    one.emitStarted()
    expect(hosting.takeEvents()).toEqual([])
    await aggregate.swap()
    expect(hosting.takeEvents()).toEqual(['stopped 2.0.0', 'started 1.0.0', 'configUpdated'])
  })

  it('S23: setVersion to the pair in place does nothing; the exchanged pair still tears the old active down', async () => {
    const { hosting, aggregate, one, two } = await pair()
    await aggregate.swap()
    hosting.takeEvents()
    expect(await aggregate.setVersion('2.0.0', '1.0.0')).toEqual({ active: '2.0.0', next: '1.0.0' })
    expect(hosting.takeEvents()).toEqual([])
    await aggregate.setVersion('1.0.0', '2.0.0')
    expect([one.stops, two.stops]).toEqual([0, 1])
  })

  it('S23: the exchanged pair is wanted, and survives a stop', async () => {
    const { hosting, aggregate } = await pair()
    await aggregate.swap()
    await aggregate.stop()
    for (const version of ['1.0.0', '2.0.0']) hosting.addWilling(version)
    aggregate.start()
    expect(aggregate.status()).toMatchObject({ active: '2.0.0', next: '1.0.0' })
    expect(() => aggregate.removeVersion('1.0.0')).toThrow(expect.objectContaining({ code: 'CUTOVER_VERSION_IN_USE' }))
  })

  it('S23: it is refused, and changes nothing, unless everything is in place', async () => {
    const hosting = new Hosting()
    const { aggregate } = hosting
    const refusal = async () => ((await rejectionOf(aggregate.swap())) as { code?: string }).code
    expect(await refusal()).toBe('CUTOVER_NOT_SETTLED')
    const one = await hosting.serve('1.0.0')
    expect(await refusal()).toBe('CUTOVER_NO_NEXT_VERSION')
    const two = hosting.add('2.0.0')
    await aggregate.setVersion('1.0.0', '2.0.0')
    expect(await rejectionOf(aggregate.swap())).toMatchObject({ code: 'CUTOVER_NO_NEXT_VERSION', version: '2.0.0' })
    two.emitStarted()
    two.emitStopped()
    expect(await refusal()).toBe('CUTOVER_NO_NEXT_VERSION')
    two.emitStarted()
    const before = hosting.events.length
    void aggregate.setVersion('2.0.0')
    expect(await refusal()).toBe('CUTOVER_NOT_SETTLED')
    one.emitStopped()
    const stopped = aggregate.stop()
    expect(await refusal()).toBe('CUTOVER_NOT_SETTLED')
    two.emitStopped()
    await stopped
    expect(await refusal()).toBe('CUTOVER_NOT_SETTLED')
    expect(hosting.events.slice(before)).toEqual(['stopped 1.0.0', 'started 2.0.0', 'stopped 2.0.0'])
    await aggregate.dispose()
    expect(await refusal()).toBe('CUTOVER_DISPOSED')
  })

  it('S23: without an active version there is nothing to swap with', async () => {
    const hosting = new Hosting()
    hosting.addWilling('2.0.0')
    hosting.aggregate.start()
    await hosting.aggregate.setVersion('1.0.0', '2.0.0')
    expect(await rejectionOf(hosting.aggregate.swap())).toMatchObject({ code: 'CUTOVER_NO_ACTIVE_VERSION' })
    expect(hosting.aggregate.status()).toMatchObject({ active: null, next: '2.0.0' })
  })

  it('S24: new calls go to the new active at once, calls in flight finish where they are', async () => {
    const { aggregate, one, two } = await pair()
    const old = aggregate.call('old')
    const swapped = aggregate.swap()
    const fresh = aggregate.call('fresh')
    expect([one.calls.length, two.calls.length]).toEqual([1, 1])
    two.answerAll(() => 'by two')
    expect(await fresh).toBe('by two')
    await swapped
    expect(await stateOf(old)).toBe('pending')
    one.answerAll(() => 'by one')
    expect(await old).toBe('by one')
  })

  it('S24: a call in flight on the standby is waited for when that is torn down', async () => {
    const { aggregate, one } = await pair()
    const old = aggregate.call('old')
    await aggregate.swap()
    const torn = aggregate.setVersion('2.0.0')
    expect(one.stops).toBe(0)
    one.answerAll()
    expect(await old).toBe('old')
    expect(await torn).toEqual({ active: '2.0.0', next: null })
  })

  it('S24: what is propagated goes on to the standby', async () => {
    const { aggregate, one, two } = await pair({ propagate: () => true })
    await aggregate.swap()
    void aggregate.call('both').catch(() => {})
    expect([one.calls.length, two.calls.length]).toEqual([1, 1])
    two.answerAll()
  })

  it('S25: the version that makes way says stopped with standby and no reason, then the new one speaks', async () => {
    const { hosting, aggregate, two } = await pair()
    two.emitUpdated(capability('fresh'))
    await aggregate.swap()
    expect(hosting.raw.slice(-3)).toEqual([
      { type: 'stopped', version: '1.0.0', standby: true },
      { type: 'started', version: '2.0.0', capabilityTEE: capability('fresh') },
      { type: 'configUpdated' },
    ])
  })

  it('S25: of the standby the last started is kept, refreshed and dropped, and a swap back releases it', async () => {
    const { hosting, aggregate, one } = await pair()
    one.emitUpdated(capability('as active'))
    await aggregate.swap()
    await aggregate.swap()
    expect(hosting.raw.at(-2)).toEqual({ type: 'started', version: '1.0.0', capabilityTEE: capability('as active') })
    await aggregate.swap()
    hosting.takeEvents()
    one.emitUpdated(capability('as standby'))
    one.emitStopped(new Error('broken'))
    one.emitFailedToStart()
    expect(hosting.takeEvents()).toEqual([])
    expect(await rejectionOf(aggregate.swap())).toMatchObject({ code: 'CUTOVER_NO_NEXT_VERSION' })
    one.emitStarted(capability('again'))
    await aggregate.swap()
    expect(hosting.takeEvents()).toEqual(['stopped 2.0.0', 'started 1.0.0', 'configUpdated'])
    expect(hosting.raw.at(-2)).toEqual({ type: 'started', version: '1.0.0', capabilityTEE: capability('again') })
  })

  it('S25: whatever a subscriber brings about is heard after the configUpdated', async () => {
    const { hosting, aggregate, one, two } = await pair()
    const acts: Partial<Record<string, () => void>> = {
      'stopped 1.0.0': () => {
        two.emitUpdated()
        one.emitUpdated()
        void aggregate.setVersion('2.0.0', '3.0.0')
        hosting.addWilling('3.0.0')
      },
    }
    aggregate.watchEvents().subscribe(event => acts['version' in event ? `${event.type} ${event.version}` : '']?.())
    await aggregate.swap()
    expect(hosting.takeEvents()).toEqual([
      ...['stopped 1.0.0', 'started 2.0.0', 'configUpdated'],
      ...['updated 2.0.0', 'configUpdated', 'configUpdated'],
    ])
    expect(aggregate.status()).toMatchObject({ active: '2.0.0', next: '3.0.0' })
  })

  it('S25: a subscriber can swap back at once; its calls go to the version that is active in the end', async () => {
    const { hosting, aggregate, one, two } = await pair()
    const swaps: Promise<unknown>[] = []
    aggregate.watchEvents().subscribe((event: RuntimeEvent) => {
      if (event.type !== 'stopped' || event.version !== '1.0.0') return
      swaps.push(aggregate.swap())
      void aggregate.call('from within').catch(() => {})
    })
    expect(await aggregate.swap()).toEqual({ active: '2.0.0', next: '1.0.0' })
    expect(aggregate.status()).toMatchObject({ active: '1.0.0', next: '2.0.0' })
    expect(await Promise.all(swaps)).toEqual([{ active: '1.0.0', next: '2.0.0' }])
    expect(hosting.takeEvents()).toEqual([
      ...['stopped 1.0.0', 'started 2.0.0', 'configUpdated'],
      ...['stopped 2.0.0', 'started 1.0.0', 'configUpdated'],
    ])
    expect([one.calls.length, two.calls.length]).toEqual([1, 0])
  })

  it.each(['stop', 'dispose'] as const)('S25: a subscriber can %s in the middle of a swap', async end => {
    const { hosting, aggregate, one, two } = await pair()
    const ends: Promise<void>[] = []
    const subscription = aggregate.watchEvents().subscribe(() => {
      subscription.unsubscribe()
      ends.push(aggregate[end]())
    })
    await aggregate.swap()
    await Promise.all(ends)
    expect(hosting.takeEvents()).toEqual([
      ...['stopped 1.0.0', 'started 2.0.0', 'configUpdated'],
      ...['stopped 2.0.0', 'configUpdated'],
    ])
    expect([one.stops, two.stops]).toEqual([1, 1])
  })

  it('S25: a death has a reason, a swap has none', async () => {
    const { hosting, aggregate, one, two } = await pair()
    await aggregate.swap()
    two.emitStopped(new Error('broken'))
    await aggregate.swap().catch(() => {})
    const stops = hosting.raw.filter(event => event.type === 'stopped')
    expect(stops).toEqual([
      { type: 'stopped', version: '1.0.0', standby: true },
      { type: 'stopped', version: '2.0.0', reason: new Error('broken') },
      { type: 'stopped', version: '2.0.0', standby: true },
    ])
    expect(one.stops + two.stops).toBe(0)
  })

  it('S25: an aggregate inside another goes on serving through its swap', async () => {
    const outer = new Hosting({ waitTimeout: Number.POSITIVE_INFINITY })
    const { aggregate: inner, one, two } = await pair()
    outer.aggregate.addVersion('1.0.0', inner)
    outer.aggregate.start()
    await outer.aggregate.setVersion('1.0.0')
    expect(outer.aggregate.status().versions).toMatchObject([{ state: 'starting' }])
    one.emitStarted()
    const before = outer.aggregate.call('before')
    await inner.swap()
    const after = outer.aggregate.call('after')
    expect([one.calls.length, two.calls.length]).toEqual([1, 1])
    one.answerAll()
    two.answerAll()
    expect(await Promise.all([before, after])).toEqual(['before', 'after'])
  })
})
