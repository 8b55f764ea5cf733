import { describe, expect, it } from 'vitest'
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
})
