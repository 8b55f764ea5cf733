import { describe, expect, it } from 'vitest'
import type { ActorRefLike } from 'xstate'
import { ActorTable } from '../../../src/inspect/recorder/actorTable.js'

const ref = (sessionId: string, more: object = {}) => ({ sessionId, ...more }) as unknown as ActorRefLike
const idsOf = (table: ActorTable) => [...table.all()].map(({ sessionId }) => sessionId)

/** A table with these actors. The number of each announcement is its index. */
function tableOf(...ids: readonly string[]): ActorTable {
  const table = new ActorTable()
  for (const [index, id] of ids.entries()) table.add(ref(id), 'root', index)
  return table
}

function stop(table: ActorTable, id: string, at: number): void {
  const actor = table.get(id)
  if (actor === undefined) throw new Error(`There is no actor ${id}.`)
  table.markStopped(actor, at, { status: 'done' })
}

describe('The table of actors', () => {
  it('forgets the actors that stopped before a number, and keeps those that stopped later or run', () => {
    const table = tableOf('a', 'b', 'c')
    stop(table, 'b', 10)
    stop(table, 'a', 11)
    table.forgetStoppedBefore(10)
    expect(idsOf(table)).toEqual(['a', 'b', 'c'])
    table.forgetStoppedBefore(11)
    expect(idsOf(table)).toEqual(['a', 'c'])
  })

  it('releases an actor that stops, and keeps its last snapshot', () => {
    const table = tableOf('a')
    stop(table, 'a', 1)
    expect(table.get('a')).toMatchObject({ ref: undefined, lastSnapshot: { status: 'done' }, stoppedAt: 1 })
  })

  it('holds at most 10,000 actors: it forgets the one that stopped first, and without any the oldest', () => {
    const table = tableOf(...Array.from({ length: 10_000 }, (_, i) => `${i}`))
    stop(table, '7', 20_000)
    stop(table, '5', 20_001)
    table.add(ref('new 1'), 'root', 20_002)
    table.add(ref('new 2'), 'root', 20_003)
    table.add(ref('new 3'), 'root', 20_004)
    expect(['7', '5', '0', '1', 'new 3'].map(id => table.get(id) !== undefined)).toEqual([
      false,
      false,
      false,
      true,
      true,
    ])
    expect(idsOf(table)).toHaveLength(10_000)
  })

  it('replaces an actor with the same session id, and keeps the new one although the old one stopped', () => {
    const table = tableOf('a')
    stop(table, 'a', 1)
    table.add(ref('a'), 'root', 2)
    table.forgetStoppedBefore(100)
    expect(table.get('a')).toMatchObject({ announcedAt: 2, stoppedAt: undefined })
  })

  it('forgets a stopped actor only once, so that a new one with its session id stays', () => {
    const table = tableOf('a')
    stop(table, 'a', 1)
    table.forgetStoppedBefore(2)
    table.add(ref('a'), 'root', 3)
    table.forgetStoppedBefore(4)
    expect(idsOf(table)).toEqual(['a'])
  })

  it('finds the one running root with a name, but not one of several, a stopped one, or a child', () => {
    const table = new ActorTable()
    table.add(ref('x:0', { id: 'one' }), 'x:0', 0)
    table.add(ref('x:1', { id: 'two' }), 'x:1', 1)
    table.add(ref('x:2', { id: 'child', _parent: { sessionId: 'x:0' } }), 'x:0', 2)
    expect(['one', 'two', 'child', 'none'].map(name => table.rootNamed(name)?.sessionId)).toEqual([
      'x:0',
      'x:1',
      undefined,
      undefined,
    ])
    table.add(ref('x:3', { id: 'two' }), 'x:3', 3)
    stop(table, 'x:0', 4)
    expect([table.rootNamed('one'), table.rootNamed('two')]).toEqual([undefined, undefined])
  })

  it('is empty after clear, and keeps no stopped actor', () => {
    const table = tableOf('a')
    stop(table, 'a', 1)
    table.clear()
    expect(idsOf(table)).toEqual([])
    table.add(ref('a'), 'root', 2)
    table.forgetStoppedBefore(100)
    expect(idsOf(table)).toEqual(['a'])
  })
})
