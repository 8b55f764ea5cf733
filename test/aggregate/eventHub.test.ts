import type { RuntimeEvent } from 'cutover'
import type { Gate } from 'cutover/machines'
import { Observable, Subject } from 'rxjs'
import { TestScheduler } from 'rxjs/testing'
import { describe, expect, it } from 'vitest'
import { captureAndRelease, EventHub } from '../../src/aggregate/eventHub.js'
import { SafeObservable } from '../../src/support/safeObservable.js'
import { microtasks } from '../fixtures/hosting.js'

const tee = (hardware: string) => ({ capabilityTEE: { hardware } })

/** Small letters come from the host, capitals are what becomes of them. */
const EVENTS: Record<string, RuntimeEvent> = {
  s: { type: 'started', version: '2.0.0' },
  t: { type: 'started', version: '2.0.0', ...tee('first') },
  u: { type: 'updated', version: '2.0.0', ...tee('second') },
  v: { type: 'updated', version: '2.0.0' },
  x: { type: 'stopped', version: '2.0.0' },
  f: { type: 'failedToStart', error: new Error('no'), version: '2.0.0' },
  c: { type: 'configUpdated' },
  U: { type: 'started', version: '2.0.0', ...tee('second') },
}
const GATES: Record<string, Gate> = { c: 'capture', h: 'hold', p: 'pass' }

function marbles(gate: string, source: string, expected: string): void {
  new TestScheduler((actual, wanted) => expect(actual).toStrictEqual(wanted)).run(({ hot, cold, expectObservable }) => {
    const gate$ = cold(gate, GATES)
    expectObservable(hot(source, EVENTS).pipe(captureAndRelease(gate$))).toBe(expected, EVENTS)
  })
}

describe('captureAndRelease', () => {
  it.each([
    ['passes everything on at once while the gate is open', 'p', '-s-u-f-x-c-|', '-s-u-f-x-c-|'],
    ['keeps the last started and releases it when the gate opens', 'c----p', '-s-t-------', '-----t'],
    ['refreshes what it keeps with a later updated', 'c----p', '-t-u', '-----U'],
    ['takes the capability away when an updated has none', 'c----p', '-t-v', '-----s'],
    ['drops what it keeps on stopped', 'c----p', '-s-x', '------'],
    ['keeps nothing of an updated, a failure or a configUpdated alone', 'c----p', '-ufc', '------'],
    ['keeps its started as it was through a failure and a configUpdated', 'c----p', '-tfc', '-----t'],
    ['keeps a started that comes after a stopped', 'c-----p', '-s-x-t', '------t'],
    ['releases once, and passes on from then on', 'c--p', '-s--u-x', '---su-x'],
    ['takes in what still comes in the frame in which it opens', 'c--p', '-s-u', '---U'],
    ['holds everything in order until it opens', 'h------p', '-s-u-x-', '-------(sux)'],
    ['holds what it had captured, then everything after it', 'c--h---p', '-t--u-x', '-------(tux)'],
    ['keeps what it passed on last, and releases that when it opens again', 'p---c-p', '-t-u---', '-t-u--U'],
    ['keeps nothing of a version that has stopped before', 'p---c-p', '-s-x---', '-s-x---'],
    ['refreshes and drops what it kept of what it passed on', 'p--c---p', '-s--uxt-', '-s-----t'],
    ['ends at once with its source while it captures', 'c', '-s-|', '---|'],
    ['ends only after it has released what it holds', 'h----p', '-s-|', '-----(s|)'],
    ['hands on an error of its source', 'c', '-s-#', '---#'],
  ])('It %s', (_, gate, source, expected) => {
    marbles(gate, source, expected)
  })

  it('It lets go of its source and its gate when nobody listens any more', () => {
    const source$ = new Subject<RuntimeEvent>()
    const gate$ = new Subject<Gate>()
    const subscription = source$.pipe(captureAndRelease(gate$)).subscribe()
    expect([source$.observed, gate$.observed]).toEqual([true, true])
    subscription.unsubscribe()
    expect([source$.observed, gate$.observed]).toEqual([false, false])
  })

  it('It holds a flood without copying what it holds', () => {
    const source$ = new Subject<RuntimeEvent>()
    const gate$ = new Subject<Gate>()
    let heard = 0
    source$.pipe(captureAndRelease(gate$)).subscribe(() => {
      heard++
    })
    gate$.next('hold')
    for (let i = 0; i < 200_000; i++) source$.next({ type: 'configUpdated' })
    expect(heard).toBe(0)
    gate$.next('pass')
    expect(heard).toBe(200_000)
  })
})

