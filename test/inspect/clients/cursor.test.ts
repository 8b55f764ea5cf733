import { Subject } from 'rxjs'
import { describe, expect, it } from 'vitest'
import { Cursor } from '../../../src/inspect/clients/cursor.js'
import { WatchedAggregates } from '../../../src/inspect/clients/watchedAggregates.js'
import { TestRecorder } from '../../fixtures/inspect/recording.js'

type Message = { readonly type: string; readonly sessionId?: string; readonly count?: number }

function create() {
  const test = new TestRecorder()
  for (const id of ['quiet', 'busy']) test.actor(id)
  const cursor = new Cursor(test.recorder, new WatchedAggregates(test.recorder))
  const next = (): Message | undefined => {
    const json = cursor.next()
    return json === undefined ? undefined : JSON.parse(json)
  }
  const rest = () => {
    const messages: Message[] = []
    for (let message = next(); message !== undefined; message = next()) messages.push(message)
    return messages
  }
  return { test, cursor, next, rest }
}

const announced = (messages: readonly Message[]) =>
  messages.filter(({ type }) => type === '@xstate.actor').map(({ sessionId }) => sessionId)

describe('A cursor that falls behind the history', () => {
  it('reports the gap, then announces the actors in it, then continues', () => {
    const { test, next, rest } = create()
    rest()
    test.snapshot('quiet', { type: 'x' }, { value: 'on' })
    test.events('busy', 300)
    expect(next()).toMatchObject({ type: '@cutover.dropped', count: 1 + 300 - 256 })
    const messages = rest()
    expect(announced(messages)).toEqual(['quiet'])
    expect(messages).toHaveLength(1 + 256)
  })

  it('covers both gaps if it falls behind again before it has announced the actors of the first', () => {
    const { test, next, rest } = create()
    rest()
    test.snapshot('quiet', { type: 'x' }, { value: 'on' })
    test.events('busy', 300)
    next()
    test.snapshot('busy', { type: 'y' }, { value: 'on' })
    test.events('busy', 300)
    expect(next()).toMatchObject({ type: '@cutover.dropped', count: 2 + 600 - 256 })
    expect(announced(rest())).toEqual(['quiet', 'busy'])
  })

  it('announces an actor of a second gap that began during the announcements of the first', () => {
    const { test, next, rest } = create()
    rest()
    for (const id of ['quiet', 'busy']) test.snapshot(id, { type: 'x' }, { value: 'on' })
    test.events('busy', 300)
    next()
    expect(next()).toMatchObject({ type: '@xstate.actor', sessionId: 'quiet' })
    test.snapshot('quiet', { type: 'y' }, { value: 'off' })
    test.events('busy', 300)
    next()
    expect(announced(rest())).toEqual(['busy', 'quiet'])
  })

  it('needs its position in the history until it has announced the actors of the gap', () => {
    const { test, cursor, next, rest } = create()
    rest()
    const before = test.recorder.history.head
    expect(cursor.position).toBe(before)
    test.actor('new')
    test.snapshot('quiet', { type: 'x' }, { value: 'on' })
    test.events('busy', 300)
    expect(next()?.type).toBe('@cutover.dropped')
    expect(cursor.position).toBe(before)
    expect(next()).toMatchObject({ type: '@xstate.actor', sessionId: 'quiet' })
    expect(cursor.position).toBe(before)
    rest()
    expect(cursor.position).toBe(test.recorder.history.head)
  })
})

describe('A cursor over watched aggregates', () => {
  it('reaches each of them, also if all change before each message', () => {
    const test = new TestRecorder()
    const watched = new WatchedAggregates(test.recorder)
    let count = 0
    for (let n = 0; n < 5; n++) {
      const aggregate = { watchEvents: () => new Subject(), status: () => ({ id: `a${n}`, count: count++ }) }
      watched.add(aggregate as never)
    }
    const cursor = new Cursor(test.recorder, watched)
    const seen = new Set<string>()
    for (let n = 0; n < 5; n++) {
      watched.poll()
      seen.add(/"a\d"/.exec(cursor.next() ?? '')?.[0] ?? 'none')
    }
    expect(seen.size).toBe(5)
  })
})
