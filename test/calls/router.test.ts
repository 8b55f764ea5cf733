import { describe, expect, it } from 'vitest'
import type { Route } from '../../src/calls/route.js'
import { Router, type RouterOptions } from '../../src/calls/router.js'
import { systemClock } from '../../src/contract/clock.js'
import { safeLogger } from '../../src/contract/logger.js'
import { ChannelRecorder } from '../fixtures/channels.js'
import { microtasks, rejectionOf, stateOf } from '../fixtures/hosting.js'
import { versions } from './versions.js'

const NOWHERE: Route = { active: null, next: null, closed: false }
const TO_ONE: Route = { ...NOWHERE, active: '1.0.0' }
const TO_TWO: Route = { ...NOWHERE, active: '2.0.0' }
const PATIENT = { timeout: Number.POSITIVE_INFINITY, max: 10 }

/** A router that lets no call wait for a version. */
function hastyRouter(options: Partial<RouterOptions<string>> = {}): Router<string, string> {
  return new Router({
    clock: systemClock,
    logger: safeLogger(undefined, {}),
    propagate: undefined,
    timeout: 0,
    max: 0,
    timedOut: () => new Error('timed out'),
    tooMany: () => new Error('too many'),
    closed: () => new Error('closed'),
    hopeless: () => undefined,
    refused: () => {},
    ...options,
  })
}

describe('a move of the route', () => {
  it('A call in the middle of it waits for its end, whatever the limits', async () => {
    const router = hastyRouter()
    const { find } = versions()
    router.move(TO_ONE, find)
    const call = router.call('a', undefined)
    router.release()
    expect(await call).toBe('1.0.0')
  })

  it('If it leads to a version that is not there, the limits hold', async () => {
    const router = hastyRouter()
    router.move(TO_ONE, () => undefined)
    router.release()
    expect(await rejectionOf(router.call('a', undefined))).toMatchObject({ message: 'too many' })
  })

  it('If it leads to no version, the limits hold all the time', async () => {
    const router = hastyRouter()
    router.move(NOWHERE, versions().find)
    const call = router.call('a', undefined)
    call.catch(() => {})
    expect(await stateOf(call)).toBe('rejected')
  })

  it('If it leads where calls go already, none waits, and each is propagated as before', () => {
    const router = hastyRouter({ propagate: () => true })
    const { sent, find } = versions()
    const route: Route = { ...TO_ONE, next: '2.0.0' }
    router.move(route, find)
    router.release()
    router.move(route, find)
    void router.call('a', undefined)
    expect(sent).toEqual(['1.0.0 a', '2.0.0 a'])
  })

  it('If one of the calls that waited moves the route on, the others wait for where it leads then', async () => {
    const router = hastyRouter()
    const { sent, find } = versions(request => {
      if (request === 'moves on') router.move(TO_TWO, find)
    })
    router.move(TO_ONE, find)
    const calls = ['moves on', 'waited'].map(request => router.call(request, undefined))
    router.release()
    calls.push(router.call('in between', undefined))
    await microtasks()
    expect(sent).toEqual(['1.0.0 moves on'])
    router.release()
    calls.push(router.call('after', undefined))
    expect(await Promise.all(calls)).toEqual(['1.0.0', '2.0.0', '2.0.0', '2.0.0'])
    expect(sent).toEqual(['1.0.0 moves on', '2.0.0 waited', '2.0.0 in between', '2.0.0 after'])
  })

  it('A version of the same name that has come in the place of another gets the calls', async () => {
    const router = hastyRouter()
    const [before, after] = [versions(), versions()]
    for (const { find } of [before, after]) {
      router.move(TO_ONE, find)
      router.release()
      await router.call('a', undefined)
    }
    expect([before.sent, after.sent]).toEqual([['1.0.0 a'], ['1.0.0 a']])
  })
})

