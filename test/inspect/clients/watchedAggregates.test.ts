import { BehaviorSubject, EMPTY, type Observable, Subject } from 'rxjs'
import { describe, expect, it } from 'vitest'
import { type WatchableAggregate, WatchedAggregates } from '../../../src/inspect/clients/watchedAggregates.js'
import { Recorder } from '../../../src/inspect/recorder/recorder.js'

function create() {
  const options = { sanitize: (value: unknown) => value, history: 10, historyBytes: 1e6, maxMessageBytes: 65_536 }
  const recorder = new Recorder(options, { hasClients: true, recorded: () => {} })
  const watched = new WatchedAggregates(recorder)
  const recorded = () =>
    Array.from({ length: recorder.history.head }, (_, i) => JSON.parse(recorder.messageAt(i) ?? 'null'))
  return { watched, recorded }
}

/** A watchable with this status and these events. */
function watchable(status: () => object, events: Observable<unknown>): WatchableAggregate {
  return { id: 'a', status, watchEvents: () => events } as unknown as WatchableAggregate
}

describe('The watched aggregates', () => {
  it('poll reports a change once', () => {
    const { watched } = create()
    const status = { inFlight: 0 }
    watched.add(watchable(() => ({ ...status }), new Subject()))
    expect([watched.poll(), watched.poll()]).toEqual([true, false])
    status.inFlight = 1
    expect([watched.poll(), watched.poll()]).toEqual([true, false])
  })

  it('subscribe to an aggregate once, and unsubscribe on clear', () => {
    const { watched } = create()
    const events = new BehaviorSubject(0)
    const aggregate = watchable(() => ({}), events)
    let subscriptions = 0
    const counted = {
      ...aggregate,
      watchEvents() {
        subscriptions++
        return aggregate.watchEvents()
      },
    }
    watched.add(counted)
    watched.add(counted)
    expect([subscriptions, events.observed]).toEqual([1, true])
    watched.clear()
    expect([[...watched.all()].length, events.observed]).toEqual([0, false])
  })

  it.each(['complete', 'error'] as const)('record the last status at the end of the events: %s', kind => {
    const { watched, recorded } = create()
    const events = new Subject()
    let state = 'running'
    watched.add(watchable(() => ({ state }), events))
    watched.poll()
    state = 'disposed'
    events[kind](new Error('no'))
    expect(recorded()).toMatchObject([{ type: '@cutover.status', status: { state: 'disposed' } }])
    expect([...watched.all()]).toEqual([])
    expect(watched.poll()).toBe(false)
  })

  it('read the metrics at once, and then in every tenth poll, and report a change once', () => {
    const { watched } = create()
    let calls = 0
    const metrics = () => ({ calls: ++calls })
    watched.poll()
    watched.add({ ...watchable(() => ({}), new Subject()), metrics: metrics as never })
    const changes = Array.from({ length: 20 }, () => watched.poll())
    expect(changes.flatMap((hasChanged, i) => (hasChanged ? [i] : []))).toEqual([0, 9, 19])
    expect(calls).toBe(3)
    const messages = [...watched.all()].map(reading => JSON.parse(watched.messageOf(reading) ?? 'null'))
    expect(messages).toMatchObject([
      { type: '@cutover.status', status: {} },
      { type: '@cutover.metrics', metrics: { calls: 3 } },
    ])
  })

  it('record the last metrics at the end of the events', () => {
    const { watched, recorded } = create()
    const events = new Subject()
    let calls = 0
    watched.add({ ...watchable(() => ({}), events), metrics: (() => ({ calls })) as never })
    watched.poll()
    calls = 1
    events.complete()
    expect(recorded()).toMatchObject([
      { type: '@cutover.status', status: {} },
      { type: '@cutover.metrics', metrics: { calls: 1 } },
    ])
  })

  it('show the status of an aggregate whose metrics cannot be read, or that has none', () => {
    const { watched, recorded } = create()
    const events = new Subject()
    for (const metrics of [() => JSON.parse('{'), () => ({ calls: 1n }), () => undefined, undefined]) {
      watched.add({ ...watchable(() => ({}), events), metrics } as WatchableAggregate)
    }
    expect(watched.poll()).toBe(true)
    events.complete()
    expect(recorded().map(({ type }) => type)).toEqual(Array(4).fill('@cutover.status'))
  })

  it('hold nothing of an aggregate that was disposed before', () => {
    const { watched, recorded } = create()
    let unsubscribed = 0
    const disposed = watchable(() => ({ state: 'disposed' }), EMPTY)
    const events = {
      subscribe(observer: { complete(): void }) {
        observer.complete()
        return { unsubscribe: () => unsubscribed++ }
      },
    }
    watched.add(disposed)
    watched.add({ ...disposed, watchEvents: () => events } as unknown as WatchableAggregate)
    expect([...watched.all()]).toEqual([])
    expect(recorded()).toHaveLength(2)
    watched.clear()
    expect(unsubscribed).toBe(0)
  })

  it('hold nothing of an aggregate that is disposed later', () => {
    const { watched } = create()
    let unsubscribed = 0
    let complete = () => {}
    const events = {
      subscribe(observer: { complete(): void }) {
        complete = () => observer.complete()
        return { unsubscribe: () => unsubscribed++ }
      },
    }
    watched.add(watchable(() => ({}), events as never))
    complete()
    watched.clear()
    expect(unsubscribed).toBe(0)
  })

  it('can be watched again after their end, and are then recorded again', () => {
    const { watched, recorded } = create()
    const [first, second] = [new Subject(), new Subject()]
    const streams = [first, second]
    const aggregate = watchable(() => ({}), first)
    const again = { ...aggregate, watchEvents: () => streams.shift() as never }
    watched.add(again)
    first.complete()
    watched.add(again)
    second.complete()
    expect(recorded()).toHaveLength(2)
  })
})
