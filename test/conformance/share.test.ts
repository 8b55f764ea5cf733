import { afterEach, describe, expect, it, vi } from 'vitest'
import { Hosting, ID, rejectionOf } from '../fixtures/hosting.js'
import { randomFrom } from '../fixtures/randomFrom.js'
import { answering, countOf, deviationOf, pair, times } from './sharing.js'

const code = (code: string) => expect.objectContaining({ code })

describe('the share of the next version', () => {
  afterEach(() => vi.restoreAllMocks())
  /** The same numbers in each run: three standard deviations are exceeded in one run of 370. */
  const seedRandom = () => vi.spyOn(Math, 'random').mockImplementation(randomFrom(26))

  it('S26: 0 sends all calls to the active version, 100 all to the next one', async () => {
    const { aggregate, askAll } = await answering()
    const keys = times(1_000, i => (i % 2 === 0 ? undefined : `user${i}`))
    expect(countOf(await askAll(keys))).toBe(0)
    aggregate.setShare(100)
    expect(countOf(await askAll(keys))).toBe(1_000)
    aggregate.setShare(0)
    expect(countOf(await askAll(keys))).toBe(0)
  })

  it('S26: while the next version is not running, all calls go to the active one; the share outlives that', async () => {
    const { aggregate, one, two } = await pair()
    aggregate.setShare(100)
    two.emitStopped(new Error('broken'))
    void aggregate.call('a').catch(() => {})
    expect([one.calls.length, two.calls.length]).toEqual([1, 0])
    two.emitStarted()
    void aggregate.call('b').catch(() => {})
    expect([one.calls.length, two.calls.length]).toEqual([1, 1])
    expect(aggregate.status().share).toBe(100)
  })

  it('S26: a share can be set before the next version runs', async () => {
    const hosting = new Hosting()
    const one = await hosting.serve('1.0.0')
    const two = hosting.add('2.0.0')
    await hosting.aggregate.setVersion('1.0.0', '2.0.0')
    hosting.aggregate.setShare(100)
    void hosting.aggregate.call('a').catch(() => {})
    two.emitStarted()
    void hosting.aggregate.call('b').catch(() => {})
    expect([one.calls.length, two.calls.length]).toEqual([1, 1])
  })

  it('S26: a share that a waiting call sets when it is sent lets later calls go out', async () => {
    const { aggregate, one } = await answering()
    one.emitStopped(new Error('broken'))
    let later: Promise<unknown> | undefined
    one.call = async () => {
      aggregate.setShare(100)
      later = Promise.all([aggregate.call('shared'), aggregate.call('pinned', { version: '2.0.0' })])
      return 'active'
    }
    const waiting = aggregate.call('waiting')
    one.emitStarted()
    expect(await waiting).toBe('active')
    expect(aggregate.status().waiting).toBe(0)
    expect(await later).toEqual(['next', 'next'])
  })

  it('S26: while the active version is lost, the next one serves its share, and the others wait', async () => {
    const { aggregate, one, two } = await pair()
    aggregate.setShare(50)
    one.emitStopped(new Error('broken'))
    const keys = times(100, i => `user${i}`)
    for (const key of keys) void aggregate.call(key, { key }).catch(() => {})
    const { waiting } = aggregate.status()
    expect([waiting, two.calls.length + waiting]).toEqual([expect.any(Number), 100])
    expect(deviationOf(waiting, 100, 0.5)).toBeLessThan(5)
    one.emitStarted()
    const order = [...one.calls, ...two.calls].map(({ request }) => request)
    expect([aggregate.status().waiting, one.calls.length]).toEqual([0, waiting])
    expect(order.sort()).toEqual([...keys].sort())
    expect(one.calls.map(({ request }) => keys.indexOf(request)).every((n, i, all) => n > (all[i - 1] ?? -1))).toBe(
      true,
    )
  })

  it('S26: a call without a key that waits is assigned once: its chance is not drawn again when it is sent', async () => {
    seedRandom()
    const { aggregate, one, two } = await pair({ waitTimeout: Number.POSITIVE_INFINITY })
    aggregate.setShare(10)
    one.emitStopped(new Error('broken'))
    for (let i = 0; i < 20_000; i++) void aggregate.call(`${i}`).catch(() => {})
    expect(deviationOf(two.calls.length, 20_000, 0.1)).toBeLessThan(4)
    const before = two.calls.length
    one.emitStarted()
    expect([one.calls.length, two.calls.length]).toEqual([20_000 - before, before])
  })

  it('S26: waiting calls go out when the share grows, in their order', async () => {
    const { aggregate, one, two } = await pair()
    one.emitStopped(new Error('broken'))
    const calls = times(10, i => aggregate.call(`${i}`))
    expect(aggregate.status().waiting).toBe(10)
    aggregate.setShare(100)
    expect(two.calls.map(({ request }) => request)).toEqual(times(10, i => `${i}`))
    two.answerAll()
    expect(await Promise.all(calls)).toEqual(times(10, i => `${i}`))
  })

  it('S26: a share set by a subscriber holds for the calls after it', async () => {
    const { hosting, aggregate, one, two } = await pair()
    hosting.aggregate.watchEvents().subscribe(() => {
      aggregate.setShare(100)
      void aggregate.call('from within').catch(() => {})
    })
    one.emitUpdated()
    expect([one.calls.length, two.calls.length]).toEqual([0, 1])
  })

  it('S26: versions that are added and removed beside the pair do not touch it', async () => {
    const { hosting, aggregate } = await pair()
    aggregate.setShare(10)
    hosting.addWilling('3.0.0')
    await aggregate.setVersion('1.0.0', '2.0.0')
    aggregate.removeVersion('3.0.0')
    expect(aggregate.status().share).toBe(10)
  })

  it.each<[string, (its: Awaited<ReturnType<typeof pair>>) => unknown]>([
    ['the next version is promoted', ({ aggregate }) => aggregate.setVersion('2.0.0')],
    ['the next version begins to leave', ({ aggregate }) => aggregate.setVersion('1.0.0')],
    ['the active version leaves', ({ aggregate }) => aggregate.setVersion(null, '3.0.0')],
    ['another version becomes next', ({ aggregate }) => aggregate.setVersion('1.0.0', '3.0.0')],
    ['they change places', ({ aggregate }) => aggregate.swap()],
    ['they change places twice', ({ aggregate }) => Promise.all([aggregate.swap(), aggregate.swap()])],
    ['the aggregate stops', ({ aggregate }) => aggregate.stop()],
  ])('S26: it is 0 when %s', async (_, act) => {
    const its = await pair()
    its.hosting.addWilling('3.0.0')
    its.aggregate.setShare(10)
    await act(its)
    expect(its.aggregate.status().share).toBe(0)
  })

  it('S26: it is 0 as soon as the next version begins to leave, and cannot be set again', async () => {
    const hosting = new Hosting()
    await hosting.serve('1.0.0')
    hosting.add('2.0.0', { autoStart: true })
    await hosting.aggregate.setVersion('1.0.0', '2.0.0')
    hosting.aggregate.setShare(10)
    void hosting.aggregate.setVersion('1.0.0')
    expect(hosting.aggregate.status()).toMatchObject({ phase: 'stoppingNext', share: 0 })
    expect(() => hosting.aggregate.setShare(10)).toThrow(code('CUTOVER_NO_NEXT_VERSION'))
    hosting.aggregate.setShare(0)
  })

  it('S26: what cannot be set is refused, and changes nothing', async () => {
    const hosting = new Hosting()
    const { aggregate } = hosting
    expect(() => aggregate.setShare(10)).toThrow(code('CUTOVER_NO_NEXT_VERSION'))
    aggregate.setShare(0)
    await hosting.serve('1.0.0', { autoStop: true })
    expect(() => aggregate.setShare(1)).toThrow(code('CUTOVER_NO_NEXT_VERSION'))
    hosting.addWilling('2.0.0')
    await aggregate.setVersion('1.0.0', '2.0.0')
    aggregate.setShare(20)
    for (const wrong of [-1, 100.5, Number.NaN, Number.POSITIVE_INFINITY, '10', null, undefined]) {
      expect(() => aggregate.setShare(wrong as never)).toThrow(code('CUTOVER_INVALID_OPTION'))
    }
    expect(aggregate.status().share).toBe(20)
    await aggregate.dispose()
    for (const percent of [0, 10]) expect(() => aggregate.setShare(percent)).toThrow(code('CUTOVER_DISPOSED'))
  })

  it('S26: a call in the share that is propagated goes to the active version as well; its answer is the next one’s', async () => {
    const { hosting, aggregate, one, two } = await pair({ propagate: () => true })
    aggregate.setShare(100)
    const call = aggregate.call('a')
    expect([one.calls.length, two.calls.length]).toEqual([1, 1])
    one.calls[0]?.fail(new Error('the mirror fails'))
    two.answerAll(() => 'by next')
    expect(await call).toBe('by next')
    expect(hosting.warnings()).toEqual(['a call propagated to another version failed'])
  })

  it('S26: the drain of the next version waits for the calls in its share', async () => {
    const { aggregate, two } = await pair()
    aggregate.setShare(100)
    const call = aggregate.call('a')
    const torn = aggregate.setVersion('1.0.0')
    expect([two.stops, aggregate.status().phase]).toEqual([0, 'stoppingNext'])
    two.answerAll()
    expect(await call).toBe('a')
    await torn
    expect(two.stops).toBe(1)
  })

  it('S26: a call in the share is lost with its version, and rejected at its drain deadline', async () => {
    const { hosting, aggregate, two } = await pair()
    aggregate.setShare(100)
    const lost = aggregate.call('a')
    two.emitStopped(new Error('broken'))
    expect(await rejectionOf(lost)).toMatchObject({ code: 'CUTOVER_RUNTIME_LOST', version: '2.0.0' })
    two.emitStarted()
    const late = aggregate.call('b')
    void aggregate.setVersion('1.0.0')
    hosting.clock.increment(5_000)
    expect(await rejectionOf(late)).toMatchObject({ code: 'CUTOVER_VERSION_STOPPED', version: '2.0.0' })
  })
})

