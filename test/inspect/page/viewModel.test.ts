import { SimulatedClock } from 'cutover/testing'
import { describe, expect, it } from 'vitest'
import { createActor } from 'xstate'
import { fitting, opening } from '../../../src/inspect/page/chart/viewTransform.js'
import { socketUrl } from '../../../src/inspect/page/connection/connection.js'
import { backoff, connectionMachine } from '../../../src/inspect/page/connection/pageConnectionMachine.js'
import { Viewer } from '../../../src/inspect/page/data/viewModel.js'

const text = (it: object) => JSON.stringify({ createdAt: '1', ...it })
const actor = text({ type: '@xstate.actor', sessionId: 'a', name: 'a' })
const snapshot = (value: string) =>
  text({ type: '@xstate.snapshot', sessionId: 'a', event: { type: value }, snapshot: { value } })

function live(): Viewer {
  const viewer = new Viewer(() => {})
  viewer.connection('open')
  return viewer
}

describe('The viewer', () => {
  it('looks at the first actor until another is chosen', () => {
    const viewer = live()
    viewer.receive(actor)
    viewer.receive(text({ type: '@xstate.actor', sessionId: 'b', name: 'b' }))
    expect(viewer.selected).toBe('a')
  })

  it('holds still while paused, however much comes, and knows the present when it goes on', () => {
    const viewer = live()
    viewer.receive(actor)
    viewer.togglePause()
    for (let i = 0; i < 25_000; i++) viewer.receive(snapshot(`s${i}`))
    expect(viewer.store.entries).toEqual([])
    expect(viewer.held?.length).toBeLessThanOrEqual(10_000)
    viewer.togglePause()
    expect(viewer.store.actors.get('a')?.snapshot.value).toBe('s24999')
  })

  it('keeps what it has while the connection is lost, and begins anew with the first message after', () => {
    const viewer = live()
    viewer.receive(actor)
    viewer.receive(snapshot('on'))
    viewer.connection('waiting')
    viewer.connection('connecting')
    viewer.connection('open')
    expect(viewer.store.entries).toHaveLength(1)
    viewer.receive(actor)
    expect(viewer.store.entries).toHaveLength(0)
    expect(viewer.selected).toBe('a')
  })

  it('takes nothing from a program while it shows a recording', () => {
    const viewer = live()
    viewer.receive(actor)
    const saved = viewer.save()
    expect(viewer.open('a', saved)).toBe(true)
    viewer.receive(snapshot('on'))
    viewer.connection('closed')
    expect(viewer.store.entries).toEqual([])
    expect(viewer.source.kind).toBe('recording')
  })
})

describe('The connection', () => {
  function connection() {
    const clock = new SimulatedClock()
    const done: string[] = []
    const act = (name: string) => () => {
      done.push(name)
    }
    const machine = connectionMachine.provide({ actions: { openSocket: act('open'), closeSocket: act('close') } })
    return { clock, done, actor: createActor(machine, { clock }).start() }
  }

  it('tries again after an end, later each time, and soon again once it was open', () => {
    const { clock, done, actor: it } = connection()
    for (const wait of [500, 1_000, 2_000, 4_000, 8_000, 10_000, 10_000]) {
      it.send({ type: 'closed' })
      clock.increment(wait - 1)
      expect(it.getSnapshot().value).toBe('waiting')
      clock.increment(1)
      expect(it.getSnapshot().value).toBe('connecting')
    }
    expect(done).toHaveLength(8)
    it.send({ type: 'opened' })
    it.send({ type: 'closed' })
    clock.increment(500)
    expect(it.getSnapshot().value).toBe('connecting')
  })

  it('ends for good in whatever state it is', () => {
    for (const before of [[], ['opened'], ['closed']] as const) {
      const { clock, done, actor: it } = connection()
      for (const type of before) it.send({ type })
      it.send({ type: 'close' })
      clock.increment(60_000)
      expect(done).toEqual(['open', 'close'])
    }
    expect(backoff(1_000)).toBe(10_000)
  })

  it('gives up when it is refused', () => {
    const { clock, done, actor: it } = connection()
    it.send({ type: 'closed' })
    clock.increment(500)
    it.send({ type: 'refused' })
    clock.increment(60_000)
    expect(it.getSnapshot().value).toBe('refused')
    expect(done).toEqual(['open', 'open', 'close'])
  })

  it('goes to where the page comes from, with its token', () => {
    const of = (url: string) => socketUrl(new URL(url))
    expect(of('http://127.0.0.1:80/?token=a%2Fb')).toBe('ws://127.0.0.1/socket?token=a%2Fb')
    expect(of('http://127.0.0.1:81/')).toBeUndefined()
    expect(of('file:///page/index.html?token=a')).toBeUndefined()
  })
})

describe('The place of a drawing', () => {
  const states = [{ state: { path: 'far' }, box: { x: 1_900, y: 900, width: 100, height: 100 } }] as never
  const room = { width: 400, height: 300 }

  it('is the middle, as large as fits but not too large', () => {
    expect(fitting({ width: 400, height: 100 }, room)).toEqual({ scale: 1, x: 0, y: 100 })
    expect(fitting({ width: 4, height: 1 }, room).scale).toBe(1.15)
    expect(fitting({ width: 4, height: 1 }, { width: 0, height: 0 }).scale).toBe(1)
  })

  it('of one too large to be read is around what is active, and not beyond its edges', () => {
    const { scale, x, y } = opening({ width: 2_000, height: 1_000, states }, room, ['far'])
    expect([x, y]).toEqual([400 - 2_000 * scale, 300 - 1_000 * scale])
    expect(opening({ width: 2_000, height: 1_000, states }, room, [])).toEqual({ scale, x: 0, y: 0 })
  })
})
