import { Aggregate } from 'cutover'
import { inProcess } from 'cutover/hosts'
import { describe, expect, it } from 'vitest'
import { Hosting, ID, microtasks, rejectionOf, stateOf } from '../fixtures/hosting.js'
import { deferred } from '../fixtures/inProcessHost.js'

describe('an active version that does not run', () => {
  it('S15: gets no call while it starts, and all that waited the moment it says that it is up', async () => {
    const hosting = new Hosting()
    const runtime = hosting.add('1.0.0')
    hosting.aggregate.start()
    await hosting.aggregate.setVersion('1.0.0')
    const calls = ['a', 'b'].map(request => hosting.aggregate.call(request))
    expect([runtime.calls.length, hosting.aggregate.status().waiting]).toEqual([0, 2])
    let received = -1
    const emitted = () => {
      received = runtime.calls.length
    }
    runtime.emitStarted()
    emitted()
    expect(received).toBe(2)
    runtime.answerAll()
    expect(await Promise.all(calls)).toEqual(['a', 'b'])
  })

  it('S15: gets no call between its death and its return, and then all in their order', async () => {
    const hosting = new Hosting()
    const runtime = await hosting.serve('1.0.0')
    runtime.emitStopped()
    const calls = ['a', 'b', 'c'].map(request => hosting.aggregate.call(request))
    runtime.emitFailedToStart()
    expect([runtime.calls.length, hosting.aggregate.status().waiting]).toEqual([0, 3])
    runtime.emitStarted()
    expect(runtime.calls.map(({ request }) => request)).toEqual(['a', 'b', 'c'])
    runtime.answerAll()
    expect(await Promise.all(calls)).toEqual(['a', 'b', 'c'])
  })

  it('S15: a call that waited for it in vain rejects with its last failure as the cause', async () => {
    const hosting = new Hosting({ waitTimeout: 100 })
    const runtime = hosting.add('1.0.0')
    hosting.aggregate.start()
    await hosting.aggregate.setVersion('1.0.0')
    const [first, second] = [new Error('no memory'), new Error('no disk.')]
    const call = hosting.aggregate.call('a')
    runtime.emitFailedToStart(first)
    runtime.emitFailedToStart(second)
    hosting.clock.increment(100)
    expect(await rejectionOf(call)).toMatchObject({
      code: 'CUTOVER_NO_ACTIVE_VERSION',
      version: '1.0.0',
      cause: second,
      message: expect.stringMatching(/^Version 1\.0\.0 .* within 100 ms \(waitTimeout\).*: no disk\. /),
    })
  })

  it('S15: a failure from before it ran last is not given as the cause', async () => {
    const hosting = new Hosting({ waitTimeout: 100 })
    const runtime = hosting.add('1.0.0')
    hosting.aggregate.start()
    await hosting.aggregate.setVersion('1.0.0')
    runtime.emitFailedToStart()
    runtime.emitStarted()
    runtime.emitStopped()
    const call = hosting.aggregate.call('a')
    hosting.clock.increment(100)
    const error = await rejectionOf(call)
    expect(error).toMatchObject({ code: 'CUTOVER_NO_ACTIVE_VERSION', version: '1.0.0' })
    expect(error).not.toHaveProperty('cause')
  })

  it('S15: a start that throws is the cause, too', async () => {
    const hosting = new Hosting({ waitTimeout: 100 })
    const runtime = hosting.add('1.0.0')
    const cause = new Error('no memory')
    runtime.start = () => {
      throw cause
    }
    hosting.aggregate.start()
    await hosting.aggregate.setVersion('1.0.0')
    const call = hosting.aggregate.call('a')
    hosting.clock.increment(100)
    expect(await rejectionOf(call)).toMatchObject({ cause: { code: 'CUTOVER_START_FAILED', cause } })
  })
})