describe('keys', () => {
  it('S27: the choice depends on the key and the next version alone', async () => {
    const chosen = async (active: string, next: string) => {
      const hosting = new Hosting()
      const runtime = await hosting.serve(active)
      runtime.call = async () => 'active'
      hosting.addWilling(next).call = async () => 'next'
      await hosting.aggregate.setVersion(active, next)
      hosting.aggregate.setShare(50)
      return await Promise.all(times(200, i => hosting.aggregate.call('who', { key: `user${i}` })))
    }
    const first = await chosen('1.0.0', '2.0.0')
    expect(await chosen('1.5.0', '2.0.0')).toEqual(first)
    expect(await chosen('1.0.0', '3.0.0')).not.toEqual(first)
  })

  it('S27: the key is passed to the runtime; one that is no string is refused', async () => {
    const { aggregate, one } = await pair()
    void aggregate.call('a', { key: 'user1' }).catch(() => {})
    expect(one.calls[0]?.options).toEqual({ key: 'user1' })
    expect(await rejectionOf(aggregate.call('a', { key: 7 as never }))).toMatchObject({
      code: 'CUTOVER_INVALID_OPTION',
    })
    expect(one.calls).toHaveLength(1)
  })

  it('S27: an aggregate inside another chooses by the same key', async () => {
    const outer = new Hosting()
    const inner = await pair()
    outer.aggregate.addVersion('1.0.0', inner.aggregate)
    outer.aggregate.start()
    await outer.aggregate.setVersion('1.0.0')
    inner.one.emitStarted()
    inner.aggregate.setShare(50)
    const direct = times(100, i => `user${i}`)
    for (const key of direct) void outer.aggregate.call(key, { key }).catch(() => {})
    const through = inner.two.calls.splice(0).map(({ request }) => request)
    for (const key of direct) void inner.aggregate.call(key, { key }).catch(() => {})
    expect(through.length).toBeGreaterThan(20)
    expect(inner.two.calls.map(({ request }) => request)).toEqual(through)
    expect(inner.one.id).toBe(ID)
  })
})
