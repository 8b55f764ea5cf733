import { describe, expect, it } from 'vitest'
import { Store } from '../../../src/inspect/page/data/store.js'
import { type Lifeline, MAX_ARROWS, sequenceOf } from '../../../src/inspect/page/panels/sequence.js'

const at = (sessionId: string) => ({ sessionId, createdAt: '1' })
const actor = (sessionId: string, name: string, parentId?: string) => ({
  ...at(sessionId),
  type: '@xstate.actor' as const,
  name,
  ...(parentId === undefined ? {} : { parentId }),
})
const event = (sessionId: string, type: string, sourceId?: string) => ({
  ...at(sessionId),
  type: '@xstate.event' as const,
  event: { type },
  ...(sourceId === undefined ? {} : { sourceId }),
})

function storeOf(...messages: readonly Parameters<Store['apply']>[0][]): Store {
  const store = new Store()
  for (const message of messages) store.apply(message)
  return store
}
const shown = (store: Store, selected?: Store['entries'][number]) => {
  const { lifelines, arrows } = sequenceOf(store.entries, store, selected)
  const label = (it: Lifeline) => (it.version === undefined ? it.name : `${it.name} ${it.version}`)
  const name = (column: number) => lifelines.slice(column, column + 1).map(label)
  return {
    lifelines: lifelines.map(label),
    arrows: arrows.map(({ entry, from, to }) => `${name(from)} > ${name(to)}: ${entry.event.type}`),
  }
}

describe('The sequence', () => {
  it('has a lifeline for each actor that takes part, in the order of the tree, and the program before them', () => {
    const store = storeOf(
      actor('a', 'aggregate markdown'),
      actor('w', 'version 2.0.0', 'a'),
      actor('v', 'version 1.0.0', 'a'),
      actor('s', 'supervisor markdown 1.0.0', 'v'),
      actor('q', 'quiet'),
      event('s', 'launch', 'v'),
      event('v', 'start', 'a'),
      event('a', 'setVersion'),
      event('s', 'pause', 's'),
      event('v', 'host.started', 'elsewhere'),
    )
    expect(shown(store)).toEqual({
      lifelines: ['program', 'markdown', '1.0.0', 'supervisor 1.0.0', 'elsewhere'],
      arrows: [
        '1.0.0 > supervisor 1.0.0: launch',
        'markdown > 1.0.0: start',
        'program > markdown: setVersion',
        'supervisor 1.0.0 > supervisor 1.0.0: pause',
        'elsewhere > 1.0.0: host.started',
      ],
    })
  })

  it('has at most 200 arrows: the last, or those around the selected event', () => {
    const store = storeOf(actor('a', 'a'))
    for (let i = 0; i < 1_000; i++) store.apply(event('a', `e${i}`, 'a'))
    const types = (selected?: number) => {
      const { arrows } = sequenceOf(store.entries, store, selected === undefined ? undefined : store.entries[selected])
      return [arrows.length, arrows[0]?.entry.event.type, arrows.at(-1)?.entry.event.type]
    }
    expect(types()).toEqual([MAX_ARROWS, 'e800', 'e999'])
    expect(types(500)).toEqual([MAX_ARROWS, 'e400', 'e599'])
    expect(types(3)).toEqual([MAX_ARROWS, 'e0', 'e199'])
    expect(types(998)).toEqual([MAX_ARROWS, 'e800', 'e999'])
    expect(sequenceOf([], store, undefined)).toEqual({ lifelines: [], arrows: [] })
  })
})
