import { describe, expect, it } from 'vitest'
import { type Message, parseMessage } from '../../../src/inspect/page/data/receivedMessage.js'
import { RecordingError, readRecording, writeRecording } from '../../../src/inspect/page/data/recordingFile.js'
import { valueText } from '../../../src/inspect/page/data/stateValue.js'
import { isAlive, Store } from '../../../src/inspect/page/data/store.js'
import { type Recorded, recordSwitch } from '../../fixtures/inspect/recordSwitch.js'

const recorded = await recordSwitch()
const all = [...recorded.settled, ...recorded.switching, ...recorded.switched]

function play(messages: readonly (Recorded | Message)[], store = new Store()): Store {
  for (const it of messages) {
    const text = JSON.stringify(it)
    const message = parseMessage(text)
    if (message === undefined) throw new Error(`Not understood: ${text}`)
    store.apply(message, text.length)
  }
  return store
}

const actor = (sessionId: string, more: object = {}) =>
  ({ type: '@xstate.actor', sessionId, name: sessionId, createdAt: '1', ...more }) as unknown as Recorded
const event = (sessionId: string, type: string) =>
  ({ type: '@xstate.event', sessionId, event: { type }, createdAt: '2' }) as Recorded
const snapshot = (sessionId: string, type: string, value: unknown, status = 'active') =>
  ({ type: '@xstate.snapshot', sessionId, event: { type }, snapshot: { value, status }, createdAt: '3' }) as Recorded

describe('The store', () => {
  it('has the actors of a real aggregate as a tree, with names and the states they are in', () => {
    const store = play(recorded.settled)
    expect([...store.actors.values()].map(it => [it.name, it.parentId, valueText(it.snapshot.value)])).toEqual([
      ['aggregate markdown', undefined, 'running.settled'],
      ['version 1.0.0', 'x:0', 'running'],
      ['version 2.0.0', 'x:0', 'running'],
    ])
    expect(store.actors.get('x:0')?.children).toEqual(['x:1', 'x:2'])
  })

  it('follows a real switch: the old version drains, then stops, and stays shown as stopped', () => {
    const store = play([...recorded.settled, ...recorded.switching])
    const values = () => [...store.actors.values()].map(it => valueText(it.snapshot.value))
    expect(values()).toEqual(['running.stoppingActive', 'stopping.draining', 'running'])
    play(recorded.switched, store)
    expect(values()).toEqual(['running.settled', 'stopped', 'running'])
    expect([...store.actors.values()].map(isAlive)).toEqual([true, false, true])
  })

  it('joins an event and the snapshot that it led to, also when others come between', () => {
    const store = play([
      actor('a'),
      actor('b', { parentId: 'a' }),
      event('a', 'go'),
      event('b', 'go'),
      snapshot('b', 'go', 'there'),
      snapshot('a', 'go', 'here'),
    ])
    expect(store.entries.map(it => [it.sessionId, it.event.type, it.snapshot?.value])).toEqual([
      ['a', 'go', 'here'],
      ['b', 'go', 'there'],
    ])
    expect(store.actors.get('a')?.last).toBe(store.entries[0])
  })

  it('shows a snapshot that came without an event, and an actor that nobody announced', () => {
    const store = play([snapshot('x', '', 'on')])
    expect(store.entries).toHaveLength(1)
    expect(store.actors.get('x')).toMatchObject({ name: 'x', snapshot: { value: 'on' } })
  })

  it('forgets the oldest messages beyond its limit, and still knows what they came to', () => {
    const store = play([actor('a'), actor('b')], new Store({ messages: 100 }))
    for (let i = 0; i < 1_000; i++) play([event('a', `e${i}`), snapshot('a', `e${i}`, `s${i}`)], store)
    expect(store.entries.length).toBeLessThanOrEqual(51)
    expect(store.entries.at(-1)?.event.type).toBe('e999')
    const again = play(store.recording())
    expect([...again.actors.keys()].toSorted()).toEqual(['a', 'b'])
    expect(again.actors.get('a')?.snapshot.value).toBe('s999')
    expect(store.recording().length).toBeLessThanOrEqual(103)
  })

  it('forgets by size, too', () => {
    const store = new Store({ characters: 10_000 })
    for (let i = 0; i < 100; i++) play([event('a', 'x'.repeat(1_000))], store)
    expect(store.entries.length).toBeLessThan(11)
  })

  it('forgets the actors that ended first, but neither those alive nor the one that is looked at', () => {
    const store = new Store({ actors: 10 })
    store.kept = '3'
    for (let i = 0; i < 30; i++) {
      play([actor(`${i}`)], store)
      if (i % 2 === 1) play([snapshot(`${i}`, 'end', 'off', 'done')], store)
    }
    expect(store.actors.has('3')).toBe(true)
    expect(store.actors.has('5')).toBe(false)
    expect([...store.actors.values()].filter(isAlive)).toHaveLength(15)
  })

  it('takes 1,000 actors', () => {
    const store = play(Array.from({ length: 1_000 }, (_, i) => actor(`${i}`, i === 0 ? {} : { parentId: '0' })))
    expect(store.actors.get('0')?.children).toHaveLength(999)
  })

  it('counts what the program dropped', () => {
    expect(play([{ type: '@cutover.dropped', count: 7, createdAt: '1' }]).dropped).toBe(7)
  })
})

describe('Messages', () => {
  it.each([
    'no JSON',
    'null',
    '[]',
    '{}',
    '{"type":"@xstate.actor"}',
    '{"type":"@xstate.event","sessionId":"a"}',
    '{"type":"@xstate.snapshot","sessionId":"a","snapshot":1}',
    '{"type":"@cutover.status","status":{"versions":[1]}}',
    '{"type":"@cutover.dropped"}',
    '{"type":"@xstate.microstep","sessionId":"a"}',
    '{"type":"constructor","sessionId":"a"}',
  ])('are not: %s', text => {
    expect(parseMessage(text)).toBeUndefined()
  })
})

describe('A recording', () => {
  it('reads as it was written, up to the same state', () => {
    const store = play(all)
    const { messages, skipped } = readRecording(writeRecording(store.recording()))
    expect(skipped).toBe(0)
    const again = play(messages.map(({ message }) => message))
    expect(again.recording()).toEqual(store.recording())
    expect(again.entries).toEqual(store.entries)
  })

  it('counts the lines that are no message, as of a file that was cut off', () => {
    const text = writeRecording(play(all).recording())
    expect(readRecording(text.slice(0, -20)).skipped).toBe(1)
  })

  it.each([
    ['', 'not a recording'],
    ['\u0000PNG', 'not a recording'],
    ['{"type":"@xstate.actor"}', 'not a recording'],
    ['null', 'not a recording'],
    ['{"type":"@cutover.recording","version":2}', 'version 2'],
  ])('is refused with a reason: %j', (text, reason) => {
    expect(() => readRecording(text)).toThrow(RecordingError)
    expect(() => readRecording(text)).toThrow(reason)
  })
})
