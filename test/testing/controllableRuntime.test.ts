import { isCutoverError, type RuntimeEvent } from 'cutover'
import { ControllableRuntime } from 'cutover/testing'
import { describe, expect, it } from 'vitest'
import { rejectionOf } from '../fixtures/hosting.js'

const capabilityTEE = { hardware: 'intel-sgx' }

function setUp(options: { autoStart?: boolean; autoStop?: boolean } = {}) {
  const runtime = new ControllableRuntime<string, string>({ id: 'test', version: '1.0.0+build', ...options })
  const events: (RuntimeEvent | string)[] = []
  runtime.watchEvents().subscribe({
    next: event => events.push(event),
    error: (error: Error) => events.push(`error: ${error.message}`),
    complete: () => events.push('complete'),
  })
  return { runtime, events }
}

describe('ControllableRuntime', () => {
  it('It has its id and its canonical version, and refuses an invalid one', async () => {
    const { runtime } = setUp()
    expect([runtime.id, runtime.getActiveVersion(), await runtime.getInfo()]).toEqual([
      'test',
      '1.0.0',
      { version: '1.0.0' },
    ])
    expect(() => new ControllableRuntime({ id: 'test', version: '1.0' })).toThrow(
      expect.objectContaining({ code: 'CUTOVER_INVALID_VERSION' }),
    )
  })

  it('It emits only the events that the test emits', () => {
    const { runtime, events } = setUp()
    runtime.start()
    runtime.stop()
    expect(events).toEqual([])
    runtime.emitStarted()
    runtime.emitStarted(capabilityTEE)
    runtime.emitUpdated()
    runtime.emitUpdated(capabilityTEE)
    runtime.emitStopped()
    runtime.emit({ type: 'configUpdated' })
    const version = '1.0.0'
    expect(events).toEqual([
      { type: 'started', version },
      { type: 'started', version, capabilityTEE },
      { type: 'updated', version },
      { type: 'updated', version, capabilityTEE },
      { type: 'stopped', version },
      { type: 'configUpdated' },
    ])
  })

  it('A failed start has the given error, or CUTOVER_START_FAILED with the version', () => {
    const { runtime, events } = setUp()
    const error = new Error('no')
    runtime.emitFailedToStart(error)
    runtime.emitFailedToStart()
    const [given, byDefault] = events as { error: Error }[]
    expect(given).toEqual({ type: 'failedToStart', version: '1.0.0', error })
    expect(isCutoverError(byDefault?.error, 'CUTOVER_START_FAILED')).toBe(true)
    expect(byDefault?.error).toMatchObject({ version: '1.0.0', message: expect.stringContaining('1.0.0') })
  })

  it('With autoStart and autoStop it starts and stops at once', () => {
    const { runtime, events } = setUp({ autoStart: true, autoStop: true })
    runtime.start()
    runtime.stop()
    expect(events).toMatchObject([{ type: 'started' }, { type: 'stopped' }])
  })

  it.each([
    [undefined, 'complete'],
    [new Error('torn'), 'error: torn'],
  ])('endEvents(%s) ends the events: %s', (error, expected) => {
    const { runtime, events } = setUp()
    expect(runtime.subscribers).toBe(1)
    runtime.endEvents(error)
    expect(events).toEqual([expected])
    expect(runtime.subscribers).toBe(0)
  })

  it('Only the runtime can emit its events', () => {
    const { runtime } = setUp()
    expect(runtime.watchEvents()).not.toHaveProperty('next')
  })

  it('It records what was asked of it', async () => {
    const { runtime } = setUp()
    runtime.start()
    runtime.stop()
    runtime.stop()
    await runtime.abort()
    await runtime.abort({ force: true })
    runtime.updateCapabilityTEE()
    const { starts, stops, aborts, capabilityUpdates } = runtime
    expect({ starts, stops, aborts, capabilityUpdates }).toEqual({
      starts: 1,
      stops: 2,
      aborts: [undefined, { force: true }],
      capabilityUpdates: 1,
    })
    expect(runtime.getCapabilityTEE()).toBe(undefined)
    runtime.capability = capabilityTEE
    expect(runtime.getCapabilityTEE()).toBe(capabilityTEE)
  })

  it('It keeps calls with their options until the test answers or fails them', async () => {
    const { runtime } = setUp()
    const options = { key: 'a' } as object
    const [answered, failed, later] = [runtime.call('one', options), runtime.call('two'), runtime.call('three')]
    expect(runtime.calls).toMatchObject([{ request: 'one', options }, { request: 'two' }, { request: 'three' }])
    runtime.calls[0]?.answer('1')
    runtime.calls[1]?.fail(new Error('no'))
    expect(await answered).toBe('1')
    expect(await rejectionOf(failed)).toMatchObject({ message: 'no' })
    runtime.answerAll()
    expect(await later).toBe('three')
    expect(runtime.calls).toEqual([])
    const other = runtime.call('four')
    runtime.answerAll(request => `${request}!`)
    expect(await other).toBe('four!')
  })
})
