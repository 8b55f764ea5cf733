import { describe, expect, it } from 'vitest'
import { systemClock } from '../../src/clock.js'
import { Flights } from '../../src/flights.js'
import { safeLogger } from '../../src/logger.js'
import { type Backend, type Route, Router, type RouterOptions } from '../../src/router.js'
import { microtasks, rejectionOf, stateOf } from '../fixtures/hosting.js'

const NOWHERE: Route = { active: null, next: null, closed: false }
const TO_ONE: Route = { ...NOWHERE, active: '1.0.0' }
const TO_TWO: Route = { ...NOWHERE, active: '2.0.0' }

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
    ...options,
  })
}

/** Versions that answer with their name and the request, and whom each call was sent to, in order. */
function versions(onCall: (request: string) => void = () => {}) {
  const sent: string[] = []
  const backendOf = (version: string): Backend<string, string> => {
    const call = async (request: string) => {
      sent.push(`${version} ${request}`)
      onCall(request)
      return version
    }
    return { version, callee: { call }, flights: new Flights() }
  }
  return { sent, backendOf }
}

describe('a move of the route', () => {
  it('A call in the middle of it waits for its end, whatever the limits', async () => {
    const router = hastyRouter()
    const { backendOf } = versions()
    router.close(TO_ONE)
    const call = router.call('a', undefined)
    router.open(TO_ONE, backendOf)
    expect(await call).toBe('1.0.0')
  })

  it('When it has ended, the limits hold again, even if it led nowhere', async () => {
    const router = hastyRouter()
    router.close(TO_ONE)
    router.open(TO_ONE, () => undefined)
    expect(await rejectionOf(Promise.race([router.call('a', undefined), Promise.resolve('waits')]))).toMatchObject({
      message: 'too many',
    })
  })

  it('If it leads to no version, the limits hold all the time', async () => {
    const router = hastyRouter()
    router.close(NOWHERE)
    const call = router.call('a', undefined)
    call.catch(() => {})
    expect(await stateOf(call)).toBe('rejected')
  })

  it('If it leads where calls go already, none waits, and each is propagated as before', () => {
    const router = hastyRouter({ propagate: () => true })
    const { sent, backendOf } = versions()
    const route: Route = { ...TO_ONE, next: '2.0.0' }
    router.close(route)
    router.open(route, backendOf)
    router.close(route)
    void router.call('a', undefined)
    expect(sent).toEqual(['1.0.0 a', '2.0.0 a'])
  })

  it('If one of the calls that waited moves the route on, the others wait for where it leads then', async () => {
    const router = hastyRouter()
    const { sent, backendOf } = versions(request => {
      if (request === 'moves on') router.close(TO_TWO)
    })
    router.close(TO_ONE)
    const calls = ['moves on', 'waited'].map(request => router.call(request, undefined))
    router.open(TO_ONE, backendOf)
    calls.push(router.call('in between', undefined))
    await microtasks()
    expect(sent).toEqual(['1.0.0 moves on'])
    router.open(TO_TWO, backendOf)
    calls.push(router.call('after', undefined))
    expect(await Promise.all(calls)).toEqual(['1.0.0', '2.0.0', '2.0.0', '2.0.0'])
    expect(sent).toEqual(['1.0.0 moves on', '2.0.0 waited', '2.0.0 in between', '2.0.0 after'])
  })
})
