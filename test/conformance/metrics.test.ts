import type { AggregateOptions, CallMetrics, VersionMetrics } from 'cutover'
import { afterEach, describe, expect, it, vi } from 'vitest'
import { Hosting, microtasks, rejectionOf } from '../fixtures/hosting.js'

/** 1.0.0 serves, 2.0.0 runs as next. */
async function pair(options: Partial<AggregateOptions<string>> = {}) {
  const hosting = new Hosting(options)
  const one = await hosting.serve('1.0.0', { autoStop: true })
  const two = hosting.addWilling('2.0.0')
  await hosting.aggregate.setVersion('1.0.0', '2.0.0')
  const { aggregate } = hosting
  const figures = (version: string) => {
    const found = aggregate.metrics().versions.find(its => its.version === version)
    if (found === undefined) throw new Error(`no figures of ${version}`)
    return found
  }
  return { hosting, aggregate, one, two, figures }
}

/** Makes two calls of 1.0.0: one is cut off by a switch to 2.0.0, the other given up by its caller. Needs `drainTimeout: 0`. */
async function cutOffAndGivenUp({ aggregate, one }: Pick<Awaited<ReturnType<typeof pair>>, 'aggregate' | 'one'>) {
  const giveUp = new AbortController()
  const calls = [aggregate.call('a'), aggregate.call('b', { signal: giveUp.signal })]
  giveUp.abort()
  one.calls[1]?.fail(giveUp.signal.reason)
  await rejectionOf(calls[1] as Promise<string>)
  await aggregate.setVersion('2.0.0')
  await rejectionOf(calls[0] as Promise<string>)
}

const NONE: CallMetrics = {
  calls: 0,
  answered: 0,
  failed: 0,
  failures: {},
  givenUp: 0,
  cutOff: 0,
  inFlight: 0,
  durations: null,
}
const FRESH: Omit<VersionMetrics, 'version' | 'role'> = {
  ...NONE,
  waiting: 0,
  restarts: 0,
  pool: null,
  pinned: NONE,
  mirrored: { ...NONE, skipped: 0 },
}
const coded = (code: unknown) => Object.assign(new Error('no'), { code })

afterEach(() => vi.restoreAllMocks())

