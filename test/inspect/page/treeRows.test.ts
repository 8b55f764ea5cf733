import { describe, expect, it } from 'vitest'
import { Store } from '../../../src/inspect/page/data/store.js'
import { hiddenCount, treeRows } from '../../../src/inspect/page/panels/treeRows.js'

const view = (hidesStopped: boolean, selectedId?: string) => ({
  collapsed: new Set<string>(),
  hidesStopped,
  selectedId,
})

function storeOf(
  ...actors: readonly (readonly [id: string, name: string, parentId?: string | undefined, status?: string])[]
) {
  const store = new Store()
  for (const [sessionId, name, parentId, status = 'active'] of actors) {
    const actor = { sessionId, name, createdAt: '1', snapshot: { status } }
    store.apply({ ...actor, type: '@xstate.actor', ...(parentId === undefined ? {} : { parentId }) })
  }
  return store
}

describe('The tree of actors', () => {
  it('names a supervisor and its connections shortly below their version, and as a whole elsewhere', () => {
    const store = storeOf(
      ['a', 'aggregate markdown'],
      ['v', 'version 1.0.0', 'a'],
      ['s', 'supervisor markdown 1.0.0', 'v'],
      ['c', 'connection markdown 1.0.0', 's'],
      ['p', 'pool markdown 1.0.0', 'v'],
      ['i', 'supervisor markdown 1.0.0 #1', 'p'],
      ['o', 'supervisor of a user', 'v'],
      ['r', 'supervisor markdown 2.0.0'],
    )
    expect(treeRows(store, view(true)).map(({ level, name }) => `${level} ${name}`)).toEqual([
      '1 markdown',
      '2 1.0.0',
      '3 supervisor',
      '4 connection',
      '3 pool',
      '4 supervisor #1',
      '3 supervisor of a user',
      '1 supervisor markdown 2.0.0',
    ])
  })

  it('hides stopped actors, and counts them, except the selected one and those with a running child', () => {
    const store = storeOf(
      ['a', 'a', undefined, 'stopped'],
      ['b', 'b', 'a'],
      ['c', 'c', undefined, 'done'],
      ['d', 'd', 'c', 'error'],
      ['e', 'e', undefined, 'stopped'],
    )
    const ids = (hides: boolean, selected?: string) => treeRows(store, view(hides, selected)).map(it => it.name)
    expect(ids(true)).toEqual(['a', 'b'])
    expect(ids(true, 'd')).toEqual(['a', 'b', 'c', 'd'])
    expect(ids(false)).toEqual(['a', 'b', 'c', 'd', 'e'])
    expect([
      hiddenCount(store, view(true)),
      hiddenCount(store, view(true, 'd')),
      hiddenCount(store, view(false)),
    ]).toEqual([3, 1, 0])
  })

  it('ends if stopped actors are announced in a circle', () => {
    const store = storeOf(['r', 'r'], ['a', 'a', 'r', 'done'], ['b', 'b', 'a', 'done'], ['a', 'a', 'b', 'done'])
    expect(treeRows(store, view(true)).map(({ name }) => name)).toEqual(['r'])
    expect(treeRows(store, view(false)).map(({ name }) => name)).toEqual(['r', 'a', 'b'])
  })
})
