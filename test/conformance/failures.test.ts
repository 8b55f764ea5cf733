import { describe, expect, it } from 'vitest'
import { Hosting, rejectionOf, stateOf } from '../fixtures/hosting.js'

const FAILURE = new Error('no disk')

/** 1.0.0 serves, and 2.0.0 is about to start as next. */
async function startingNext() {
  const hosting = new Hosting()
  await hosting.serve('1.0.0', { autoStop: true })
  const next = hosting.add('2.0.0')
  await hosting.aggregate.setVersion('1.0.0', '2.0.0')
  return { hosting, next, aggregate: hosting.aggregate }
}

describe('whenRunning with failFast', () => {
  it('S21: rejects with the failure of the next version, and the aggregate waits on', async () => {
    const { next, aggregate } = await startingNext()
    const failFast = aggregate.whenRunning({ version: '2.0.0', failFast: true })
    const patient = aggregate.whenRunning({ version: '2.0.0' })
    expect(await stateOf(failFast)).toBe('pending')
    next.emitFailedToStart(FAILURE)
    expect(await rejectionOf(failFast)).toMatchObject({
      code: 'CUTOVER_START_FAILED',
      version: '2.0.0',
      cause: FAILURE,
      message: expect.stringContaining('no disk'),
    })
    expect(await stateOf(patient)).toBe('pending')
    next.emitStarted()
    expect(await patient).toBe('2.0.0')
    expect(await aggregate.whenRunning({ version: '2.0.0', failFast: true })).toBe('2.0.0')
  })

  it('S21: rejects at once if the version has failed before', async () => {
    const { next, aggregate } = await startingNext()
    next.emitGaveUp(FAILURE)
    const late = aggregate.whenRunning({ version: '2.0.0', failFast: true })
    expect(await rejectionOf(late)).toMatchObject({ code: 'CUTOVER_START_FAILED', cause: FAILURE })
  })

  it('S21: waits for the active version by default, and rejects when that fails', async () => {
    const hosting = new Hosting()
    const waiting = hosting.aggregate.whenRunning({ failFast: true })
    const runtime = hosting.add('1.0.0')
    hosting.aggregate.start()
    await hosting.aggregate.setVersion('1.0.0')
    expect(await stateOf(waiting)).toBe('pending')
    runtime.emitFailedToStart(FAILURE)
    expect(await rejectionOf(waiting)).toMatchObject({ code: 'CUTOVER_START_FAILED', version: '1.0.0' })
  })

  it('S21: is not concerned with the failures of another version', async () => {
    const { hosting, next, aggregate } = await startingNext()
    hosting.runtimes[0]?.emitStopped(FAILURE)
    const waiting = aggregate.whenRunning({ version: '2.0.0', failFast: true })
    expect(await stateOf(waiting)).toBe('pending')
    next.emitStarted()
    expect(await waiting).toBe('2.0.0')
  })

  it.each([
    ['a start that throws', 'no disk'],
    ['a stream of events that ends', 'ended'],
    ['a stream of events that fails', 'no disk'],
    ['a death', 'no disk'],
  ])('S21: counts %s as a failure', async (what, message) => {
    const hosting = new Hosting()
    const runtime = hosting.add('1.0.0')
    runtime.start = () => {
      if (what === 'a start that throws') throw FAILURE
      if (what === 'a stream of events that ends') runtime.endEvents()
      if (what === 'a stream of events that fails') runtime.endEvents(FAILURE)
      if (what === 'a death') {
        runtime.emitStarted()
        runtime.emitStopped(FAILURE)
      }
    }
    const waiting = hosting.aggregate.whenRunning({ version: '1.0.0', failFast: true }).catch(() => {})
    hosting.aggregate.start()
    await hosting.aggregate.setVersion('1.0.0')
    await waiting
    const refusal = await rejectionOf(hosting.aggregate.whenRunning({ version: '1.0.0', failFast: true }))
    expect(refusal).toMatchObject({ code: 'CUTOVER_START_FAILED', message: expect.stringContaining(message) })
  })

  it('S21: rejects with CUTOVER_DISPOSED when the aggregate is disposed of while it waits', async () => {
    const { next, aggregate } = await startingNext()
    const waiting = aggregate.whenRunning({ version: '2.0.0', failFast: true })
    const disposed = aggregate.dispose()
    next.emitStopped()
    await disposed
    expect(await rejectionOf(waiting)).toMatchObject({ code: 'CUTOVER_DISPOSED' })
  })

  it('S21: failFast is true or false', async () => {
    const { aggregate } = new Hosting()
    const refusal = await rejectionOf(aggregate.whenRunning({ failFast: 'yes' as never }))
    expect(refusal).toMatchObject({ code: 'CUTOVER_INVALID_OPTION', message: expect.stringContaining('failFast') })
  })
})

