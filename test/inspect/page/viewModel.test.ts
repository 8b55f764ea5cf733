import { describe, expect, it, vi } from 'vitest'
import { Store } from '../../../src/inspect/page/data/store.js'
import { ViewModel } from '../../../src/inspect/page/data/viewModel.js'

const text = (it: object) => JSON.stringify({ createdAt: '1', ...it })
const actor = text({ type: '@xstate.actor', sessionId: 'a', name: 'a' })
const snapshot = (value: string) =>
  text({ type: '@xstate.snapshot', sessionId: 'a', event: { type: value }, snapshot: { value } })

function liveView(): ViewModel {
  const view = new ViewModel(() => {})
  view.connectionChanged('open')
  return view
}

describe('The view model', () => {
  it('selects the first actor until the user selects another', () => {
    const view = liveView()
    view.receive(actor)
    view.receive(text({ type: '@xstate.actor', sessionId: 'b', name: 'b' }))
    expect(view.selectedId).toBe('a')
  })

  it('changes nothing while paused, keeps a limited number of messages, and applies them on resume', () => {
    const view = liveView()
    view.receive(actor)
    view.togglePause()
    for (let i = 0; i < 25_000; i++) view.receive(snapshot(`s${i}`))
    expect(view.store.entries).toEqual([])
    expect(view.pausedMessages?.length).toBeLessThanOrEqual(10_000)
    view.togglePause()
    expect(view.store.actors.get('a')?.snapshot.value).toBe('s24999')
  })

  it('keeps its data while the connection is lost, and replaces it with the first message of the next connection', () => {
    const view = liveView()
    view.receive(actor)
    view.receive(snapshot('on'))
    view.connectionChanged('waiting')
    view.connectionChanged('connecting')
    view.connectionChanged('open')
    expect(view.store.entries).toHaveLength(1)
    view.receive(actor)
    expect(view.store.entries).toHaveLength(0)
    expect(view.selectedId).toBe('a')
  })

  it('ignores the program while it shows a recording', () => {
    const view = liveView()
    view.receive(actor)
    const saved = view.save()
    expect(view.open('a', saved)).toBe(true)
    view.receive(snapshot('on'))
    view.connectionChanged('closed')
    expect(view.store.entries).toEqual([])
    expect(view.source.kind).toBe('recording')
  })

  it('keeps all actors and their last snapshots, of the messages that it drops while paused', () => {
    const view = liveView()
    view.togglePause()
    for (const id of ['a', 'b']) view.receive(text({ type: '@xstate.actor', sessionId: id, name: id }))
    view.receive(text({ type: '@xstate.snapshot', sessionId: 'b', event: { type: 'x' }, snapshot: { value: 'kept' } }))
    for (let i = 0; i < 12_000; i++) view.receive(snapshot(`s${i}`))
    view.togglePause()
    expect([...view.store.actors.values()].map(it => it.snapshot.value)).toEqual(['s11999', 'kept'])
  })

  it('keeps the selected actor, but not the selected entry, for the data of the next connection', () => {
    const view = liveView()
    view.receive(actor)
    view.receive(snapshot('on'))
    view.selectEntry(view.store.entries[0])
    view.connectionChanged('open')
    view.receive(actor)
    expect(view.selectedEntry).toBeUndefined()
    expect([view.selectedId, view.store.pinned]).toEqual(['a', 'a'])
  })

  it('resets the selection, the pause, the notice and the collapsed rows for a recording, which stays whole', () => {
    const view = liveView()
    view.receive(actor)
    view.receive(snapshot('on'))
    const saved = view.save()
    view.selectEntry(view.store.entries[0])
    view.collapse('a', true)
    view.togglePause()
    view.open('wrong', 'no recording')
    expect(view.notice).toContain('wrong: ')
    expect(view.open('right', saved.replaceAll('"a"', '"b"'))).toBe(true)
    expect(view).toMatchObject({
      selectedId: 'b',
      selectedEntry: undefined,
      pausedMessages: undefined,
      notice: undefined,
    })
    expect(view.collapsed.size).toBe(0)
    expect(view.store.entries).toHaveLength(1)
    view.togglePause()
    expect(view.pausedMessages).toBeUndefined()
    view.closeRecording()
    expect(view).toMatchObject({ source: { kind: 'none' }, selectedId: undefined })
    expect(view.store.entries).toEqual([])
  })

  it('throws if the page itself fails, instead of blaming the file', () => {
    const view = liveView()
    view.receive(actor)
    const saved = view.save()
    vi.spyOn(Store.prototype, 'apply').mockImplementation(() => {
      throw new Error('a bug')
    })
    expect(() => view.open('right', saved)).toThrow('a bug')
  })

  it('reports every change, also a recording that cannot be opened', () => {
    let changes = 0
    const view = new ViewModel(() => {
      changes++
    })
    const isReported = (act: () => void) => {
      const before = changes
      act()
      return changes > before
    }
    expect(
      [
        () => view.connectionChanged('open'),
        () => view.receive(actor),
        () => view.togglePause(),
        () => view.receive(snapshot('on')),
        () => view.togglePause(),
        () => view.select('a'),
        () => view.selectEntry(view.store.entries[0]),
        () => view.set({ search: 'x' }),
        () => view.collapse('a', true),
        () => view.open('wrong', ''),
        () => view.open('right', view.save()),
        () => view.closeRecording(),
      ].map(isReported),
    ).toEqual(Array(12).fill(true))
    expect(isReported(() => view.receive('garbage'))).toBe(false)
  })

  it('collapses and expands an actor, and says why a program refuses the page', () => {
    const view = liveView()
    view.collapse('a', true)
    expect([...view.collapsed]).toEqual(['a'])
    view.collapse('a', false)
    expect([...view.collapsed]).toEqual([])
    view.connectionChanged('refused')
    expect(view.notice).toContain('The program was restarted')
  })
})
