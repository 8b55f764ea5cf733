import { describe, expect, it } from 'vitest'
import { parseMessage } from '../../../src/inspect/page/data/receivedMessage.js'
import { Store } from '../../../src/inspect/page/data/store.js'
import { phaseOf, Timeline } from '../../../src/inspect/page/data/timeline.js'
import { recordRollout } from '../../fixtures/inspect/recordRollout.js'
import { recordSwitch } from '../../fixtures/inspect/recordSwitch.js'

const recorded = await recordSwitch(100)

function timelineOf(messages: readonly object[]): Timeline {
  const store = new Store()
  for (const it of messages) {
    const message = parseMessage(JSON.stringify(it))
    if (message !== undefined) store.apply(message)
  }
  return store.timeline
}

describe('The timeline', () => {
  const timeline = timelineOf([...recorded.settled, ...recorded.switching, ...recorded.switched])
  const [one, two] = [...timeline.lanes.values()]

  it('has the phases of each version, from provisioned to stopped, without gaps', () => {
    expect([one?.version, two?.version]).toEqual(['1.0.0', '2.0.0'])
    expect(one?.spans.map(({ phase }) => phase)).toEqual([
      'provisioned',
      'starting',
      'running',
      'draining',
      'terminating',
      'stopped',
    ])
    expect(two?.spans.map(({ phase }) => phase)).toEqual(['provisioned', 'starting', 'running'])
    const spans = one?.spans ?? []
    for (const [i, span] of spans.entries()) expect(span.to).toBe(spans[i + 1]?.from)
  })

  it('has one switch, at the time when the new version became active', () => {
    expect(timeline.switches.map(({ from, to, isSwap }) => [from, to, isSwap])).toEqual([['1.0.0', '2.0.0', false]])
    expect(timeline.shares.all).toEqual([])
    const time = timeline.switches[0]?.time ?? 0
    expect(time).toBeGreaterThanOrEqual(one?.spans.find(({ phase }) => phase === 'terminating')?.from ?? Infinity)
    expect(time).toBeLessThanOrEqual(timeline.last)
  })

  it('has the calls in flight from the status of the aggregate', () => {
    expect(one?.calls.map(({ count }) => count)).toEqual([3, 0])
    expect(two?.calls.map(({ count }) => count)).toEqual([0, 2])
  })

  it('reads a phase from a known state value, and none from others', () => {
    expect(phaseOf('starting')).toBe('starting')
    expect(phaseOf({ stopping: 'draining' })).toBe('draining')
    for (const value of ['other', { stopping: 'x' }, { a: 'b' }, null, 3]) expect(phaseOf(value)).toBeUndefined()
  })

  it('keeps a limited number of lanes, spans and switches', () => {
    const long = new Timeline()
    for (let i = 0; i < 1_000; i++) {
      long.snapshot({ sessionId: `${i}`, name: `version ${i}.0.0`, parentId: 'a' }, { value: 'stopped' }, i)
      const value = i % 2 === 0 ? 'starting' : 'running'
      long.snapshot({ sessionId: 'v', name: 'version 9', parentId: 'a' }, { value }, i)
      const active = `${i}.0.0`
      long.snapshot({ sessionId: 'a', name: 'aggregate a', parentId: undefined }, { context: { active } }, i)
    }
    expect(long.lanes.size).toBe(300)
    expect(long.lanes.get('v')?.spans.length).toBeLessThanOrEqual(400)
    expect(long.switches.length).toBe(999)
  })

  const aggregate = (id: string) => ({ sessionId: id, name: `aggregate ${id}`, parentId: undefined })
  const version = (sessionId: string, name: string, parentId = 'a') => ({
    sessionId,
    name: `version ${name}`,
    parentId,
  })
  const status = (sessionId: string, name: string, inFlight: number) => ({
    type: '@cutover.status' as const,
    sessionId,
    createdAt: '1',
    status: { versions: [{ version: name, inFlight }] },
  })

  it('removes the oldest lane if no version has stopped', () => {
    const full = new Timeline()
    for (let i = 0; i < 301; i++) full.snapshot(version(`${i}`, `${i}.0.0`), { value: 'running' }, i)
    expect([full.lanes.size, full.lanes.has('0'), full.lanes.has('300')]).toEqual([300, false, true])
  })

  it('removes the lane of a stopped version before that of a running one', () => {
    const full = new Timeline()
    for (let i = 0; i < 300; i++)
      full.snapshot(version(`${i}`, `${i}.0.0`), { value: i === 7 ? 'stopped' : 'running' }, i)
    full.snapshot(version('new', '1.1.1'), { value: 'running' }, 300)
    expect([full.lanes.size, full.lanes.has('0'), full.lanes.has('7')]).toEqual([300, true, false])
  })

  it('keeps a limited number of changes of the calls in flight, and of switches', () => {
    const long = new Timeline()
    long.snapshot(version('v', '1.0.0'), { value: 'running' }, 0)
    for (let i = 0; i < 2_500; i++) {
      long.status(status('a', '1.0.0', i % 2), i)
      long.snapshot(aggregate('a'), { context: { active: `${i}.0.0` } }, i)
    }
    expect(long.lanes.get('v')?.calls.length).toBeLessThanOrEqual(2_000)
    expect(long.lanes.get('v')?.calls.at(-1)).toEqual({ time: 2_499, count: 1 })
    expect(long.switches.length).toBeLessThanOrEqual(1_000)
  })

  it('assigns the calls to the version of the right aggregate, and ends them when the version stops', () => {
    const two = new Timeline()
    two.snapshot(version('v', '1.0.0', 'a'), { value: 'running' }, 0)
    two.snapshot(version('w', '1.0.0', 'b'), { value: 'running' }, 0)
    two.status(status('a', '1.0.0', 3), 1)
    two.snapshot(version('v', '1.0.0', 'a'), { value: 'stopped' }, 2)
    expect(two.lanes.get('v')?.calls.map(({ count }) => count)).toEqual([3, 0])
    expect(two.lanes.get('w')?.calls).toEqual([])
  })

  const POOL = { sessionId: 'p', name: 'pool markdown 1.0.0', parentId: 'v' }
  const pool = (...instances: readonly string[]) => ({ value: 'running', context: { instances } })

  it('has a lane for each instance of a pool, with the phases of the instance', () => {
    const line = new Timeline()
    line.snapshot(POOL, pool('idle', 'idle'), 1)
    line.snapshot(POOL, pool('starting', 'idle'), 2)
    line.snapshot(POOL, pool('up', 'failed'), 3)
    line.snapshot(POOL, pool('retrying', 'gaveUp'), 4)
    line.snapshot(POOL, pool('up', 'other'), 5)
    line.snapshot(POOL, { ...pool('up', 'retrying'), value: 'stopping' }, 6)
    line.snapshot(POOL, { ...pool('stopped', 'stopped'), value: 'stopped' }, 7)
    const lanes = [...line.lanes.values()]
    expect(lanes.map(({ version, parentId, isInstance }) => [version, parentId, isInstance])).toEqual([
      ['#0', 'p', true],
      ['#1', 'p', true],
    ])
    expect(lanes.map(({ spans }) => spans.map(({ phase, from }) => `${from} ${phase}`))).toEqual([
      ['1 provisioned', '2 starting', '3 running', '4 starting', '5 running', '6 terminating', '7 stopped'],
      ['1 provisioned', '3 starting', '4 stopped', '6 terminating', '7 stopped'],
    ])
  })

  it('restarts the lanes of a pool together, and has at most 64 of one pool', () => {
    const line = new Timeline()
    line.snapshot(POOL, pool(...Array<string>(100).fill('up')), 1)
    line.snapshot(version('v', '1.0.0'), { value: 'running' }, 1)
    expect(line.lanes.size).toBe(65)
    line.restart('p')
    const withSpans = [...line.lanes.values()].filter(({ spans }) => spans.length > 0)
    expect(withSpans.map(({ version }) => version)).toEqual(['1.0.0'])
  })

  it('has no lanes for what only looks like a pool', () => {
    const line = new Timeline()
    for (const context of [undefined, {}, { instances: 3 }, { instances: [null, {}, 'x'] }])
      line.snapshot(POOL, { value: 'running', context }, 1)
    line.snapshot({ ...POOL, name: 'supervisor' }, pool('up'), 1)
    expect(line.lanes.size).toBe(0)
  })

  it('has no empty spans, and joins a phase that continues after one', () => {
    const quick = new Timeline()
    for (const [value, time] of [
      ['running', 1],
      ['starting', 5],
      ['running', 5],
      ['stopped', 9],
    ] as const) {
      quick.snapshot(version('v', '1.0.0'), { value }, time)
    }
    expect(quick.lanes.get('v')?.spans).toEqual([
      { phase: 'running', from: 1, to: 9 },
      { phase: 'stopped', from: 9 },
    ])
  })

  it('restarts the lane of an actor, without a switch from its earlier snapshot', () => {
    const again = new Timeline()
    again.snapshot(version('v', '1.0.0'), { value: 'running' }, 1)
    again.snapshot(aggregate('a'), { context: { active: '2.0.0' } }, 1)
    for (const id of ['v', 'a']) again.restart(id)
    again.snapshot(version('v', '1.0.0'), { value: 'provisioned' }, 2)
    again.snapshot(aggregate('a'), { context: { active: '1.0.0' } }, 2)
    expect(again.lanes.get('v')?.spans).toEqual([{ phase: 'provisioned', from: 2 }])
    expect(again.switches).toEqual([])
  })

  it('spans the times of the messages, and ignores a message without a time', () => {
    const line = new Timeline()
    line.extendTo(Number.NaN)
    expect([line.first, line.last]).toEqual([Number.NaN, Number.NaN])
    for (const time of [5, 3, Number.NaN, 9]) line.extendTo(time)
    expect([line.first, line.last]).toEqual([3, 9])
  })
})

