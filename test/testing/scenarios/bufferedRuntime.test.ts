import { ControllableRuntime } from 'cutover/testing'
import { Subject } from 'rxjs'
import { expect, it, vi } from 'vitest'
import { Deadline } from '../../../src/testing/deadline.js'
import { BufferedRuntime } from '../../../src/testing/scenarios/bufferedRuntime.js'
import { rejectionOf } from '../../fixtures/hosting.js'

function setUp() {
  const target = new ControllableRuntime({ id: 'buffered', version: '1.0.0' })
  const runtime = new BufferedRuntime(target, '1.0.0')
  const events: string[] = []
  let isCompleted = false
  runtime.watchEvents().subscribe({
    next: ({ type }) => events.push(type),
    complete: () => {
      isCompleted = true
    },
  })
  return { target, runtime, events, isCompleted: () => isCompleted }
}

const deadline = () => new Deadline(60_000)

it('Every method is forwarded to the runtime, with its arguments', async () => {
  const { target, runtime } = setUp()
  target.capability = { hardware: 'intel-sgx' }
  const getInfo = vi.spyOn(target, 'getInfo')
  const { signal } = new AbortController()
  runtime.start()
  const answer = runtime.call('request', { signal })
  await runtime.abort({ force: true })
  runtime.updateCapabilityTEE()
  runtime.stop()
  target.answerAll()
  expect(await answer).toBe('request')
  expect(await runtime.getInfo({ signal })).toEqual({ version: '1.0.0' })
  expect(getInfo).toHaveBeenCalledWith({ signal })
  expect(runtime.getCapabilityTEE()).toBe(target.capability)
  expect([runtime.id, runtime.getActiveVersion()]).toEqual(['buffered', '1.0.0'])
  const { starts, stops, aborts, capabilityUpdates } = target
  expect({ starts, stops, aborts, capabilityUpdates }).toEqual({
    starts: 1,
    stops: 1,
    aborts: [{ force: true }],
    capabilityUpdates: 1,
  })
  expect(runtime.received).toEqual([signal])
})

it('Events stay in the buffer until they are released, each updated with the event before it', () => {
  const { target, runtime, events } = setUp()
  runtime.start()
  target.emitFailedToStart()
  target.emitStarted()
  target.emitUpdated()
  target.emitUpdated()
  expect(events).toEqual([])
  expect(runtime.releaseUpTo('started').map(({ type }) => type)).toEqual(events)
  expect(events).toEqual(['failedToStart', 'started', 'updated', 'updated'])
  target.emitUpdated()
  expect(events).toHaveLength(4)
  runtime.releaseAll()
  target.emitUpdated()
  expect(events.slice(4)).toEqual(['updated', 'updated'])
})

it('A violation rejects a pending wait at once, and every later wait', async () => {
  const { target, runtime } = setUp()
  runtime.start()
  const pending = rejectionOf(runtime.waitFor('started', deadline()))
  target.emit({ type: 'started', version: '2.0.0' })
  const violation = { message: 'Version 1.0.0 emitted "started" for version "2.0.0".' }
  expect(await pending).toMatchObject(violation)
  expect(await rejectionOf(runtime.waitFor('stopped', deadline()))).toMatchObject(violation)
})

it('A stop() that rejects is a violation', async () => {
  const target = new ControllableRuntime({ id: 'buffered', version: '1.0.0' })
  const runtime = new BufferedRuntime(
    Object.assign(target, { stop: () => Promise.reject(new Error('cannot stop')) }),
    '1.0.0',
  )
  runtime.start()
  const pending = rejectionOf(runtime.waitFor('stopped', deadline()))
  runtime.stop()
  expect(await pending).toMatchObject({ message: 'Version 1.0.0 failed to stop: cannot stop.' })
})

it('A second start() is a violation', () => {
  const { runtime } = setUp()
  runtime.start()
  expect(runtime.violation).toBe(undefined)
  runtime.start()
  expect(runtime.violation).toMatchObject({ message: 'Version 1.0.0 was started twice.' })
})

it.each([
  ['before stop() is a violation', false, 'Version 1.0.0 ended its events before it was stopped.'],
  ['after stop() is none', true, undefined],
])('The end of the events %s', (_, isStopped, message) => {
  const { target, runtime } = setUp()
  runtime.start()
  if (isStopped) runtime.stop()
  target.endEvents()
  expect(runtime.violation?.message).toBe(message)
})

it('Abandoning a runtime rejects its calls and ends its events', async () => {
  const { target, runtime, isCompleted } = setUp()
  runtime.start()
  const call = rejectionOf(runtime.call('request'))
  expect(isCompleted()).toBe(false)
  runtime.abandon()
  expect(await call).toMatchObject({ message: 'Version 1.0.0 was abandoned.' })
  expect(await rejectionOf(runtime.call('later'))).toMatchObject({ message: 'Version 1.0.0 was abandoned.' })
  expect(isCompleted()).toBe(true)
  runtime.unsubscribe()
  expect(target.subscribers).toBe(0)
})

it('A crash that rejects or throws is no error: only the events count', async () => {
  const { target, runtime } = setUp()
  runtime.start()
  target.emitStarted()
  runtime.crash(() => Promise.reject(new Error('the call was lost')))
  runtime.crash(() => {
    throw new Error('the call was lost')
  })
  target.emitStopped()
  await runtime.waitFor('stopped', deadline())
  expect(runtime.violation).toBe(undefined)
})

it('A runtime whose getActiveVersion() throws is accepted, as an aggregate without an active version', () => {
  const events$ = new Subject<never>()
  const target = Object.assign(new ControllableRuntime({ id: 'buffered', version: '1.0.0' }), {
    getActiveVersion: () => {
      throw new Error('none is active')
    },
    watchEvents: () => events$,
  })
  expect(new BufferedRuntime(target, '1.0.0').version).toBe('1.0.0')
})