describe('a runtime that takes no call', () => {
  it('is reported once, and the call waits at the head of the queue until the route is moved again', async () => {
    const refused: string[] = []
    const router = hastyRouter({ ...PATIENT, refused: version => refused.push(version) })
    const { sent, find, down } = versions()
    router.move(TO_ONE, find)
    router.release()
    down.add('1.0.0')
    const calls = ['a', 'b', 'c'].map(request => router.call(request, undefined))
    expect([refused, router.waiting, sent]).toEqual([['1.0.0'], 3, []])
    down.clear()
    router.move(TO_ONE, find)
    router.release()
    expect(await Promise.all(calls)).toEqual(['1.0.0', '1.0.0', '1.0.0'])
    expect(sent).toEqual(['1.0.0 a', '1.0.0 b', '1.0.0 c'])
  })

  it('in the middle of the queue keeps those behind in their order', async () => {
    const refused: string[] = []
    const router = hastyRouter({ ...PATIENT, refused: version => refused.push(version) })
    const { sent, find, down } = versions(request => {
      if (request === 'b') down.add('1.0.0')
    })
    const calls = ['a', 'b', 'c', 'd'].map(request => router.call(request, undefined))
    router.move(TO_ONE, find)
    router.release()
    expect([refused, router.waiting, sent]).toEqual([['1.0.0'], 2, ['1.0.0 a', '1.0.0 b']])
    calls.push(router.call('e', undefined))
    router.move(TO_TWO, find)
    router.release()
    await Promise.all(calls)
    expect(sent.slice(2)).toEqual(['2.0.0 c', '2.0.0 d', '2.0.0 e'])
  })

  it('A call that it refuses comes before what its loss brings about', async () => {
    const router: Router<string, string> = hastyRouter({
      ...PATIENT,
      refused: () => void router.call('from within', undefined),
    })
    const { sent, find, down } = versions()
    router.move(TO_ONE, find)
    router.release()
    down.add('1.0.0')
    const call = router.call('a', { signal: new AbortController().signal })
    router.move(TO_TWO, find)
    router.release()
    expect(await call).toBe('2.0.0')
    expect(sent).toEqual(['2.0.0 a', '2.0.0 from within'])
  })

  it('as next is reported too, gets nothing, and does not touch the answer', async () => {
    const refused: string[] = []
    const router = hastyRouter({ propagate: () => true, refused: version => refused.push(version) })
    const { sent, find, down } = versions()
    down.add('2.0.0')
    router.move({ ...TO_ONE, next: '2.0.0' }, find)
    router.release()
    expect(await Promise.all([router.call('a', undefined), router.call('b', undefined)])).toEqual(['1.0.0', '1.0.0'])
    expect([sent, refused]).toEqual([['1.0.0 a', '1.0.0 b'], ['2.0.0']])
  })
})

describe('a route that leads nowhere', () => {
  it('can be observed', () => {
    expect(() => hastyRouter().observe(null)).not.toThrow()
  })

  it('gets no mirrored call, if the call itself has led there, and no warning is logged', async () => {
    const warned: unknown[] = []
    const logger = safeLogger({ ...console, warn: (...line: unknown[]) => void warned.push(line) }, {})
    const router: Router<string, string> = hastyRouter({ propagate: () => true, logger })
    const { sent, find } = versions(() => router.move(NOWHERE, find))
    router.move({ ...TO_ONE, next: '2.0.0' }, find)
    router.release()
    expect(await router.call('a', undefined)).toBe('1.0.0')
    await microtasks()
    expect([sent, warned]).toEqual([['1.0.0 a'], []])
  })
})

it('The calls of a router that belongs to no aggregate are not published', async () => {
  const channels = new ChannelRecorder()
  const router = hastyRouter()
  router.move(TO_ONE, versions().find)
  router.release()
  await router.call('a', undefined)
  expect(channels.take()).toEqual([])
})

