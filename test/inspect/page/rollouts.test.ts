import { describe, expect, it } from 'vitest'
import { WatchedAggregates } from '../../../src/inspect/clients/watchedAggregates.js'
import { parseMessage } from '../../../src/inspect/page/data/receivedMessage.js'
import { describeJudged, Rollouts } from '../../../src/inspect/page/data/rollouts.js'
import { Store } from '../../../src/inspect/page/data/store.js'
import { visibleRollouts } from '../../../src/inspect/page/panels/timelineScale.js'
import { Recorder } from '../../../src/inspect/recorder/recorder.js'
import { Rolling } from '../../rollout/rolling.js'

/** A rollout that an inspector watches, and what the page makes of its messages. */
function watched(options: ConstructorParameters<typeof Rolling>[0] = {}) {
  const rolling = new Rolling({ soak: 1_000, ...options })
  const limits = { sanitize: (value: unknown) => value, history: 1_000, historyBytes: 1e6, maxMessageBytes: 65_536 }
  const recorder = new Recorder(limits, { hasClients: true, recorded: () => {} })
  const source = new WatchedAggregates(recorder)
  source.add(rolling.rollout)
  const messages: string[] = []
  /** Takes what was recorded, and what a client would read now. */
  const take = () => {
    for (let n = messages.length; n < recorder.history.head; n++) messages.push(recorder.messageAt(n) ?? '')
    const store = new Store()
    source.poll()
    for (const text of [...messages, ...[...source.all()].map(reading => source.messageOf(reading) ?? '')]) {
      const message = parseMessage(text)
      if (message !== undefined) store.apply(message)
    }
    return store.timeline.rollouts.lanes.get('markdown')
  }
  return { rolling, source, take }
}

describe('The rollouts in the timeline', () => {
  it('have each state with its candidate and its share, and the calls and failures of both versions', async () => {
    const { rolling, take } = watched()
    await rolling.serve('1.0.0')
    await rolling.order('2.0.0', { steps: [{ percent: 50, for: 1_000 }] })
    await rolling.calls(40)
    const lane = take()
    const span = lane?.spans.at(-1)
    expect(span).toMatchObject({ state: 'stepping', version: '2.0.0', replaces: '1.0.0', place: 'stepping at 50 %' })
    const { candidate, active } = rolling.rollout.status().progress ?? {}
    expect((candidate?.calls ?? 0) + (active?.calls ?? 0)).toBe(40)
    expect(span === undefined ? '' : describeJudged(span.judged ?? {}, span)).toBe(
      `unknown: 0 of ${candidate?.calls} calls of 2.0.0 failed, 0 of ${active?.calls} of 1.0.0; evidence 0 of 1,000`,
    )
    // The first version went the same way.
    expect(lane?.spans.map(({ version, state }) => `${version} ${state}`)).toContain('1.0.0 finishing')
  })

  it('have the evidence in percent of its limit, and a mark with the reason where a version is gone again', async () => {
    const { rolling, take } = watched()
    await rolling.serve('1.0.0')
    await rolling.order('2.0.0', { steps: [{ percent: 50, for: 1_000 }] })
    rolling.failing.add('2.0.0')
    for (let n = 0; n < 200 && rolling.place.startsWith('stepping'); n++) {
      await rolling.calls(1)
      take()
    }
    const lane = take()
    expect(lane?.marks.map(({ version, outcome }) => [version, outcome])).toEqual([
      ['1.0.0', 'promoted'],
      ['2.0.0', 'CUTOVER_REJECTED'],
    ])
    expect(lane?.marks[1]?.reason).toMatch(/^It fails more often than the active version: \d+ of \d+ of its calls/)
    expect(lane?.spans.at(-1)?.to).toBeGreaterThan(0)
    expect(lane?.spans.map(({ state }) => state).slice(-1)).toEqual(['rejecting'])
  })

  it('say that a soak crosses over', async () => {
    const { rolling, take } = watched()
    await rolling.serve('1.0.0')
    await rolling.order('2.0.0')
    rolling.failing.add('1.0.0').add('2.0.0')
    await rolling.calls(40)
    expect(take()?.spans.map(({ place }) => place)).toContain('soaking at 50 %, crossing over')
  })

  it('end with the last status when the rollout is disposed of', async () => {
    const { rolling, source, take } = watched()
    await rolling.serve('1.0.0')
    await rolling.rollout[Symbol.asyncDispose]()
    expect([...source.all()]).toEqual([])
    expect(take()?.spans.at(-1)?.to).toBeGreaterThan(0)
  })

  it('show a judge without evidence, and one with proof', () => {
    const one = { version: '2.0.0', replaces: '' }
    const judged = { verdict: 'unhealthy', candidate: { calls: 1_200, failures: 3 }, limit: 1_000 }
    expect(describeJudged({ ...judged, evidence: {} }, one)).toBe('unhealthy: 3 of 1,200 calls of 2.0.0 failed')
    // JSON has no Infinity.
    expect(describeJudged({ ...judged, evidence: { maxErrorRate: null } }, one)).toMatch(/; evidence ∞ of 1,000$/)
  })

  it('stay within limits, whatever comes', () => {
    const rollouts = new Rollouts()
    const message = (id: string, state: string, evidence: number) => ({
      type: '@cutover.rollout' as const,
      createdAt: '1',
      rollout: {
        status: { id, state, candidate: `${evidence}.0.0`, progress: { limit: 1_000, evidence: { a: evidence } } },
        ended: { version: 1, outcome: null },
      },
    })
    for (let n = 0; n < 3_000; n++) {
      rollouts.apply(message(`${n % 200}`, 'stepping', n), n)
      rollouts.apply(message('one', n % 2 === 0 ? 'stepping' : 'idle', n % 1_000), n)
    }
    expect(rollouts.lanes.size).toBe(100)
    for (const { spans, evidence, marks } of rollouts.lanes.values()) {
      expect(Math.max(spans.length, marks.length)).toBeLessThanOrEqual(400)
      expect(evidence.length).toBeLessThanOrEqual(2_000)
      for (const { count } of evidence) expect(count).toBeLessThanOrEqual(100)
    }
  })

  it('are shown if they were under way in the range', () => {
    const span = { state: 'stepping', version: '2.0.0', replaces: '', place: 'stepping', judged: undefined }
    const lane = (id: string, from: number, to: number) => ({
      id,
      spans: [{ ...span, from, to }],
      evidence: [],
      marks: [],
    })
    const shown = visibleRollouts([lane('a', 1, 5), lane('b', 1, 50), lane('c', 90, 95)], { from: 10, to: 80 })
    expect(shown.map(({ id }) => id)).toEqual(['b'])
  })

  it.each([
    '{"type":"@cutover.rollout"}',
    '{"type":"@cutover.rollout","rollout":"[not shown: larger than maxMessageBytes]"}',
    '{"type":"@cutover.rollout","rollout":{"status":{"id":"a"}}}',
    '{"type":"@cutover.rollout","rollout":{"status":{"id":"a","state":"idle"},"ended":7}}',
  ])('ignore %s', text => {
    expect(parseMessage(text)).toBeUndefined()
  })
})
