import { getEventListeners } from 'node:events'
import { type CallContext, childProcess, workerThread } from 'cutover/hosts'
import { SimulatedClock } from 'cutover/testing'
import { describe, expect, it, vi } from 'vitest'
import { Hosting, microtasks, rejectionOf, stateOf } from '../fixtures/hosting.js'
import { Host } from '../fixtures/inProcessHost.js'
import { guestFile } from '../fixtures/remoteHost.js'

const TIMED_OUT = {
  name: 'CutoverError',
  code: 'CUTOVER_CALL_TIMEOUT',
  version: '1.0.0',
  message: expect.stringMatching(/^Version 1\.0\.0 did not answer within 100 ms \(callTimeout\)\./),
}

describe('callTimeout of an aggregate', () => {
  it('rejects what is not answered in time, and fires its signal in the runtime', async () => {
    const hosting = new Hosting({ callTimeout: 100 })
    const runtime = await hosting.serve('1.0.0')
    const [slow, quick] = [hosting.aggregate.call('a'), hosting.aggregate.call('b')]
    hosting.clock.increment(99)
    runtime.calls[1]?.answer('b')
    expect(await quick).toBe('b')
    expect(await stateOf(slow)).toBe('pending')
    const signals = runtime.calls.map(({ options }) => options?.signal)
    hosting.clock.increment(1)
    const error = await rejectionOf(slow)
    expect(error).toMatchObject(TIMED_OUT)
    expect(signals.map(signal => signal?.reason)).toEqual([error, undefined])
    expect(hosting.aggregate.status().inFlight).toBe(0)
    runtime.calls[0]?.answer('too late')
    const next = hosting.aggregate.call('c')
    runtime.calls.at(-1)?.answer('c')
    expect(await next).toBe('c')
  })

  it('counts from when the runtime gets the call, not while it waits', async () => {
    const hosting = new Hosting({ callTimeout: 100, waitTimeout: 1_000 })
    const call = hosting.aggregate.call('a')
    hosting.clock.increment(999)
    await hosting.serve('1.0.0')
    hosting.clock.increment(99)
    expect(await stateOf(call)).toBe('pending')
    hosting.clock.increment(1)
    expect(await rejectionOf(call)).toMatchObject(TIMED_OUT)
  })

  it('no drain waits for a call that has timed out, and a call cut off at the end of the drain times out no more', async () => {
    const hosting = new Hosting({ callTimeout: 100, drainTimeout: 150 })
    const runtime = await hosting.serve('1.0.0', { autoStop: true })
    const first = rejectionOf(hosting.aggregate.call('a'))
    const stopped = hosting.aggregate.setVersion(null)
    hosting.clock.increment(100)
    expect(await first).toMatchObject(TIMED_OUT)
    await stopped
    expect(runtime.stops).toBe(1)
    const other = new Hosting({ callTimeout: 200, drainTimeout: 100 })
    await other.serve('1.0.0', { autoStop: true })
    const second = rejectionOf(other.aggregate.call('a'))
    void other.aggregate.setVersion(null)
    other.clock.increment(300)
    expect(await second).toMatchObject({ code: 'CUTOVER_VERSION_STOPPED' })
  })

  it("the caller's own signal still reaches the runtime, and nothing is left on it or on the clock", async () => {
    const hosting = new Hosting({ callTimeout: 100 })
    const set = vi.spyOn(hosting.clock, 'setTimeout')
    const clear = vi.spyOn(hosting.clock, 'clearTimeout')
    const runtime = await hosting.serve('1.0.0')
    const controller = new AbortController()
    const { signal } = controller
    const answered = hosting.aggregate.call('a', { signal })
    runtime.answerAll()
    await answered
    expect(getEventListeners(signal, 'abort')).toEqual([])
    const call = hosting.aggregate.call('b', { signal })
    controller.abort('enough')
    expect(runtime.calls[0]?.options?.signal?.reason).toBe('enough')
    runtime.calls[0]?.fail('given up')
    expect(await rejectionOf(call)).toBe('given up')
    const cleared = clear.mock.calls.map(([id]) => id)
    expect(set.mock.results.filter(({ value }) => !cleared.includes(value))).toEqual([])
  })

  it('a propagated call that takes too long is told so too, and the answer stands', async () => {
    const hosting = new Hosting({ callTimeout: 100, propagate: () => true })
    const runtime = await hosting.serve('1.0.0')
    const next = hosting.add('2.0.0', { autoStart: true })
    await hosting.aggregate.setVersion('1.0.0', '2.0.0')
    const call = hosting.aggregate.call('a')
    runtime.answerAll()
    expect(await call).toBe('a')
    hosting.clock.increment(100)
    await microtasks()
    expect(next.calls[0]?.options?.signal?.reason).toMatchObject({ code: 'CUTOVER_CALL_TIMEOUT', version: '2.0.0' })
    expect(hosting.logs.at(-1)).toMatchObject({ object: { err: { code: 'CUTOVER_CALL_TIMEOUT' } } })
  })

  it('off, a call gets the very options of its caller', async () => {
    const hosting = new Hosting()
    const runtime = await hosting.serve('1.0.0')
    const options = { signal: new AbortController().signal }
    void hosting.aggregate.call('a', options)
    void hosting.aggregate.call('b')
    expect(runtime.calls.map(call => call.options)).toEqual([options, undefined])
    expect(runtime.calls[0]?.options).toBe(options)
  })

  it('a runtime that throws at once, and a clock that does, reject the call and leave nothing in flight', async () => {
    const hosting = new Hosting({ callTimeout: 100 })
    const runtime = await hosting.serve('1.0.0')
    const error = new Error('at once')
    runtime.call = () => {
      throw error
    }
    expect(await rejectionOf(hosting.aggregate.call('a'))).toBe(error)
    const { signal } = new AbortController()
    vi.spyOn(hosting.clock, 'setTimeout').mockImplementation(() => {
      throw error
    })
    expect(await rejectionOf(hosting.aggregate.call('b', { signal }))).toBe(error)
    expect(getEventListeners(signal, 'abort')).toEqual([])
    expect(hosting.aggregate.status().inFlight).toBe(0)
  })
})

describe('callTimeout of a host', () => {
  it('rejects what a module in this process does not answer in time, and fires its signal', async () => {
    const contexts: CallContext[] = []
    const call = (_: string, context: CallContext) => {
      contexts.push(context)
      return new Promise<string>(() => {})
    }
    const host = await new Host({ call }, { callTimeout: 100 }).start()
    const first = host.runtime.call('a')
    const signal = contexts[0]?.signal
    host.clock.increment(100)
    const error = await rejectionOf(first)
    expect(error).toMatchObject(TIMED_OUT)
    expect(signal?.reason).toBe(error)
  })

  it.each([
    ['a child process', childProcess],
    ['a worker thread', workerThread],
  ])('tells %s that nobody waits for the call any more', async (_, host) => {
    const clock = new SimulatedClock()
    const provisioner = host({ module: guestFile('unruly'), callTimeout: 100, maxInFlight: 1, clock })
    const runtime = provisioner.provision<object, unknown>({ id: 'x', version: '1.0.0' })
    runtime.start()
    expect(await runtime.call({ do: 'answer', value: 1 })).toBe(1)
    // It answers when its signal fires, and only then is there room for the next call.
    const slow = runtime.call({ do: 'wait' })
    clock.increment(100)
    expect(await rejectionOf(slow)).toMatchObject(TIMED_OUT)
    expect(await runtime.call({ do: 'answer', value: 2 })).toBe(2)
    const stopped = runtime.stop()
    await stopped
  })
})