describe('the figures of an aggregate', () => {
  it('S32: an aggregate without calls has zeros, and the role of each version', async () => {
    const { aggregate, hosting } = await pair()
    hosting.add('0.9.0')
    expect(aggregate.metrics()).toEqual({
      id: 'markdown',
      versions: [
        { version: '0.9.0', role: null, ...FRESH },
        { version: '1.0.0', role: 'active', ...FRESH },
        { version: '2.0.0', role: 'next', ...FRESH },
      ],
      waiting: 0,
      unsent: { failed: 0, failures: {}, givenUp: 0 },
    })
    aggregate.setShare(1)
    expect(aggregate.metrics().versions.map(({ role }) => role)).toEqual([null, 'active', 'sharing'])
    await aggregate.swap()
    expect(aggregate.metrics().versions.map(({ role }) => role)).toEqual([null, 'next', 'active'])
  })

  it('S32: a call is counted once: in flight, then by how it ended', async () => {
    const { aggregate, one, figures } = await pair({ drainTimeout: 0 })
    const giveUp = new AbortController()
    const calls = [1, 2, 3, 4, 5].map(i => aggregate.call(`${i}`, i === 4 ? { signal: giveUp.signal } : {}))
    expect(figures('1.0.0')).toEqual({ version: '1.0.0', role: 'active', ...FRESH, calls: 5, inFlight: 5 })
    one.calls[0]?.answer('a')
    one.calls[1]?.fail(coded('E_BUSY'))
    one.calls[2]?.fail('text')
    giveUp.abort()
    one.calls[3]?.fail(giveUp.signal.reason)
    await Promise.allSettled(calls.slice(0, 4))
    await aggregate.setVersion('2.0.0')
    expect(await rejectionOf(calls[4] as Promise<string>)).toMatchObject({ code: 'CUTOVER_VERSION_STOPPED' })
    const failures = { E_BUSY: 1, error: 1 }
    expect(figures('1.0.0')).toEqual({
      version: '1.0.0',
      role: null,
      ...FRESH,
      calls: 5,
      answered: 1,
      failed: 2,
      failures,
      givenUp: 1,
      cutOff: 1,
    })
  })

  it('S32: the calls of a runtime that dies have failed, and its restart is counted', async () => {
    const { aggregate, one, figures } = await pair()
    const call = aggregate.call('a')
    one.emitStopped(new Error('crashed'))
    expect(await rejectionOf(call)).toMatchObject({ code: 'CUTOVER_RUNTIME_LOST' })
    expect(figures('1.0.0')).toMatchObject({ failures: { CUTOVER_RUNTIME_LOST: 1 }, restarts: 1, inFlight: 0 })
    one.emitStopped(new Error('crashed again, before it was up'))
    one.emitStarted()
    one.emitStarted()
    expect(figures('1.0.0').restarts).toBe(1)
    one.endEvents()
    expect(figures('1.0.0').restarts).toBe(2)
  })

  it('S32: a planned stop is no restart', async () => {
    const { aggregate, hosting, figures } = await pair()
    const call = aggregate.call('a')
    hosting.runtimes[0]?.answerAll()
    await call
    await aggregate.stop()
    expect(figures('1.0.0').restarts).toBe(0)
  })

  it('S32: calls by share count where they went; calls that name a version are counted apart', async () => {
    const { aggregate, one, two, figures } = await pair()
    aggregate.setShare(100)
    const calls = [aggregate.call('share'), aggregate.call('pin', { version: '2.0.0' })]
    calls.push(aggregate.call('pin', { version: '1.0.0' }))
    expect(figures('2.0.0')).toMatchObject({
      role: 'sharing',
      calls: 1,
      inFlight: 1,
      pinned: { calls: 1, inFlight: 1 },
    })
    two.answerAll()
    one.calls[0]?.fail(coded('E_PIN'))
    await Promise.allSettled(calls)
    expect(figures('2.0.0')).toMatchObject({ calls: 1, answered: 1, pinned: { calls: 1, answered: 1, inFlight: 0 } })
    expect(figures('1.0.0')).toMatchObject({ calls: 0, pinned: { calls: 1, failed: 1, failures: { E_PIN: 1 } } })
  })

  it('S32: pinned calls are cut off and given up as others are', async () => {
    const { aggregate, two, figures } = await pair({ drainTimeout: 0 })
    const giveUp = new AbortController()
    const calls = [
      aggregate.call('a', { version: '2.0.0' }),
      aggregate.call('b', { version: '2.0.0', signal: giveUp.signal }),
    ]
    giveUp.abort()
    two.calls[1]?.fail(giveUp.signal.reason)
    await rejectionOf(calls[1] as Promise<string>)
    await aggregate.setVersion('1.0.0')
    await rejectionOf(calls[0] as Promise<string>)
    expect(figures('2.0.0')).toMatchObject({ calls: 0, pinned: { calls: 2, cutOff: 1, givenUp: 1, failed: 0 } })
  })

  it('S32: propagated calls are counted apart', async () => {
    const { aggregate, one, two, figures } = await pair({ propagate: () => true })
    const calls = [aggregate.call('a'), aggregate.call('b')]
    expect(figures('2.0.0')).toMatchObject({ calls: 0, inFlight: 0, mirrored: { calls: 2, inFlight: 2 } })
    two.calls[0]?.answer('a')
    two.calls[1]?.fail(coded('E_NEW'))
    one.answerAll()
    await Promise.all(calls)
    await microtasks()
    expect(figures('1.0.0')).toMatchObject({ calls: 2, answered: 2, mirrored: { calls: 0 } })
    expect(figures('2.0.0')).toMatchObject({
      calls: 0,
      mirrored: { calls: 2, answered: 1, failed: 1, failures: { E_NEW: 1 }, skipped: 0 },
    })
  })

  it('S32: calls that no version gets are counted as unsent', async () => {
    const hosting = new Hosting({ maxWaitingCalls: 2, waitTimeout: 1_000 })
    const { aggregate } = hosting
    const giveUp = new AbortController()
    const calls = [
      aggregate.call('late'),
      aggregate.call('given up', { signal: giveUp.signal }),
      aggregate.call('full'),
    ]
    expect(aggregate.metrics()).toMatchObject({ waiting: 2, unsent: { failed: 1, givenUp: 0 } })
    giveUp.abort()
    hosting.clock.increment(1_000)
    calls.push(aggregate.call('aborted', { signal: giveUp.signal }))
    calls.push(aggregate.call('pinned', { version: '1.0.0' }))
    calls.push(aggregate.call('no version', { version: 'one' }))
    calls.push(aggregate.call('no key', { key: 1 as never }))
    await aggregate.dispose()
    calls.push(aggregate.call('closed'))
    await Promise.allSettled(calls)
    const failures = {
      CUTOVER_TOO_MANY_WAITING_CALLS: 1,
      CUTOVER_NO_ACTIVE_VERSION: 1,
      CUTOVER_NO_SUCH_VERSION: 1,
      CUTOVER_INVALID_VERSION: 1,
      CUTOVER_INVALID_OPTION: 1,
      CUTOVER_DISPOSED: 1,
    }
    expect(aggregate.metrics()).toEqual({
      id: 'markdown',
      versions: [],
      waiting: 0,
      unsent: { failed: 6, failures, givenUp: 2 },
    })
  })

  it('S32: waiting calls count for the version that they name, and all of them for the aggregate', async () => {
    const { aggregate, one, hosting, figures } = await pair()
    one.emitStopped(new Error('crashed'))
    void aggregate.call('any').catch(() => {})
    void aggregate.call('pinned', { version: '1.0.0' }).catch(() => {})
    expect([aggregate.metrics().waiting, figures('1.0.0').waiting, figures('2.0.0').waiting]).toEqual([2, 1, 0])
    await hosting.aggregate.dispose()
    expect([aggregate.metrics().waiting, aggregate.metrics().unsent.failed]).toEqual([0, 2])
  })
})

