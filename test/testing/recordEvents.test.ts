import { getEventListeners } from 'node:events'
import { Aggregate } from 'cutover'
import { ControllableRuntime, recordEvents } from 'cutover/testing'
import { Subject } from 'rxjs'
import { afterEach, describe, expect, it, vi } from 'vitest'
import { rejectionOf } from '../fixtures/hosting.js'

const runtimeOf = (version = '1.0.0') => new ControllableRuntime({ id: 'recorded', version })

afterEach(() => {
  vi.useRealTimers()
})

describe('Recorded events', () => {
  it('Events are recorded as they are and in short form, until they are taken', () => {
    const runtime = runtimeOf()
    using recorder = recordEvents(runtime)
    runtime.emitStarted()
    runtime.emit({ type: 'configUpdated' })
    expect(recorder.events).toEqual([{ type: 'started', version: '1.0.0' }, { type: 'configUpdated' }])
    expect(recorder.texts).toEqual(['started 1.0.0', 'configUpdated'])
    expect(recorder.take()).toEqual(['started 1.0.0', 'configUpdated'])
    expect(recorder.events).toEqual([])
    runtime.emit({ type: 'stopped' })
    expect(recorder.take()).toEqual(['stopped'])
  })

  it('A list of events does not change when events are taken or recorded later', () => {
    const runtime = runtimeOf()
    using recorder = recordEvents(runtime)
    runtime.emitStarted()
    const all = recorder.events
    recorder.take()
    runtime.emitStopped()
    expect(all).toEqual([{ type: 'started', version: '1.0.0' }])
  })

  it('The events of an aggregate are recorded during a switch', async () => {
    const aggregate = new Aggregate({ id: 'recorded' })
    using recorder = recordEvents(aggregate)
    for (const version of ['1.0.0', '2.0.0']) {
      const options = { id: 'recorded', version, autoStart: true, autoStop: true }
      aggregate.addVersion(version, new ControllableRuntime(options))
    }
    aggregate.start()
    void aggregate.setVersion('1.0.0', '2.0.0')
    await recorder.next('configUpdated')
    await aggregate.setVersion('2.0.0')
    await recorder.next('started 2.0.0')
    await aggregate.dispose()
    expect(recorder.take()).toEqual([
      'configUpdated',
      'started 1.0.0',
      'stopped 1.0.0',
      'started 2.0.0',
      'stopped 2.0.0',
    ])
  })

  it('stop(), or the end of a using block, ends the recording and the subscription', () => {
    const runtime = runtimeOf()
    const recorder = recordEvents(runtime)
    runtime.emitStarted()
    recorder.stop()
    recorder.stop()
    {
      using _ = recordEvents(runtime)
      expect(runtime.subscribers).toBe(1)
    }
    runtime.emitStopped()
    expect(runtime.subscribers).toBe(0)
    expect(recorder.texts).toEqual(['started 1.0.0'])
  })

  it.each([undefined, null, {}, 'aggregate'])('The source %s is refused', source => {
    expect(() => recordEvents(source as never)).toThrow(expect.objectContaining({ code: 'CUTOVER_INVALID_OPTION' }))
  })
})

