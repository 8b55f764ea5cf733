import { AsyncLocalStorage } from 'node:async_hooks'
import { setImmediate as nextTurn } from 'node:timers/promises'
import { setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'
import type { AggregateOptions, MirroredOutcomes } from 'cutover'
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { Hosting, microtasks, rejectionOf } from '../fixtures/hosting.js'

setFlagsFromString('--expose-gc')
const collectGarbage: () => void = runInNewContext('gc')

/** 1.0.0 serves, 2.0.0 runs as next. All requests are propagated. */
async function comparing(options: Partial<AggregateOptions<string>> = {}) {
  const pairs: MirroredOutcomes<string>[] = []
  const hosting = new Hosting({ propagate: () => true, onMirrored: pair => pairs.push(pair), ...options })
  const one = await hosting.serve('1.0.0', { autoStop: true })
  const two = hosting.addWilling('2.0.0')
  const { aggregate } = hosting
  await aggregate.setVersion('1.0.0', '2.0.0')
  const figures = (version: string) => aggregate.metrics().versions.find(its => its.version === version)
  return { hosting, aggregate, one, two, pairs, figures }
}

const gave = (version: string, value: string) => ({
  version,
  status: 'fulfilled',
  value,
  duration: expect.any(Number),
})
const rejected = (version: string, reason: unknown) => ({
  version,
  status: 'rejected',
  reason,
  duration: expect.any(Number),
})
const code = (name: string) => expect.objectContaining({ code: name })

// No time passes: otherwise pairs are handed over in several turns.
beforeEach(() => {
  vi.spyOn(performance, 'now').mockReturnValue(0)
})
afterEach(() => vi.restoreAllMocks())

it('S30: a version that begins to leave inside a call does not get that call too', async () => {
  const { aggregate, one, two } = await comparing()
  const call = one.call.bind(one)
  vi.spyOn(one, 'call').mockImplementation((...given) => {
    void aggregate.stop()
    return call(...given)
  })
  const answer = aggregate.call('a')
  one.answerAll()
  await answer
  expect(two.calls).toEqual([])
})

describe('onMirrored', () => {
  it('S30: hears both outcomes of a propagated call, in any order, once both have settled', async () => {
    const { aggregate, one, two, pairs } = await comparing()
    const calls = [aggregate.call('a'), aggregate.call('b')]
    one.calls[0]?.answer('A1')
    two.calls[1]?.answer('B2')
    expect(await calls[0]).toBe('A1')
    await nextTurn()
    expect(pairs).toEqual([])
    one.calls[1]?.answer('B1')
    expect(await calls[1]).toBe('B1')
    two.calls[0]?.fail('A2')
    await nextTurn()
    expect(pairs).toEqual([
      { request: 'b', active: gave('1.0.0', 'B1'), next: gave('2.0.0', 'B2') },
      { request: 'a', active: gave('1.0.0', 'A1'), next: rejected('2.0.0', 'A2') },
    ])
  })

  it('S30: does not hear calls that are not propagated, or go to one version only', async () => {
    const { aggregate, one, two, pairs } = await comparing({ propagate: request => request === 'both' })
    const calls = [aggregate.call('one'), aggregate.call('both', { version: '1.0.0' })]
    one.answerAll()
    await Promise.all(calls)
    await nextTurn()
    two.emitStopped(new Error('down'))
    const alone = aggregate.call('both')
    one.answerAll()
    await alone
    await nextTurn()
    expect([pairs, two.calls]).toEqual([[], []])
  })

  it('S30: a call by share is compared too; each outcome has its version', async () => {
    const { aggregate, one, two, pairs } = await comparing()
    aggregate.setShare(100)
    const call = aggregate.call('a')
    one.answerAll(() => 'old')
    two.answerAll(() => 'new')
    expect(await call).toBe('new')
    await nextTurn()
    expect(pairs).toEqual([{ request: 'a', active: gave('1.0.0', 'old'), next: gave('2.0.0', 'new') }])
  })

  it('S30: hears durations in ms', async () => {
    const now = vi.spyOn(performance, 'now').mockReturnValue(0)
    const { aggregate, one, two, pairs } = await comparing()
    const call = aggregate.call('a')
    now.mockReturnValue(3)
    one.answerAll()
    await call
    now.mockReturnValue(10)
    two.answerAll()
    await microtasks()
    await nextTurn()
    expect(pairs.map(({ active, next }) => [active.duration, next.duration])).toEqual([[3, 10]])
  })

  it('S30: is called after the answer was given and in a later turn, even if the other version was faster', async () => {
    const order: string[] = []
    const { aggregate, one, two } = await comparing({ onMirrored: () => order.push('onMirrored') })
    const call = aggregate.call('a').then(() => order.push('answer'))
    two.answerAll()
    await microtasks()
    one.answerAll()
    await call
    await microtasks()
    expect(order).toEqual(['answer'])
    await nextTurn()
    expect(order).toEqual(['answer', 'onMirrored'])
  })

  it('S30: is called in the async context in which the aggregate was made', async () => {
    const storage = new AsyncLocalStorage<string>()
    const seen: unknown[] = []
    const onMirrored = () => seen.push(storage.getStore())
    const { aggregate, one, two } = await storage.run('maker', () => comparing({ onMirrored }))
    const call = storage.run('caller', () => aggregate.call('a'))
    one.answerAll()
    two.answerAll()
    await call
    await nextTurn()
    expect(seen).toEqual(['maker'])
  })

  it.each([
    [
      'throws',
      () => {
        throw new Error('broken')
      },
    ],
    [
      'rejects',
      async () => {
        throw new Error('broken')
      },
    ],
  ])('S30: an onMirrored that %s is logged, and hears the next pair', async (_, fail) => {
    const onMirrored = vi.fn(fail)
    const { aggregate, hosting, one, two } = await comparing({ onMirrored })
    const calls = [aggregate.call('a'), aggregate.call('b')]
    one.answerAll()
    two.answerAll()
    expect(await Promise.all(calls)).toEqual(['a', 'b'])
    await nextTurn()
    expect(onMirrored).toHaveBeenCalledTimes(2)
    expect(hosting.errors()).toEqual(['onMirrored threw', 'onMirrored threw'])
  })

  it('S30: a slow onMirrored gets one pair in each turn of the event loop', async () => {
    const now = vi.spyOn(performance, 'now').mockReturnValue(0)
    const onMirrored = vi.fn(() => {
      now.mockReturnValue(performance.now() + 2)
    })
    const { aggregate, one, two } = await comparing({ onMirrored })
    one.call = two.call = async request => request
    await Promise.all(['a', 'b', 'c'].map(request => aggregate.call(request)))
    await microtasks()
    for (const turn of [1, 2, 3]) {
      await nextTurn()
      expect(onMirrored).toHaveBeenCalledTimes(turn)
    }
  })

  it('S30: calls made by onMirrored are compared as others are', async () => {
    let again = true
    const { aggregate, one, two, pairs } = await comparing({
      onMirrored: pair => {
        pairs.push(pair)
        if (again) void aggregate.call('again')
        again = false
      },
    })
    one.call = two.call = async request => request
    await aggregate.call('first')
    await nextTurn()
    await nextTurn()
    expect(pairs.map(({ request }) => request)).toEqual(['first', 'again'])
  })
})

function thrown(message: string): never {
  throw new Error(message)
}

/** A value that `await` takes for a promise. */
function thenable(then: (resolve: unknown, reject: (error: Error) => void) => void): object {
  return Object.defineProperty({}, 'then', { value: then })
}

describe('a propagated call', () => {
  it('S30: transferred buffers are cloned before they leave; onMirrored gets the copy', async () => {
    const seen: unknown[] = []
    const pairs: MirroredOutcomes[] = []
    const { aggregate, one, two } = await comparing({ onMirrored: pair => pairs.push(pair) })
    one.call = async request => {
      structuredClone(request, { transfer: [request as never] })
      return 'one'
    }
    two.call = async (request, options) => {
      seen.push((request as unknown as ArrayBuffer).byteLength, options?.transfer)
      return 'two'
    }
    const buffer = new ArrayBuffer(8)
    expect(await aggregate.call(buffer as never, { transfer: [buffer] })).toBe('one')
    await nextTurn()
    expect(seen).toEqual([8, undefined])
    expect([buffer.byteLength, pairs]).toEqual([0, [expect.objectContaining({ request: new ArrayBuffer(8) })]])
  })

  it('S30: a request that cannot be cloned goes to the active version only, with a warning', async () => {
    const { aggregate, hosting, one, two, pairs } = await comparing()
    const { port1 } = new MessageChannel()
    const call = aggregate.call({ port1, act: () => {} } as never, { transfer: [port1] })
    one.answerAll(() => 'one')
    expect(await call).toBe('one')
    await nextTurn()
    expect([two.calls, pairs]).toEqual([[], []])
    expect(hosting.warnings()).toEqual(['a call propagated to another version failed'])
    port1.close()
  })

  it('S30: no drain waits for it; it ends when its version leaves', async () => {
    const { aggregate, hosting, one, two, pairs, figures } = await comparing()
    const call = aggregate.call('a')
    one.answerAll()
    expect(await call).toBe('a')
    await aggregate.setVersion('1.0.0')
    expect([two.stops, aggregate.hasVersion('2.0.0')]).toEqual([1, false])
    await nextTurn()
    expect(pairs).toEqual([
      { request: 'a', active: gave('1.0.0', 'a'), next: rejected('2.0.0', code('CUTOVER_VERSION_STOPPED')) },
    ])
    expect(figures('2.0.0')?.mirrored).toMatchObject({ calls: 1, cutOff: 1, inFlight: 0 })
    expect(hosting.warnings()).toEqual(['propagated calls were ended'])
    two.answerAll()
    await nextTurn()
    expect(pairs).toHaveLength(1)
    expect(figures('2.0.0')?.mirrored).toMatchObject({ calls: 1, answered: 0 })
  })

  it('S30: may be answered while its version drains other calls', async () => {
    const { aggregate, one, two, pairs } = await comparing()
    const pinned = aggregate.call('pinned', { version: '2.0.0' })
    const call = aggregate.call('a')
    const left = aggregate.setVersion('1.0.0')
    two.calls[1]?.answer('A2')
    one.answerAll()
    await call
    two.calls[0]?.answer('pinned')
    await Promise.all([pinned, left])
    await nextTurn()
    expect(pairs).toMatchObject([{ next: { status: 'fulfilled', value: 'A2' } }])
  })

  it('S30: ends when its runtime dies, and the pair is complete', async () => {
    const { aggregate, one, two, pairs, figures } = await comparing()
    const call = aggregate.call('a')
    two.emitStopped(new Error('crashed'))
    one.answerAll()
    expect(await call).toBe('a')
    await nextTurn()
    expect(pairs).toMatchObject([{ next: rejected('2.0.0', code('CUTOVER_RUNTIME_LOST')) }])
    expect(figures('2.0.0')?.mirrored).toMatchObject({ failures: { CUTOVER_RUNTIME_LOST: 1 }, inFlight: 0 })
  })

  it('S30: the pair of an answer that is cut off tells so', async () => {
    const { aggregate, two, pairs } = await comparing({ drainTimeout: 0 })
    const call = aggregate.call('a')
    two.answerAll()
    await aggregate.setVersion('2.0.0')
    expect(await rejectionOf(call)).toMatchObject({ code: 'CUTOVER_VERSION_STOPPED' })
    await nextTurn()
    expect(pairs).toMatchObject([{ active: rejected('1.0.0', code('CUTOVER_VERSION_STOPPED')), next: { value: 'a' } }])
  })

  it('S30: survives a swap and a promotion, which change the roles but not the pair', async () => {
    const { aggregate, one, two, pairs } = await comparing()
    const call = aggregate.call('a')
    await aggregate.swap()
    two.answerAll(() => 'A2')
    one.answerAll(() => 'A1')
    expect(await call).toBe('A1')
    await nextTurn()
    expect(pairs).toEqual([{ request: 'a', active: gave('1.0.0', 'A1'), next: gave('2.0.0', 'A2') }])
  })

  it('S30: dispose() in the middle ends it, and onMirrored hears the pair', async () => {
    const { aggregate, one, pairs } = await comparing({ drainTimeout: 0 })
    const calls = [aggregate.call('answered'), aggregate.call('open')]
    one.calls[0]?.answer('answered')
    await calls[0]
    const disposed = aggregate.dispose()
    expect(await rejectionOf(calls[1] as Promise<string>)).toMatchObject({ code: 'CUTOVER_VERSION_STOPPED' })
    await disposed
    await nextTurn()
    expect(pairs.map(({ request, active, next }) => [request, active.status, next.status]).sort()).toEqual([
      ['answered', 'fulfilled', 'rejected'],
      ['open', 'rejected', 'rejected'],
    ])
  })

  it('S30: its signal reaches both versions; a caller that gives up fails neither', async () => {
    const { aggregate, one, two, figures } = await comparing()
    const giveUp = new AbortController()
    const call = aggregate.call('a', { signal: giveUp.signal })
    giveUp.abort()
    for (const runtime of [one, two]) runtime.calls[0]?.fail(runtime.calls[0].options?.signal?.reason)
    await rejectionOf(call)
    await microtasks()
    expect(figures('1.0.0')).toMatchObject({ givenUp: 1, failed: 0 })
    expect(figures('2.0.0')?.mirrored).toMatchObject({ givenUp: 1, failed: 0 })
  })

  it.each([
    [
      'throws',
      () => {
        throw new Error('no')
      },
    ],
    ['gives a thenable that throws', () => thenable(() => thrown('no'))],
    [
      'gives a thenable that settles twice',
      () =>
        thenable((_, reject) => {
          reject(new Error('no'))
          reject(new Error('again'))
        }),
    ],
  ])('S30: a next version that %s has rejected, once', async (_, fail) => {
    const { aggregate, one, two, pairs, figures, hosting } = await comparing()
    two.call = fail as never
    const call = aggregate.call('a')
    one.answerAll()
    expect(await call).toBe('a')
    await nextTurn()
    expect(pairs).toMatchObject([{ next: { status: 'rejected', reason: { message: 'no' } } }])
    expect(figures('2.0.0')?.mirrored).toMatchObject({ calls: 1, failed: 1, inFlight: 0 })
    expect(hosting.warnings()).toEqual(['a call propagated to another version failed'])
  })
})

describe('a next version that hangs', () => {
  it.each([[true], [false]])(
    'S30: collects 1,024 propagated calls of 100,000, and delays none (onMirrored: %s)',
    async hears => {
      const { aggregate, hosting, one, two, pairs, figures } = await comparing(hears ? {} : { onMirrored: undefined })
      one.call = async request => request
      for (let i = 0; i < 100; i++) await Promise.all(Array.from({ length: 1_000 }, () => aggregate.call('a')))
      expect(two.calls).toHaveLength(1_024)
      expect(figures('1.0.0')?.answered).toBe(100_000)
      expect(figures('2.0.0')?.mirrored).toMatchObject({ calls: 1_024, inFlight: 1_024, skipped: 98_976 })
      expect(hosting.warnings()).toEqual([expect.stringMatching(/^more than 1024 propagated calls are unanswered/)])
      two.answerAll()
      await microtasks()
      await nextTurn()
      expect(pairs).toHaveLength(hears ? 1_024 : 0)
      await aggregate.call('b')
      expect(two.calls).toHaveLength(1)
    },
  )

  it('S30: keeps no request of propagated calls that have ended', async () => {
    const { aggregate, one, two } = await comparing({ onMirrored: () => {} })
    one.call = async request => request
    two.call = () => new Promise(() => {})
    const requests = await Promise.all(
      Array.from({ length: 100 }, async () => {
        const request = { a: 1 }
        await aggregate.call(request as never)
        return new WeakRef(request)
      }),
    )
    two.emitStopped(new Error('crashed'))
    await nextTurn()
    collectGarbage()
    expect(requests.filter(request => request.deref() !== undefined)).toEqual([])
  })

  it('S30: an active version that hangs leaves at most 1,024 pairs incomplete', async () => {
    const { aggregate, two, figures } = await comparing({ drainTimeout: 0 })
    two.call = async request => request
    const calls = Array.from({ length: 2_000 }, () => aggregate.call('a'))
    for (const call of calls) call.catch(() => {})
    await microtasks()
    expect(figures('2.0.0')?.mirrored).toMatchObject({ answered: 1_024, skipped: 976 })
    await aggregate.dispose()
  })
})
