import { aggregateMachine } from 'cutover/machines'
import { pathsOf } from 'cutover/testing'
import { expect, it, onTestFinished } from 'vitest'
import { Deadline } from '../../../src/testing/deadline.js'
import { PendingPromises } from '../../../src/testing/scenarios/pendingPromises.js'
import { rejectionOf } from '../../fixtures/hosting.js'

const input = { handover: 'sequential', drainTimeout: 0, stopTimeout: 0 } as const
const [{ initial } = { initial: undefined }] = pathsOf(aggregateMachine, { input, events: () => [] })
if (initial === undefined) throw new Error('The machine of the aggregate has no initial state.')

it('A promise that rejects before it is checked is no unhandled rejection, but fails the check', async () => {
  const unhandled: unknown[] = []
  const note = (reason: unknown) => unhandled.push(reason)
  process.on('unhandledRejection', note)
  onTestFinished(() => void process.off('unhandledRejection', note))
  const promises = new PendingPromises(new Deadline(60_000))
  const error = new Error('cannot stop')
  promises.add('stop', Promise.reject(error))
  await new Promise(resolve => setImmediate(resolve))
  expect(unhandled).toEqual([])
  expect(await rejectionOf(promises.expectResolved(initial))).toBe(error)
})

it('Each promise is checked once; that of setVersion() must give the pair in place', async () => {
  const promises = new PendingPromises(new Deadline(60_000))
  promises.add('setVersion', Promise.resolve({ active: '1.0.0', next: null }))
  promises.add('stop', Promise.resolve())
  expect(await rejectionOf(promises.expectResolved(initial))).toMatchObject({
    message: expect.stringContaining('setVersion() must resolve with the pair in place'),
  })
  await promises.expectResolved(initial)
})
