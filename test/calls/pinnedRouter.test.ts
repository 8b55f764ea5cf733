import { streamed } from 'cutover'
import { describe, expect, it } from 'vitest'
import type { Route } from '../../src/calls/route.js'
import { Router, type RouterOptions } from '../../src/calls/router.js'
import { systemClock } from '../../src/contract/clock.js'
import { safeLogger } from '../../src/contract/logger.js'
import { flowOf } from '../../src/streams/index.js'
import { rejectionOf } from '../fixtures/hosting.js'
import { versions } from './versions.js'

const BOTH: Route = { active: '1.0.0', next: '2.0.0', inPlace: ['1.0.0', '2.0.0'], closed: false }
const ONE: Route = { ...BOTH, next: null }

/** A router with pins, whose versions answer with their name. */
function pinning(options: Partial<RouterOptions<string>> = {}) {
  const refused: string[] = []
  /** The versions for which calls would wait in vain. */
  const hopeless = new Set<string>()
  let onCall = (_: string) => {}
  const { sent, down, find } = versions(request => onCall(request))
  const router = new Router<string, string>({
    clock: systemClock,
    logger: safeLogger(undefined, {}),
    propagate: undefined,
    timeout: Number.POSITIVE_INFINITY,
    max: 10,
    timedOut: () => new Error('timed out'),
    tooMany: () => new Error('too many'),
    closed: () => new Error('closed'),
    hopeless: () => (hopeless.has('all') ? new Error('hopeless') : undefined),
    refused: version => void refused.push(version),
    pins: {
      gone: version => new Error(`${version} is gone`),
      timedOut: version => new Error(`${version} timed out`),
      hopeless: version => (hopeless.has(version) ? new Error(`${version} is hopeless`) : undefined),
    },
    ...options,
  })
  const lead = (route: Route) => {
    router.move(route, find)
    router.release()
  }
  return {
    router,
    sent,
    refused,
    down,
    hopeless,
    find,
    lead,
    onCall: (act: (request: string) => void) => {
      onCall = act
    },
    waiting: () => [router.waiting, router.waitingFor('1.0.0'), router.waitingFor('2.0.0')],
  }
}

const one = { version: '1.0.0' }
const two = { version: '2.0.0' }

describe('S28: A call that names its version', () => {
  it('goes there, as active and as next, however the version is written', async () => {
    const { router, sent, lead } = pinning()
    lead(BOTH)
    const calls = [one, two, { version: '2.0.0+build.7' }].map(options => router.call('a', options))
    expect(await Promise.all(calls)).toEqual(['1.0.0', '2.0.0', '2.0.0'])
    expect(sent).toEqual(['1.0.0 a', '2.0.0 a', '2.0.0 a'])
  })

  it('waits while that is in place and not running, apart from all others', async () => {
    const { router, sent, lead, waiting } = pinning()
    lead({ ...ONE, active: null })
    const calls = [router.call('a', two), router.call('b', undefined), router.call('c', two)]
    expect(waiting()).toEqual([3, 0, 2])
    lead(ONE)
    expect(await calls[1]).toBe('1.0.0')
    expect(waiting()).toEqual([2, 0, 2])
    lead(BOTH)
    expect(await Promise.all(calls)).toEqual(['2.0.0', '1.0.0', '2.0.0'])
    expect([sent, waiting()]).toEqual([
      ['1.0.0 b', '2.0.0 a', '2.0.0 c'],
      [0, 0, 0],
    ])
  })

  it('is refused if that is not in place, also while it waits, and if it is no version', async () => {
    const { router, sent, lead } = pinning()
    lead(ONE)
    const waited = rejectionOf(router.call('a', two))
    lead({ ...ONE, inPlace: ['1.0.0'] })
    expect(await waited).toMatchObject({ message: '2.0.0 is gone' })
    expect(await rejectionOf(router.call('b', two))).toMatchObject({ message: '2.0.0 is gone' })
    expect(await rejectionOf(router.call('c', { version: 'newest' }))).toMatchObject({
      code: 'CUTOVER_INVALID_VERSION',
    })
    expect(sent).toEqual([])
    expect(router.unsent.failures).toEqual(
      new Map([
        ['error', 2],
        ['CUTOVER_INVALID_VERSION', 1],
      ]),
    )
  })

  it('is refused if it would wait in vain, also while it waits', async () => {
    const { router, hopeless, lead } = pinning()
    lead(ONE)
    const waited = rejectionOf(router.call('a', two))
    const others = router.call('b', one)
    hopeless.add('2.0.0')
    router.rejectHopeless()
    expect(await waited).toMatchObject({ message: '2.0.0 is hopeless' })
    expect(await rejectionOf(router.call('c', two))).toMatchObject({ message: '2.0.0 is hopeless' })
    expect([await others, router.waiting]).toEqual(['1.0.0', 0])
  })

  it('waits at the head if its version turns out to take none, which is reported once', async () => {
    const { router, sent, refused, down, lead, waiting } = pinning()
    lead(BOTH)
    down.add('2.0.0')
    const calls = ['a', 'b'].map(request => router.call(request, two))
    expect([refused, waiting()]).toEqual([['2.0.0'], [2, 0, 2]])
    down.clear()
    lead(ONE)
    lead(BOTH)
    expect(await Promise.all(calls)).toEqual(['2.0.0', '2.0.0'])
    expect(sent).toEqual(['2.0.0 a', '2.0.0 b'])
  })

  it('waits on if its version takes none when those that waited go out', async () => {
    const { router, sent, refused, down, lead, waiting } = pinning()
    lead(ONE)
    const call = router.call('a', two)
    down.add('2.0.0')
    lead(BOTH)
    expect([refused, sent, waiting()]).toEqual([['2.0.0'], [], [1, 0, 1]])
    down.clear()
    lead(ONE)
    lead(BOTH)
    expect(await call).toBe('2.0.0')
  })

  it('waits in the middle of a move, until that is complete', async () => {
    const { router, sent, find } = pinning()
    router.move(BOTH, find)
    const call = router.call('a', two)
    expect(sent).toEqual([])
    router.release()
    expect(await call).toBe('2.0.0')
  })

  it('goes to its version still, while the other one turns out to take no call', async () => {
    const { router, refused, down, lead } = pinning()
    lead(BOTH)
    down.add('1.0.0')
    const waits = router.call('a', undefined)
    expect(await router.call('b', two)).toBe('2.0.0')
    down.clear()
    lead(BOTH)
    expect([await waits, refused]).toEqual(['1.0.0', ['1.0.0']])
  })

  it('waits if its version turns out to take no call, and there is no other', () => {
    const { router, refused, down, lead, waiting } = pinning()
    lead({ ...BOTH, active: null })
    down.add('2.0.0')
    void router.call('a', two)
    expect([refused, waiting()]).toEqual([['2.0.0'], [1, 0, 1]])
  })

  it('goes out with those that it leads to, whichever queue they join', async () => {
    const { router, sent, lead, onCall } = pinning()
    lead({ ...ONE, active: null })
    const calls = [router.call('first', two)]
    onCall(request => {
      if (request === 'first') calls.push(router.call('inner', undefined), router.call('inner too', one))
    })
    lead(BOTH)
    expect([sent.toSorted(), router.waiting]).toEqual([['1.0.0 inner', '1.0.0 inner too', '2.0.0 first'], 0])
    expect(await Promise.all(calls)).toEqual(['2.0.0', '1.0.0', '1.0.0'])
  })

  it('stops in the middle of the queue if one before it moves the route on, until that is released', async () => {
    const { router, sent, find, lead, onCall } = pinning()
    const onlyTwo: Route = { ...BOTH, active: '2.0.0', next: null }
    lead({ ...BOTH, active: null, next: null })
    const calls = ['moves on', 'b'].map(request => router.call(request, two))
    onCall(request => {
      if (request === 'moves on') router.move(onlyTwo, find)
    })
    lead(BOTH)
    expect([sent, router.waitingFor('2.0.0')]).toEqual([['2.0.0 moves on'], 1])
    lead(onlyTwo)
    expect(await Promise.all(calls)).toEqual(['2.0.0', '2.0.0'])
  })
})