describe('whenRunning with a signal that fires', () => {
  class Impatient extends Error {
    override readonly name = 'Impatient'
    readonly after = 30
  }

  it.each([
    ['of its own', new Impatient('too slow')],
    ['of the platform', new DOMException('too slow', 'TimeoutError')],
    ['without a stack', Object.assign(new Error('too slow'), { stack: undefined })],
  ])('S21: rejects with a copy of a reason %s, whose cause is the last failure', async (_, reason) => {
    const { next, aggregate } = await startingNext()
    const controller = new AbortController()
    const waiting = aggregate.whenRunning({ version: '2.0.0', signal: controller.signal })
    next.emitFailedToStart(new Error('first'))
    next.emitFailedToStart(FAILURE)
    controller.abort(reason)
    const error = (await rejectionOf(waiting)) as Error
    expect(error.cause).toBe(FAILURE)
    expect(error).toBeInstanceOf(reason.constructor)
    expect([error.name, error.message]).toEqual([reason.name, reason.message])
    expect((error as Impatient).after).toBe((reason as Impatient).after)
    // Others may share the signal.
    expect(controller.signal.reason).toBe(reason)
    expect(reason.cause).toBeUndefined()
  })

  it('S21: also if the signal has fired before', async () => {
    const { next, aggregate } = await startingNext()
    next.emitFailedToStart(FAILURE)
    const late = aggregate.whenRunning({ version: '2.0.0', signal: AbortSignal.abort() })
    expect(await rejectionOf(late)).toMatchObject({ name: 'AbortError', cause: FAILURE })
  })

  it('S21: rejects with the reason itself if nothing has failed, or if the reason is no error', async () => {
    const { next, aggregate } = await startingNext()
    const reason = new Error('too slow')
    const waiting = aggregate.whenRunning({ version: '2.0.0', signal: AbortSignal.abort(reason) })
    expect(await rejectionOf(waiting)).toBe(reason)
    next.emitFailedToStart(FAILURE)
    const text = aggregate.whenRunning({ version: '2.0.0', signal: AbortSignal.abort('enough') })
    expect(await rejectionOf(text)).toBe('enough')
  })
})

describe('the last error in status()', () => {
  it('S14: stays after a death until the version is up again', async () => {
    const hosting = new Hosting()
    const runtime = await hosting.serve('1.0.0')
    const lastError = () => hosting.aggregate.status().versions[0]?.lastError
    runtime.emitStopped(FAILURE)
    expect(lastError()).toEqual({ name: 'Error', message: 'no disk', code: null })
    runtime.emitStopped()
    expect(lastError()).toMatchObject({ message: 'no disk' })
    runtime.emitFailedToStart(new Error('no memory'))
    expect(lastError()).toMatchObject({ message: 'no memory' })
    runtime.emitStarted()
    expect(lastError()).toBeNull()
  })

  it('S15: a call that waited in vain after a death has the death as its cause', async () => {
    const hosting = new Hosting({ waitTimeout: 100 })
    const runtime = await hosting.serve('1.0.0')
    runtime.emitStopped(FAILURE)
    const call = hosting.aggregate.call('a')
    hosting.clock.increment(100)
    expect(await rejectionOf(call)).toMatchObject({ code: 'CUTOVER_NO_ACTIVE_VERSION', cause: FAILURE })
  })

  it('S14: says that the stream of events has ended, unless an earlier failure says more', async () => {
    const hosting = new Hosting()
    const runtime = await hosting.serve('1.0.0')
    runtime.endEvents()
    expect(hosting.aggregate.status().versions[0]?.lastError).toMatchObject({ code: 'CUTOVER_RUNTIME_LOST' })
    const failing = hosting.add('2.0.0')
    await hosting.aggregate.setVersion('1.0.0', '2.0.0')
    failing.emitFailedToStart(FAILURE)
    failing.endEvents()
    expect(hosting.aggregate.status().versions[1]?.lastError).toMatchObject({ message: 'no disk' })
  })
})