describe('failures', () => {
  it('S32: isFailure sees each outcome, and decides which count as failures', async () => {
    const seen: unknown[] = []
    const { aggregate, one, figures } = await pair({
      isFailure: outcome => {
        seen.push(outcome)
        return outcome.status === 'fulfilled' ? outcome.value === 'bad' : outcome.reason !== 'expected'
      },
    })
    const calls = [1, 2, 3, 4].map(i => aggregate.call(`${i}`))
    one.calls[0]?.answer('good')
    one.calls[1]?.answer('bad')
    one.calls[2]?.fail('expected')
    one.calls[3]?.fail(coded('E_OTHER'))
    expect((await Promise.allSettled(calls)).map(({ status }) => status)).toEqual([
      'fulfilled',
      'fulfilled',
      'rejected',
      'rejected',
    ])
    expect(figures('1.0.0')).toMatchObject({ calls: 4, answered: 2, failed: 2, failures: { answer: 1, E_OTHER: 1 } })
    const call = { version: '1.0.0', duration: expect.any(Number) }
    expect(seen).toEqual([
      { ...call, status: 'fulfilled', value: 'good' },
      { ...call, status: 'fulfilled', value: 'bad' },
      { ...call, status: 'rejected', reason: 'expected' },
      { ...call, status: 'rejected', reason: expect.objectContaining({ code: 'E_OTHER' }) },
    ])
  })

  it('S32: isFailure is not asked about calls that were cut off or given up', async () => {
    const isFailure = vi.fn(() => true)
    const { aggregate, one, figures } = await pair({ isFailure, drainTimeout: 0 })
    await cutOffAndGivenUp({ aggregate, one })
    expect(isFailure).not.toHaveBeenCalled()
    expect(figures('1.0.0')).toMatchObject({ cutOff: 1, givenUp: 1, failed: 0 })
  })

  it.each(['answer', 'fail'] as const)(
    'S32: an isFailure that ends the aggregate counts the call once: %s',
    async how => {
      const seen: unknown[] = []
      const { aggregate, one, figures } = await pair({
        drainTimeout: 0,
        isFailure: ({ status }) => {
          seen.push(status)
          void aggregate.stop()
          return status === 'rejected'
        },
      })
      const calls = [aggregate.call('a'), aggregate.call('b')]
      one.calls[0]?.[how]('done')
      const settled = await Promise.allSettled(calls)
      expect(settled.map(({ status }) => status)).toEqual([how === 'answer' ? 'fulfilled' : 'rejected', 'rejected'])
      expect(seen).toHaveLength(1)
      const failed = how === 'answer' ? 0 : 1
      expect(figures('1.0.0')).toMatchObject({ calls: 2, answered: 1 - failed, failed, cutOff: 1, inFlight: 0 })
    },
  )

  it.each([
    [
      'throws',
      () => {
        throw new Error('no idea')
      },
      ['isFailure threw', 'isFailure threw'],
    ],
    ['gives a promise', async () => true, []],
  ])('S32: an isFailure that %s leaves rejections as failures, and touches no call', async (_, isFailure, errors) => {
    const { aggregate, hosting, one, figures } = await pair({ isFailure: isFailure as never })
    const calls = [aggregate.call('a'), aggregate.call('b')]
    one.calls[0]?.answer('good')
    one.calls[1]?.fail('bad')
    expect(await calls[0]).toBe('good')
    expect(await rejectionOf(calls[1] as Promise<string>)).toBe('bad')
    await microtasks()
    expect(figures('1.0.0')).toMatchObject({ answered: 1, failed: 1 })
    expect(hosting.errors()).toEqual(errors)
  })

  it('S32: a code that is no short text, or cannot be read, counts as `error`', async () => {
    const { aggregate, one, figures } = await pair()
    const unreadable = Object.defineProperty(new Error('no'), 'code', {
      get() {
        throw new Error('unreadable')
      },
    })
    const reasons = [unreadable, coded(7), coded(''), coded('x'.repeat(65)), undefined, null]
    const calls = reasons.map(() => aggregate.call('a'))
    for (const [i, reason] of reasons.entries()) one.calls[i]?.fail(reason)
    await Promise.allSettled(calls)
    expect(figures('1.0.0').failures).toEqual({ error: reasons.length })
  })

  it('S32: a runtime that makes up codes fills at most 64 places', async () => {
    const { aggregate, one, figures } = await pair()
    one.call = async request => Promise.reject(coded(request))
    await Promise.allSettled(
      ['__proto__', ...Array.from({ length: 999 }, (_, i) => `E${i}`)].map(code => aggregate.call(code)),
    )
    const { failures, failed } = figures('1.0.0')
    expect([failed, Object.keys(failures).length, failures['E62'], failures['error']]).toEqual([1_000, 65, 1, 936])
    expect(Object.getOwnPropertyDescriptor(failures, '__proto__')?.value).toBe(1)
  })

  it('S32: a signal that cannot be read has given up nothing', async () => {
    const { aggregate, one, figures } = await pair()
    let isSent = false
    const { signal } = new AbortController()
    const options = {
      get signal() {
        if (isSent) throw new Error('unreadable')
        return signal
      },
    }
    const call = aggregate.call('a', options)
    isSent = true
    one.calls[0]?.fail(coded('E_NO'))
    await rejectionOf(call)
    expect(figures('1.0.0')).toMatchObject({ failures: { E_NO: 1 }, givenUp: 0 })
  })
})