describe('A closed route', () => {
  it('rejects what waits, pinned or not, and what comes, and counts it', async () => {
    const { router, sent, lead } = pinning()
    lead({ ...ONE, active: null })
    const waited = [undefined, two].map(options => rejectionOf(router.call('a', options)))
    lead({ ...ONE, active: null, closed: true })
    const late = [undefined, one].map(options => rejectionOf(router.call('b', options)))
    const messages = (await Promise.all([...waited, ...late])).map(error => (error as Error).message)
    expect(messages).toEqual(['closed', 'closed', 'closed', 'closed'])
    expect([sent, router.waiting, router.unsent.failures]).toEqual([[], 0, new Map([['error', 4]])])
  })
})

describe('A call that no version gets', () => {
  it('counts as given up if its signal has fired, and closes the stream of its request', async () => {
    const { router, sent, lead } = pinning()
    lead(ONE)
    const reason = new Error('enough')
    const upload = streamed(ReadableStream.from(['a'])) as unknown as string
    expect(await rejectionOf(router.call(upload, { signal: AbortSignal.abort(reason) }))).toBe(reason)
    expect(flowOf(upload)?.end).toEqual({ status: 'failed', reason })
    expect([sent, router.unsent.givenUp, router.unsent.failures.size]).toEqual([[], 1, 0])
  })

  it('waits if that makes sense, and else is refused, also while it waits', async () => {
    const { router, hopeless, lead } = pinning()
    lead({ ...ONE, active: null })
    const waited = rejectionOf(router.call('a', undefined))
    router.rejectHopeless()
    expect(router.waiting).toBe(1)
    hopeless.add('all')
    router.rejectHopeless()
    expect(await waited).toMatchObject({ message: 'hopeless' })
    expect(await rejectionOf(router.call('b', undefined))).toMatchObject({ message: 'hopeless' })
    expect(router.waiting).toBe(0)
  })

  it('is refused past the queue too, once no call is taken any more or nothing is active', async () => {
    const { router, lead } = pinning()
    lead(ONE)
    const { callee } = router
    lead({ ...ONE, closed: true })
    expect(await rejectionOf(Promise.resolve(router.callee?.call('a', undefined)))).toMatchObject({ message: 'closed' })
    lead({ ...ONE, active: null })
    expect(router.callee).toBe(null)
    expect(await rejectionOf(Promise.resolve(callee?.call('b', undefined)))).toMatchObject({ message: 'closed' })
    expect(router.unsent.failures).toEqual(new Map([['error', 2]]))
  })
})

it('A router without pins takes a call that names a version as any other', async () => {
  const { router, sent, lead } = pinning({ pins: undefined as never })
  lead(BOTH)
  expect(await router.call('a', two)).toBe('1.0.0')
  expect([sent, router.waitingFor('2.0.0'), router.waiting]).toEqual([['1.0.0 a'], 0, 0])
})
