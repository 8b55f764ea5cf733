import { setImmediate as turn } from 'node:timers/promises'
import { describe, expect, it, vi } from 'vitest'
import { createActor, type InspectionEvent } from 'xstate'
import { TestRecorder } from '../../fixtures/inspect/recording.js'
import { lastEventMachine } from '../../fixtures/inspect/testClient.js'
import { usedBytes } from '../../fixtures/usedBytes.js'

const large = 'x'.repeat(100_000)

describe('The recorder', () => {
  it('converts an event once: later changes of the event have no effect', () => {
    const test = new TestRecorder()
    const event = { type: 'x', n: 1 }
    test.event('a', event)
    const before = test.message(1)
    event.n = 2
    expect(test.message(1)).toEqual(before)
    expect(before['event']).toEqual({ type: 'x', n: 1 })
  })

  it('releases an event after the conversion', async () => {
    const test = new TestRecorder()
    const record = () => {
      const event = { type: 'x' }
      test.event('a', event)
      return new WeakRef(event)
    }
    const ref = record()
    test.message(1)
    await turn()
    usedBytes()
    expect(ref.deref()).toBeUndefined()
    expect(test.message(1)['event']).toEqual({ type: 'x' })
  })

  it('counts the size of the JSON instead of the size of the values after the conversion', () => {
    const test = new TestRecorder({ maxMessageBytes: 4_096 })
    test.event('a', { type: 'x', text: 'x'.repeat(20_000) })
    const { bytes } = test.recorder.history
    expect(bytes).toBeGreaterThan(40_000)
    test.message(1)
    expect(test.recorder.history.bytes).toBeLessThan(10_000)
  })

  it('keeps at most 16 large values until the end of the turn, and only while a client is connected', () => {
    const test = new TestRecorder()
    for (let i = 0; i < 20; i++) test.event('a', { type: 'x', i, text: large })
    test.recorder.convertDeferred()
    test.event('a', { type: 'x', i: 20, text: large })
    test.hasClients = false
    test.event('a', { type: 'x', i: 21, text: large })
    const kept = Array.from({ length: 22 }, (_, i) => test.message(i + 1)['event'] as { i?: number })
    expect(kept.flatMap(({ i }) => (i === undefined ? [] : [i]))).toEqual([...Array(16).keys(), 20])
    expect(kept.at(-1)).toEqual({ type: 'x', note: '[not kept: large, and no client was connected]' })
  })

  it('keeps a small event of a snapshot that is too large to keep', () => {
    const test = new TestRecorder()
    test.hasClients = false
    test.snapshot('a', { type: 'x', n: 1 }, { context: { large }, value: 'on' })
    expect(test.message(1)).toMatchObject({
      event: { type: 'x', n: 1 },
      snapshot: { status: 'active', value: 'on', context: '[not kept: large, and no client was connected]' },
    })
  })

  it('keeps the end of an actor at its first final snapshot', () => {
    const test = new TestRecorder()
    test.snapshot('a', { type: 'x' }, { status: 'done' })
    test.snapshot('a', { type: 'xstate.stop' }, { status: 'stopped' })
    expect(test.recorder.actors.get('a')?.stoppedAt).toBe(1)
    expect(test.recorder.actors.get('a')?.latestAt).toBe(2)
  })

  it('takes a stopped actor that it has forgotten for stopped, also after another event to it', () => {
    vi.spyOn(console, 'warn').mockImplementation(() => {})
    const { recorder } = new TestRecorder()
    const inspect = (event: InspectionEvent) => recorder.inspect(event)
    const actor = createActor(lastEventMachine(), { id: 'a', inspect }).start()
    actor.stop()
    recorder.actors.forgetStoppedBefore(recorder.history.head)
    actor.send({ type: 'late' })
    expect([...recorder.actors.all()]).toMatchObject([
      { name: 'a', ref: undefined, lastSnapshot: { status: 'stopped' } },
    ])
    expect(recorder.actors.rootNamed('a')).toBeUndefined()
    recorder.actors.forgetStoppedBefore(recorder.history.head)
    expect([...recorder.actors.all()]).toEqual([])
  })

  it('keeps messages for slow clients even if new clients get none', () => {
    const test = new TestRecorder({ history: 0 })
    test.events('a', 300)
    expect(test.recorder.history.head - test.recorder.history.tail).toBe(256)
    expect(test.recorder.start).toBe(test.recorder.history.head)
  })

  it('forgets everything on clear, and counts deferred values anew', () => {
    const test = new TestRecorder()
    for (let i = 0; i < 16; i++) test.event('a', { type: 'x', text: large })
    test.recorder.clear()
    expect(test.recorder.history.bytes).toBe(0)
    expect([...test.recorder.actors.all()]).toEqual([])
    test.event('a', { type: 'x', text: large })
    const { head } = test.recorder.history
    expect((test.message(head - 1)['event'] as { text: string }).text).toContain('truncated')
  })
})