describe('durations', () => {
  it('S32: with the option, each kind of calls has its durations in ms', async () => {
    const now = vi.spyOn(performance, 'now').mockReturnValue(0)
    const { aggregate, one, two, figures } = await pair({ durations: true, propagate: request => request === 'both' })
    expect(figures('1.0.0').durations).toBeNull()
    for (const ms of Array.from({ length: 100 }, (_, i) => i + 1)) {
      now.mockReturnValue(0)
      const call = aggregate.call('a')
      now.mockReturnValue(ms)
      if (ms % 2 === 0) one.calls.pop()?.answer('a')
      else one.calls.pop()?.fail('a')
      await Promise.allSettled([call])
    }
    const { durations } = figures('1.0.0')
    expect(durations?.count).toBe(100)
    const off = (value: number | undefined, ms: number) => Math.abs((value ?? 0) / ms - 1)
    expect(off(durations?.mean, 50.5)).toBeLessThan(0.01)
    expect(off(durations?.p50, 50)).toBeLessThan(0.01)
    expect(off(durations?.p90, 90)).toBeLessThan(0.01)
    expect(off(durations?.p99, 99)).toBeLessThan(0.01)
    expect(off(durations?.max, 100)).toBeLessThan(0.01)
    now.mockReturnValue(0)
    const calls = [aggregate.call('both'), aggregate.call('pin', { version: '2.0.0' })]
    now.mockReturnValue(7)
    one.answerAll()
    two.answerAll()
    await Promise.all(calls)
    await microtasks()
    const { pinned, mirrored } = figures('2.0.0')
    expect([pinned.durations?.count, mirrored.durations?.count]).toEqual([1, 1])
    expect(off(mirrored.durations?.max, 7)).toBeLessThan(0.01)
  })

  it('S32: calls that were cut off or given up have no duration', async () => {
    const { aggregate, one, figures } = await pair({ durations: true, drainTimeout: 0 })
    await cutOffAndGivenUp({ aggregate, one })
    expect(figures('1.0.0')).toMatchObject({ cutOff: 1, givenUp: 1, durations: null })
  })

  it('S32: a clock that runs backwards, or for longer than an hour, breaks nothing', async () => {
    const now = vi.spyOn(performance, 'now')
    const { aggregate, one, figures } = await pair({ durations: true })
    for (const end of [-5, 10 * 3_600_000]) {
      now.mockReturnValue(0)
      const call = aggregate.call('a')
      now.mockReturnValue(end)
      one.answerAll()
      expect(await call).toBe('a')
    }
    expect(figures('1.0.0').durations?.count).toBe(2)
  })
})

