import { describe, expect, it } from 'vitest'
import { parseMessage, type ReceivedMessage } from '../../../src/inspect/page/data/receivedMessage.js'
import { RecordingError, readRecording, writeRecording } from '../../../src/inspect/page/data/recordingFile.js'
import { formatStateValue } from '../../../src/inspect/page/data/stateValue.js'
import { isAlive, Store } from '../../../src/inspect/page/data/store.js'
import type { Recorded } from '../../fixtures/inspect/collector.js'
import { recordSwitch } from '../../fixtures/inspect/recordSwitch.js'

const recorded = await recordSwitch()
const all = [...recorded.settled, ...recorded.switching, ...recorded.switched]

function play(messages: readonly (Recorded | ReceivedMessage)[], store = new Store()): Store {
  for (const it of messages) {
    const text = JSON.stringify(it)
    const message = parseMessage(text)
    if (message === undefined) throw new Error(`Not a message: ${text}`)
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
  it('has the actors of a real aggregate as a tree, with their names and states', () => {
    const store = play(recorded.settled)
    const [root = '', ...versions] = store.actors.keys()
    expect([...store.actors.values()].map(it => [it.name, it.parentId, formatStateValue(it.snapshot.value)])).toEqual([
      ['aggregate markdown', undefined, 'running.settled'],
      ['version 1.0.0', root, 'running'],
      ['version 2.0.0', root, 'running'],
    ])
    expect(store.actors.get(root)?.children).toEqual(versions)
  })

  it('follows a real switch: the old version drains, stops, and remains as stopped', () => {
    const store = play([...recorded.settled, ...recorded.switching])
    const values = () => [...store.actors.values()].map(it => formatStateValue(it.snapshot.value))
    expect(values()).toEqual(['running.stoppingActive', 'stopping.draining', 'running'])
    play(recorded.switched, store)
    expect(values()).toEqual(['running.settled', 'stopped', 'running'])
    expect([...store.actors.values()].map(isAlive)).toEqual([true, false, true])
  })

  it('joins an event and its snapshot, also with other messages in between', () => {
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
    expect(store.actors.get('a')?.lastEntry).toBe(store.entries[0])
  })

  it('accepts a snapshot without an event, and an actor without an announcement', () => {
    const store = play([snapshot('x', '', 'on')])
    expect(store.entries).toHaveLength(1)
    expect(store.actors.get('x')).toMatchObject({ name: 'x', snapshot: { value: 'on' } })
  })

  it('drops the oldest messages beyond its limit, and keeps the resulting states', () => {
    const store = play([actor('a'), actor('b')], new Store({ messages: 100 }))
    for (let i = 0; i < 1_000; i++) play([event('a', `e${i}`), snapshot('a', `e${i}`, `s${i}`)], store)
    expect(store.entries.length).toBeLessThanOrEqual(51)
    expect(store.entries.at(-1)?.event.type).toBe('e999')
    const again = play(store.recording())
    expect([...again.actors.keys()].toSorted()).toEqual(['a', 'b'])
    expect(again.actors.get('a')?.snapshot.value).toBe('s999')
    expect(store.recording().length).toBeLessThanOrEqual(103)
  })

  it('drops messages beyond its limit of characters', () => {
    const store = new Store({ characters: 10_000 })
    for (let i = 0; i < 100; i++) play([event('a', 'x'.repeat(1_000))], store)
    expect(store.entries.length).toBeLessThan(11)
  })

  it('forgets the actors that stopped first, but not running ones or the selected one', () => {
    const store = new Store({ actors: 10 })
    store.pinned = '3'
    for (let i = 0; i < 30; i++) {
      play([actor(`${i}`)], store)
      if (i % 2 === 1) play([snapshot(`${i}`, 'end', 'off', 'done')], store)
    }
    expect(store.actors.has('3')).toBe(true)
    expect(store.actors.has('5')).toBe(false)
    expect([...store.actors.values()].filter(isAlive)).toHaveLength(15)
  })

  it('removes a forgotten actor from its parent, and forgets no parent before its children', () => {
    const store = new Store({ actors: 4 })
    play([actor('root'), actor('parent', { parentId: 'root' }), actor('child', { parentId: 'parent' })], store)
    play([actor('other', { parentId: 'root' })], store)
    for (const id of ['parent', 'child']) play([snapshot(id, 'end', 'off', 'done')], store)
    play([actor('new 1')], store)
    expect([...store.actors.keys()]).toEqual(['root', 'parent', 'other', 'new 1'])
    expect(store.actors.get('parent')?.children).toEqual([])
    play([actor('new 2')], store)
    expect([...store.actors.keys()]).toEqual(['root', 'other', 'new 1', 'new 2'])
    expect(store.actors.get('root')?.children).toEqual(['other'])
  })

  it('has an actor below its parent once, in whichever order and however often they are announced', () => {
    const store = play([actor('child', { parentId: 'parent' }), actor('parent')])
    expect(store.actors.get('parent')?.children).toEqual(['child'])
    play([actor('child', { parentId: 'parent' })], store)
    expect(store.actors.get('parent')?.children).toEqual(['child'])
  })

  it('joins a snapshot with one of the last 32 pending events, and with none after the actor has stopped', () => {
    const store = play([actor('a')])
    for (let i = 0; i < 40; i++) play([event('a', `e${i}`)], store)
    play([snapshot('a', 'e7', 'old'), snapshot('a', 'e8', 'new')], store)
    expect(store.entries.slice(7, 9).map(it => it.snapshot?.value)).toEqual([undefined, 'new'])
    play([event('a', 'late'), snapshot('a', 'end', 'off', 'done'), snapshot('a', 'late', 'on')], store)
    expect(store.entries.filter(it => it.event.type === 'late').map(it => it.snapshot?.value)).toEqual([
      undefined,
      'on',
    ])
  })

  it("does not count XState's own events that changed no state as an actor's last entry", () => {
    const store = play([actor('a'), event('a', 'go'), snapshot('a', 'go', 'on')])
    play([event('a', 'xstate.done.actor.b'), snapshot('a', 'xstate.done.actor.b', 'on')], store)
    expect(store.actors.get('a')?.lastEntry?.event.type).toBe('go')
    play([event('a', 'xstate.after.1'), snapshot('a', 'xstate.after.1', 'off')], store)
    expect(store.actors.get('a')?.lastEntry?.event.type).toBe('xstate.after.1')
  })

  it('keeps a single message that is above its limits', () => {
    const store = play([event('a', 'x'.repeat(1_000))], new Store({ characters: 10 }))
    expect(store.entries).toHaveLength(1)
    expect(store.recording().map(({ type }) => type)).toEqual(['@xstate.event'])
  })

  it('counts only the characters of the messages that it keeps', () => {
    const store = new Store({ characters: 10_000 })
    for (let i = 0; i < 100; i++) play([event('a', 'x'.repeat(1_000))], store)
    for (let i = 0; i < 20; i++) play([event('a', 'small')], store)
    expect(store.entries.length).toBeGreaterThan(20)
  })

  it('records the last known state of an actor whose messages it has dropped', () => {
    const store = play([actor('a'), actor('b'), snapshot('a', 'go', 'on')], new Store({ messages: 10 }))
    for (let i = 0; i < 50; i++) play([event('b', `e${i}`)], store)
    expect(play(store.recording()).actors.get('a')?.snapshot.value).toBe('on')
  })

  it('records an actor that was announced again with its later announcement', () => {
    const store = play(
      [actor('a'), actor('a', { name: 'new', snapshot: { value: 'on' } })],
      new Store({ messages: 10 }),
    )
    for (let i = 0; i < 50; i++) play([event('a', `e${i}`)], store)
    const again = play(store.recording())
    expect(again.actors.get('a')).toMatchObject({ name: 'new', snapshot: { value: 'on' } })
  })

  it('holds 1,000 actors', () => {
    const store = play(Array.from({ length: 1_000 }, (_, i) => actor(`${i}`, i === 0 ? {} : { parentId: '0' })))
    expect(store.actors.get('0')?.children).toHaveLength(999)
  })

  it('knows how many messages were dropped', () => {
    expect(play([{ type: '@cutover.dropped', count: 7, createdAt: '1' }]).dropped).toBe(7)
  })
})