describe('the share of the next version', () => {
  const shared = (share: number): Route => ({ ...TO_ONE, next: '2.0.0', share })

  it('A next version that takes no call is reported once; its calls go to the active one, in their order', async () => {
    const refused: string[] = []
    const router = hastyRouter({ refused: version => refused.push(version) })
    const { sent, find, down } = versions()
    router.move(shared(100), find)
    router.release()
    down.add('2.0.0')
    const options = { key: 'user1' }
    const calls = [router.call('a', undefined), router.call('b', options), router.call('c', undefined)]
    expect(await Promise.all(calls)).toEqual(Array(3).fill('1.0.0'))
    expect([sent, refused]).toEqual([['1.0.0 a', '1.0.0 b', '1.0.0 c'], ['2.0.0']])
  })

  it('A call that the next version does not take is traced once, with the version that gets it', async () => {
    const channels = new ChannelRecorder()
    const pins = { gone: () => new Error('gone'), timedOut: () => new Error('late'), hopeless: () => undefined }
    const router = hastyRouter({ aggregate: 'a', pins })
    const { find, down } = versions()
    router.move(shared(100), find)
    router.release()
    down.add('2.0.0')
    await router.call('a', undefined)
    const [end, ...settled] = ['end', 'asyncStart', 'asyncEnd'].map(name => `${name} 1.0.0 active`)
    expect(channels.take()).toEqual(['start', end, ...settled])
  })

  it('If the next version takes no call while those that waited go out, they go to the active one', async () => {
    const refused: string[] = []
    const router = hastyRouter({ refused: version => refused.push(version) })
    const { sent, find, down } = versions(request => {
      if (request === 'a') down.add('2.0.0')
    })
    router.move(shared(100), find)
    const calls = ['a', 'b', 'c'].map(request => router.call(request, undefined))
    router.release()
    expect(await Promise.all(calls)).toEqual(['2.0.0', '1.0.0', '1.0.0'])
    expect([sent, refused]).toEqual([['2.0.0 a', '1.0.0 b', '1.0.0 c'], ['2.0.0']])
  })

  it('If the active version is lost, only the share goes out, past those that wait', async () => {
    const router = hastyRouter(PATIENT)
    const { sent, find } = versions()
    router.move({ ...shared(100), active: null }, find)
    router.release()
    await router.call('a', undefined)
    router.move({ ...shared(0), active: null }, find)
    router.release()
    const waits = router.call('b', undefined)
    router.move({ ...shared(0.000_001), active: null }, find)
    router.release()
    expect([sent, router.waiting]).toEqual([['2.0.0 a'], 1])
    router.move({ ...shared(100), active: null }, find)
    router.release()
    expect(await waits).toBe('2.0.0')
  })

  it('Past the queue, it is served too, unless the next version takes no call', async () => {
    const router = hastyRouter()
    const { sent, find, down } = versions()
    router.move(shared(100), find)
    expect(await router.callee?.call('a', undefined)).toBe('2.0.0')
    down.add('2.0.0')
    expect(await router.callee?.call('b', undefined)).toBe('1.0.0')
    expect(sent).toEqual(['2.0.0 a', '1.0.0 b'])
  })
})

describe('past the queue', () => {
  it('calls go where the route leads as soon as it is moved; until then there is no way', async () => {
    const router = hastyRouter()
    const { sent, find, down } = versions()
    expect(router.callee).toBeNull()
    router.move(TO_ONE, find)
    expect(await router.callee?.call('a', undefined)).toBe('1.0.0')
    down.add('1.0.0')
    expect(router.callee).toBeNull()
    down.clear()
    router.move(NOWHERE, find)
    expect(router.callee).toBeNull()
    expect(sent).toEqual(['1.0.0 a'])
  })

  it('calls are rejected once no call is taken any more', async () => {
    const router = hastyRouter()
    router.move({ ...NOWHERE, closed: true }, versions().find)
    expect(await rejectionOf(Promise.resolve(router.callee?.call('a', undefined)))).toMatchObject({ message: 'closed' })
  })
})

it('While there is nothing to wait for, calls reject at once, whatever the limits', async () => {
  let error: Error | undefined = new Error('hopeless')
  const router = hastyRouter({ ...PATIENT, hopeless: () => error })
  expect(await rejectionOf(router.call('a', undefined))).toBe(error)
  error = undefined
  const waiting = router.call('b', undefined)
  expect(router.waiting).toBe(1)
  error = new Error('given up')
  router.rejectHopeless()
  expect(await rejectionOf(waiting)).toBe(error)
})