describe('EventRecorder.next()', () => {
  it('It gives recorded events first, then new ones, each once', async () => {
    const runtime = runtimeOf()
    using recorder = recordEvents(runtime)
    runtime.emitStarted()
    runtime.emitStopped()
    expect(await recorder.next('started')).toMatchObject({ type: 'started' })
    const again = recorder.next('started 1.0.0')
    runtime.emitFailedToStart(new Error('no'))
    runtime.emitStarted()
    expect(await again).toBe(recorder.events.at(-1))
    const failed = recorder.next(event => event.type === 'failedToStart')
    recorder.take()
    runtime.emitFailedToStart(new Error('again'))
    expect(await failed).toMatchObject({ error: { message: 'again' } })
  })

  it('Concurrent waits get one event each, in their order', async () => {
    const runtime = runtimeOf()
    using recorder = recordEvents(runtime)
    const both = Promise.all([recorder.next('started'), recorder.next('started')])
    runtime.emitStarted()
    runtime.emitStopped()
    runtime.emitStarted()
    expect(await both).toEqual([recorder.events[0], recorder.events[2]])
  })

  it('After its timeout it rejects, and lists the events that came instead', async () => {
    vi.useFakeTimers()
    const runtime = runtimeOf()
    using recorder = recordEvents(runtime)
    const rejected = rejectionOf(recorder.next('started 2.0.0', { timeout: 50 }))
    runtime.emitStarted()
    vi.advanceTimersByTime(50)
    expect(await rejected).toMatchObject({
      message: 'The event "started 2.0.0" did not arrive: timed out after 50 ms. Events received: started 1.0.0.',
    })
    const byDefault = rejectionOf(recorder.next(() => false))
    vi.advanceTimersByTime(4_000)
    expect(String(await byDefault)).toMatch(
      /An event that matches the predicate did not arrive: timed out after 4000 ms/,
    )
    expect(vi.getTimerCount()).toBe(0)
  })

  it('Its error lists events that were taken meanwhile or came after that, but no earlier ones', async () => {
    const runtime = runtimeOf()
    using recorder = recordEvents(runtime)
    runtime.emitStarted()
    await recorder.next('started')
    runtime.emitStopped()
    const controller = new AbortController()
    const rejected = rejectionOf(recorder.next('failedToStart', controller))
    runtime.emitStarted()
    recorder.take()
    runtime.emitUpdated()
    controller.abort()
    expect(String(await rejected)).toMatch(/Events received: stopped 1\.0\.0, started 1\.0\.0, updated 1\.0\.0\.$/)
    recorder.take()
    runtime.emitStopped()
    const later = rejectionOf(recorder.next('failedToStart', controller))
    expect(String(await later)).toMatch(/Events received: stopped 1\.0\.0\.$/)
  })

  it('When its signal fires, or has fired, it rejects with the reason as the cause', async () => {
    using recorder = recordEvents(runtimeOf())
    const controller = new AbortController()
    const reason = new Error('enough')
    const rejected = rejectionOf(recorder.next('started', { signal: controller.signal, timeout: Infinity }))
    controller.abort(reason)
    for (const error of [await rejected, await rejectionOf(recorder.next('started', controller))]) {
      expect(error).toMatchObject({
        message: expect.stringContaining('the signal fired. Events received: none.'),
        cause: reason,
      })
    }
  })

  it('A wait that ends removes its timer and its listener', async () => {
    vi.useFakeTimers()
    const runtime = runtimeOf()
    using recorder = recordEvents(runtime)
    const { signal } = new AbortController()
    const waiting = recorder.next('started', { signal })
    expect([vi.getTimerCount(), getEventListeners(signal, 'abort').length]).toEqual([1, 1])
    runtime.emitStarted()
    await waiting
    expect([vi.getTimerCount(), getEventListeners(signal, 'abort').length]).toEqual([0, 0])
  })

  it('When the stream fails or ends, or the recorder is stopped, it rejects, now and later', async () => {
    const ends: readonly [(stream$: Subject<never>, stop: () => void) => void, RegExp][] = [
      [stream$ => stream$.error(new Error('torn')), /the stream failed \(torn\)/],
      [stream$ => stream$.complete(), /the stream ended/],
      [(_, stop) => stop(), /the recorder was stopped/],
    ]
    for (const [end, message] of ends) {
      const stream$ = new Subject<never>()
      const recorder = recordEvents({ watchEvents: () => stream$ })
      const waiting = rejectionOf(recorder.next('started'))
      end(stream$, () => recorder.stop())
      expect(String(await waiting)).toMatch(message)
      expect(String(await rejectionOf(recorder.next('started')))).toMatch(message)
    }
  })

  it('Events from before the end are still given', async () => {
    const runtime = runtimeOf()
    const recorder = recordEvents(runtime)
    runtime.emitStarted()
    runtime.endEvents()
    expect(await recorder.next('started')).toMatchObject({ version: '1.0.0' })
  })

  it('A predicate that throws rejects only its own wait', async () => {
    const runtime = runtimeOf()
    using recorder = recordEvents(runtime)
    const cause = new Error('cannot tell')
    const bad = rejectionOf(
      recorder.next(() => {
        throw cause
      }),
    )
    const good = recorder.next('started')
    runtime.emitStarted()
    expect(await bad).toMatchObject({ message: expect.stringContaining('the predicate threw'), cause })
    expect(await good).toMatchObject({ type: 'started' })
  })

  it('Wrong options are refused by name', async () => {
    using recorder = recordEvents(runtimeOf())
    const refused = async (wait: Promise<unknown>) => String(await rejectionOf(wait))
    expect(await refused(recorder.next(5 as never))).toMatch(/"match"/)
    expect(await refused(recorder.next('started', { timeout: -1 }))).toMatch(/"timeout"/)
    expect(await refused(recorder.next('started', { signal: 1 as never }))).toMatch(/"signal"/)
  })
})