describe('a host that has given up', () => {
  it('S15: lets calls fail at once, waiting ones too, with its last failure as the cause', async () => {
    const hosting = new Hosting()
    const runtime = hosting.add('1.0.0')
    hosting.aggregate.start()
    await hosting.aggregate.setVersion('1.0.0')
    const waiting = hosting.aggregate.call('a')
    const cause = new Error('there is no such file')
    runtime.emitGaveUp(cause)
    const refused = { code: 'CUTOVER_NO_ACTIVE_VERSION', version: '1.0.0', cause, message: /given up .*no such file/ }
    for (const call of [waiting, hosting.aggregate.call('b')]) {
      expect(await rejectionOf(call)).toMatchObject({ ...refused, message: expect.stringMatching(refused.message) })
    }
    expect(hosting.raw).toEqual([{ type: 'failedToStart', version: '1.0.0', error: cause, final: true }])
    expect(hosting.aggregate.status().versions).toMatchObject([{ state: 'starting', phase: 'gaveUp' }])
  })

  it('S15: that comes up after all is called again; one that tries again is waited for', async () => {
    const hosting = new Hosting()
    const runtime = hosting.add('1.0.0')
    hosting.aggregate.start()
    await hosting.aggregate.setVersion('1.0.0')
    runtime.emitGaveUp()
    await hosting.aggregate.abort({ force: true })
    expect(await rejectionOf(hosting.aggregate.call('a'))).toMatchObject({ code: 'CUTOVER_NO_ACTIVE_VERSION' })
    runtime.emitFailedToStart()
    const call = hosting.aggregate.call('b')
    expect(await stateOf(call)).toBe('pending')
    runtime.emitStarted()
    runtime.answerAll()
    expect(await call).toBe('b')
    expect(hosting.aggregate.status().versions).toMatchObject([{ state: 'running', phase: null }])
  })

  it('S15: as next keeps no call from the active version', async () => {
    const hosting = new Hosting()
    const runtime = await hosting.serve('1.0.0')
    const next = hosting.add('2.0.0')
    await hosting.aggregate.setVersion('1.0.0', '2.0.0')
    next.emitGaveUp()
    const call = hosting.aggregate.call('a')
    runtime.answerAll()
    expect(await call).toBe('a')
  })

  it('S15: makes way for a fix at once', async () => {
    const hosting = new Hosting()
    const broken = hosting.add('1.0.0', { autoStop: true })
    hosting.aggregate.start()
    await hosting.aggregate.setVersion('1.0.0')
    broken.emitGaveUp()
    hosting.addWilling('1.0.1').call = async request => `fixed: ${request}`
    await hosting.aggregate.setVersion('1.0.1')
    expect(await hosting.aggregate.call('a')).toBe('fixed: a')
  })
})

describe('a module in this process that is not up', () => {
  it('S15: is not waited for in its own queue: the limits are those of the aggregate', async () => {
    const gate = deferred()
    const aggregate = new Aggregate<string, string>({ id: ID, maxWaitingCalls: 1 })
    const module = { start: () => gate.promise, call: async (request: string) => request }
    aggregate.addVersion('1.0.0', inProcess({ module, maxWaitingCalls: 0 }).provision({ id: ID, version: '1.0.0' }))
    aggregate.start()
    await aggregate.setVersion('1.0.0')
    const waiting = aggregate.call('a')
    expect(aggregate.status()).toMatchObject({ waiting: 1, inFlight: 0 })
    expect(await rejectionOf(aggregate.call('b'))).toMatchObject({ code: 'CUTOVER_TOO_MANY_WAITING_CALLS' })
    gate.resolve()
    expect(await waiting).toBe('a')
    await aggregate.dispose()
  })

  it('S15: takes a call from within the event that says that it is up', async () => {
    const aggregate = new Aggregate<string, string>({ id: ID, maxWaitingCalls: 0, waitTimeout: 0 })
    const module = { call: async (request: string) => request }
    aggregate.addVersion('1.0.0', inProcess({ module }).provision({ id: ID, version: '1.0.0' }))
    const answers: Promise<string>[] = []
    aggregate.watchEvents().subscribe(({ type }) => {
      if (type === 'started') answers.push(aggregate.call('a'))
    })
    aggregate.start()
    await aggregate.setVersion('1.0.0')
    await aggregate.whenRunning()
    expect(await Promise.all(answers)).toEqual(['a'])
    await aggregate.dispose()
  })

  it('S15: is restarted: calls wait meanwhile, and go out in their order', async () => {
    const received: string[] = []
    const starts = [deferred(), deferred()]
    let launches = 0
    const aggregate = new Aggregate<string, string>({ id: ID })
    const module = {
      start: () => starts[launches++]?.promise,
      call: (request: string) => {
        received.push(request)
        return request
      },
    }
    aggregate.addVersion('1.0.0', inProcess({ module }).provision({ id: ID, version: '1.0.0' }))
    aggregate.start()
    starts[0]?.resolve()
    await aggregate.setVersion('1.0.0')
    await aggregate.whenRunning()
    const restarted = aggregate.abort({ force: true })
    const calls = ['a', 'b', 'c'].map(request => aggregate.call(request))
    await microtasks()
    expect([received, aggregate.status().waiting]).toEqual([[], 3])
    starts[1]?.resolve()
    await restarted
    expect(await Promise.all(calls)).toEqual(['a', 'b', 'c'])
    expect(received).toEqual(['a', 'b', 'c'])
    await aggregate.dispose()
  })
})
