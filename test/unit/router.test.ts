import { expect, it } from 'vitest'
import { systemClock } from '../../src/clock.js'
import { Flights } from '../../src/flights.js'
import { safeLogger } from '../../src/logger.js'
import { type Backend, type Route, Router } from '../../src/router.js'
import { rejectionOf } from '../fixtures/hosting.js'

const TO_ONE: Route = { active: '1.0.0', next: null, closed: false }

/** A router that lets no call wait for a version. */
function hastyRouter(): Router<string, string> {
  return new Router({
    clock: systemClock,
    logger: safeLogger(undefined, {}),
    propagate: undefined,
    timeout: 0,
    max: 0,
    timedOut: () => new Error('timed out'),
    tooMany: () => new Error('too many'),
    closed: () => new Error('closed'),
  })
}

it('A call in the middle of a move waits for its end, whatever the limits', async () => {
  const router = hastyRouter()
  router.close(TO_ONE)
  const call = router.call('a', undefined)
  const backend: Backend<string, string> = {
    version: '1.0.0',
    runtime: { call: async request => request },
    flights: new Flights(),
  }
  router.open(TO_ONE, () => backend)
  expect(await call).toBe('a')
})

it('When a move has ended, the limits hold again, even if it led nowhere', async () => {
  const router = hastyRouter()
  router.close(TO_ONE)
  router.open(TO_ONE, () => undefined)
  expect(await rejectionOf(Promise.race([router.call('a', undefined), Promise.resolve('waits')]))).toMatchObject({
    message: 'too many',
  })
})
