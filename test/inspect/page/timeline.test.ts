import { describe, expect, it } from 'vitest'
import { parseMessage } from '../../../src/inspect/page/data/receivedMessage.js'
import { Store } from '../../../src/inspect/page/data/store.js'
import { phaseOf, Timeline } from '../../../src/inspect/page/data/timeline.js'
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
    expect(timeline.switches.map(({ from, to }) => [from, to])).toEqual([['1.0.0', '2.0.0']])
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
})