describe('parseMessage', () => {
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
  ])('returns undefined for %s', text => {
    expect(parseMessage(text)).toBeUndefined()
  })
})

it('Optional fields of the wrong type are left out', () => {
  const odd = { type: '@xstate.actor', sessionId: 'a', name: 1, parentId: {}, definition: [], snapshot: null }
  const message = parseMessage(JSON.stringify(odd))
  expect(message).toEqual({ type: '@xstate.actor', sessionId: 'a', name: 'a', createdAt: '' })
  if (message !== undefined) new Store().apply(message)
})

it('A snapshot without an event gets an event without a type', () => {
  expect(parseMessage('{"type":"@xstate.snapshot","sessionId":"a","snapshot":{}}')).toMatchObject({
    event: { type: '' },
  })
})

describe('A recording', () => {
  it('leads a new store to the same content', () => {
    const store = play(all)
    const { messages, skipped } = readRecording(writeRecording(store.recording()))
    expect(skipped).toBe(0)
    const again = play(messages.map(({ message }) => message))
    expect(again.recording()).toEqual(store.recording())
    expect(again.entries).toEqual(store.entries)
  })

  it('counts the lines that are not messages, as at the end of a truncated file', () => {
    const text = writeRecording(play(all).recording())
    expect(readRecording(text.slice(0, -20)).skipped).toBe(1)
  })

  it.each([
    ['', 'not a recording'],
    ['\u0000PNG', 'not a recording'],
    ['{"type":"@xstate.actor"}', 'not a recording'],
    ['null', 'not a recording'],
    ['{"type":"@cutover.recording","version":2}', 'version 2'],
  ])('is rejected with a reason if it is %j', (text, reason) => {
    expect(() => readRecording(text)).toThrow(RecordingError)
    expect(() => readRecording(text)).toThrow(reason)
  })
})