describe('The timeline of a rollout', () => {
  const aggregate = { sessionId: 'a', name: 'aggregate a', parentId: undefined }
  const sharesOf = ({ shares }: Timeline) =>
    shares.all.map(({ version, percent, from, to }) => [version, percent, from, to])

  /** A timeline of an aggregate with these contexts, one ms apart. */
  function timelineWith(...contexts: readonly object[]): Timeline {
    const timeline = new Timeline()
    for (const [time, context] of contexts.entries()) timeline.snapshot(aggregate, { context }, time)
    return timeline
  }

  it('has real swaps as switches by which active and next change places, and none of them ends a phase', async () => {
    const { shared, swapped, back } = await recordRollout(100)
    const { switches, lanes } = timelineOf([...shared, ...swapped, ...back])
    expect(switches.map(({ from, to, isSwap }) => [from, to, isSwap])).toEqual([
      ['1.0.0', '2.0.0', true],
      ['2.0.0', '1.0.0', true],
    ])
    for (const { spans } of lanes.values()) expect(spans.at(-1)?.phase).toBe('running')
  })

  it('has real shares of the next version, each until the following one or the swap', async () => {
    const { shared, swapped } = await recordRollout(100)
    expect(timelineOf(shared).shares.all).toMatchObject([{ version: '2.0.0', percent: 10 }])
    expect(timelineOf(shared).shares.all[0]).not.toHaveProperty('to')
    const { shares, switches } = timelineOf([...shared, ...swapped])
    expect(shares.all).toMatchObject([
      { version: '2.0.0', percent: 10, to: shares.all[1]?.from },
      { version: '2.0.0', percent: 50, to: switches[0]?.time },
    ])
  })

  it('has no swap if active and next did not change places with each other', () => {
    const timeline = timelineWith(
      { active: '1', next: '2' },
      { active: '2', next: null },
      { active: '1', next: '3' },
      { active: '3', next: '2' },
    )
    expect(timeline.switches.map(({ isSwap }) => isSwap)).toEqual([false, false, false])
  })

  it('ends a share when the percentage or the version changes, and begins none for 0 %', () => {
    const timeline = timelineWith(
      { active: '1', next: '2', share: 0 },
      { active: '1', next: '2', share: 10 },
      { active: '1', next: '2', share: 10 },
      { active: null, next: '2', share: 0.5 },
      { active: '1', next: '2', share: 0 },
      { active: '1', next: '3', share: 0.5 },
    )
    expect(sharesOf(timeline)).toEqual([
      ['2', 10, 1, 3],
      ['2', 0.5, 3, 4],
      ['3', 0.5, 5, undefined],
    ])
  })

  it('has no share that lasted no time, and none of an actor that is not an aggregate', () => {
    const timeline = new Timeline()
    for (const share of [10, 20, 0]) timeline.snapshot(aggregate, { context: { next: '2', share } }, 7)
    const other = { sessionId: 'b', name: 'b', parentId: undefined }
    timeline.snapshot(other, { context: { active: '1', next: '2', share: 10 } }, 8)
    expect(timeline.shares.all).toEqual([])
  })

  it('keeps a limited number of shares, the last ones', () => {
    const long = timelineWith(...Array.from({ length: 2_500 }, (_, i) => ({ next: '2', share: 1 + (i % 2) })))
    expect(long.shares.all.length).toBeLessThanOrEqual(1_000)
    expect(long.shares.all.at(-1)).toMatchObject({ percent: 2, from: 2_499 })
  })

  it('restarts the shares of one aggregate, without a swap from its earlier snapshot', () => {
    const again = timelineWith({ active: '1', next: '2', share: 10 })
    again.snapshot({ ...aggregate, sessionId: 'b' }, { context: { active: '1', next: '2', share: 20 } }, 1)
    again.restart('a')
    again.snapshot(aggregate, { context: { active: '2', next: '1', share: 0 } }, 2)
    expect(again.shares.all.map(({ sessionId, percent }) => [sessionId, percent])).toEqual([['b', 20]])
    expect(again.switches).toEqual([])
  })
})