describe('the counters of a version', () => {
  it('S32: are kept when it leaves, and go on when it is added again', async () => {
    const { aggregate, hosting, one, figures } = await pair()
    const call = aggregate.call('a')
    one.answerAll()
    await call
    await aggregate.setVersion('2.0.0')
    expect(aggregate.hasVersion('1.0.0')).toBe(false)
    expect(figures('1.0.0')).toMatchObject({ role: null, calls: 1, answered: 1 })
    const again = hosting.addWilling('1.0.0')
    await aggregate.setVersion('1.0.0')
    const second = aggregate.call('b')
    again.answerAll()
    await second
    expect(figures('1.0.0')).toMatchObject({ role: 'active', calls: 2, answered: 2 })
  })

  it('S32: are kept for the last 16 versions that left and had calls', async () => {
    const hosting = new Hosting()
    const { aggregate } = hosting
    aggregate.start()
    for (let i = 0; i < 40; i++) {
      const runtime = hosting.addWilling(`1.${i}.0`)
      await aggregate.setVersion(`1.${i}.0`)
      if (i % 2 === 1) continue
      const call = aggregate.call('a')
      runtime.answerAll()
      await call
    }
    hosting.add('9.0.0')
    aggregate.removeVersion('9.0.0')
    const versions = aggregate.metrics().versions.map(({ version }) => version)
    expect(versions).toEqual([...Array.from({ length: 16 }, (_, i) => `1.${8 + 2 * i}.0`), '1.39.0'])
  })

  it('S32: are plain JSON, outlive dispose, and are a snapshot', async () => {
    const { aggregate, one } = await pair({ durations: true })
    const before = aggregate.metrics()
    const call = aggregate.call('a')
    one.answerAll()
    await call
    expect(before.versions[0]?.calls).toBe(0)
    await aggregate.dispose()
    const after = aggregate.metrics()
    expect(after.versions.map(({ version, answered }) => [version, answered])).toEqual([['1.0.0', 1]])
    expect(JSON.parse(JSON.stringify(after))).toEqual(after)
  })
})