describe('EventHub', () => {
  const hub = () => new EventHub(error => expect.unreachable(String(error)))

  it('It merges the streams of its children and its own events in the order in which they happen', () => {
    const events = hub()
    const one$ = new Subject<RuntimeEvent>()
    const two$ = new Subject<RuntimeEvent>()
    const heard: string[] = []
    events.watch().subscribe(event => heard.push('version' in event ? `${event.type} ${event.version}` : event.type))
    events.add(one$)
    events.add(two$)
    one$.next({ type: 'started', version: '1.0.0' })
    events.announce({ type: 'configUpdated' })
    two$.next({ type: 'started', version: '2.0.0' })
    one$.complete()
    two$.next({ type: 'stopped', version: '2.0.0' })
    expect(heard).toEqual(['started 1.0.0', 'configUpdated', 'started 2.0.0', 'stopped 2.0.0'])
  })

  it('A subscriber that comes during an event gets the next one, and one that comes after the end is completed', () => {
    const events = hub()
    const heard: string[] = []
    let completed = 0
    const late = () =>
      events.watch().subscribe({ next: ({ type }) => heard.push(`late ${type}`), complete: () => completed++ })
    const first = events.watch().subscribe(({ type }) => {
      heard.push(type)
      first.unsubscribe()
      late()
    })
    events.announce({ type: 'configUpdated' })
    expect(heard).toEqual(['configUpdated'])
    events.announce({ type: 'stopped' })
    expect(heard).toEqual(['configUpdated', 'late stopped'])
    events.close()
    late()
    expect(completed).toBe(2)
  })

  it('Closing it completes its subscribers and lets go of its children', () => {
    const events = hub()
    const child$ = new Subject<RuntimeEvent>()
    events.add(child$)
    let completed = 0
    const count = { complete: () => completed++ }
    events.watch().subscribe(count)
    events.close()
    events.watch().subscribe(count)
    expect([completed, child$.observed]).toEqual([2, false])
  })
})

describe('SafeObservable', () => {
  const fail = () => {
    throw new Error('subscriber')
  }

  it('It reports what its subscribers throw, whatever the form of subscribe', () => {
    const source$ = new Subject<number>()
    const errors: unknown[] = []
    const safe$ = new SafeObservable(source$, error => errors.push(error))
    safe$.subscribe(fail)
    safe$.subscribe(fail, fail, fail)
    safe$.subscribe({ next: fail, complete: fail })
    safe$.subscribe(null, null, fail)
    safe$.subscribe()
    source$.next(1)
    expect(errors).toHaveLength(3)
    source$.complete()
    expect(errors).toHaveLength(6)
  })

  it('It reports what a subscriber that is an async function rejects with', async () => {
    const source$ = new Subject<number>()
    const errors: unknown[] = []
    new SafeObservable(source$, error => errors.push(error)).subscribe(async () => fail())
    source$.next(1)
    await microtasks()
    expect(errors).toEqual([new Error('subscriber')])
  })

  it('It hands errors of its source to the subscriber, and reports what that throws', () => {
    const errors: unknown[] = []
    const heard: unknown[] = []
    const broken$ = new Observable<number>(subscriber => subscriber.error('broken'))
    const safe$ = new SafeObservable(broken$, error => errors.push(error))
    safe$.subscribe({ error: error => heard.push(error) })
    safe$.subscribe(undefined, error => heard.push(error))
    safe$.subscribe({ error: fail })
    safe$.subscribe()
    expect([heard, errors.length]).toEqual([['broken', 'broken'], 1])
  })

  it('A subscriber of another copy of RxJS, as its operators make them, is taken as it is', () => {
    const source$ = new Subject<number>()
    const heard: number[] = []
    const teardowns: unknown[] = []
    const foreign = {
      next: (value: number) => heard.push(value),
      error: fail,
      complete: () => {},
      add: (teardown: unknown) => teardowns.push(teardown),
      closed: false,
      remove: () => {},
      unsubscribe: () => {},
    }
    new SafeObservable(source$, fail).subscribe(foreign)
    source$.next(1)
    expect(heard).toEqual([1])
    expect(teardowns).not.toEqual([])
  })

  it('It stops when it is unsubscribed', () => {
    const source$ = new Subject<number>()
    const safe$ = new SafeObservable(source$, fail)
    safe$.subscribe().unsubscribe()
    expect(source$.observed).toBe(false)
  })
})
