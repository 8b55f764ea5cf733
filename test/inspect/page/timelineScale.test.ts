import { describe, expect, it } from 'vitest'
import type { Share } from '../../../src/inspect/page/data/shares.js'
import type { Lane, Phase, Span } from '../../../src/inspect/page/data/timeline.js'
import { barsOf, shareMarks } from '../../../src/inspect/page/panels/timelineScale.js'

const RANGE = { from: 0, to: 1_000 }

/** Phases that begin at these times. The last one lasts. */
function spansFrom(...times: readonly number[]): Span[] {
  const phases: readonly Phase[] = ['provisioned', 'starting', 'running', 'draining', 'terminating', 'stopped']
  return times.map((from, i) => {
    const [phase, to] = [phases[i % phases.length] ?? 'running', times[i + 1]]
    return to === undefined ? { phase, from } : { phase, from, to }
  })
}
const shown = (spans: readonly Span[], width = 1_000) => barsOf(spans, RANGE, width).map(({ x, width }) => [x, width])

describe('The bars of the timeline', () => {
  it('are as long as their phases', () => {
    expect(shown(spansFrom(100, 300, 700))).toEqual([
      [100, 200],
      [300, 400],
      [700, 300],
    ])
  })

  it('have at least three pixels for a short phase, at the expense of the next one', () => {
    expect(shown(spansFrom(0, 500, 501, 502))).toEqual([
      [0, 500],
      [500, 3],
      [503, 3],
      [506, 494],
    ])
  })

  it('have at least three pixels at the right end, at the expense of the phase before', () => {
    expect(shown(spansFrom(0, 998, 999))).toEqual([
      [0, 994],
      [994, 3],
      [997, 3],
    ])
  })

  it('of a phase that ended before the range are left out, and a stopped lane keeps its end', () => {
    const spans: Span[] = [
      { phase: 'running', from: -500, to: -100 },
      { phase: 'draining', from: -100, to: 1 },
    ]
    expect(shown(spans)).toEqual([[0, 3]])
    expect(shown([])).toEqual([])
  })

  it('share the width without overlap if there are more phases than pixels', () => {
    const bars = shown(spansFrom(...Array.from({ length: 400 }, (_, i) => i / 400)), 700)
    expect(bars).toHaveLength(400)
    let end = 0
    for (const [x = 0, width = 0] of bars) {
      expect(x).toBeCloseTo(end, 6)
      expect(width).toBeGreaterThan(1.7)
      end = x + width
    }
    expect(end).toBeCloseTo(700, 6)
  })
})

describe('The shares in the timeline', () => {
  const LANE: Lane = {
    sessionId: 'v',
    version: '2.0.0',
    parentId: 'a',
    isInstance: false,
    spans: [{ phase: 'running', from: 0 }],
    calls: [],
  }
  const share = (percent: number, from: number, to?: number): Share => ({
    sessionId: 'a',
    version: '2.0.0',
    percent,
    from,
    ...(to === undefined ? {} : { to }),
  })
  const marksOf = (shares: readonly Share[], lane = LANE) =>
    shareMarks(lane, shares, RANGE, 1_000).map(({ x, width, label }) => [x, width, label?.text, label?.x])

  it('are as long as they lasted, each with its percentage', () => {
    expect(marksOf([share(10, 100, 300), share(50, 300, 700), share(0.5, 800)])).toEqual([
      [100, 200, '10 %', 100],
      [300, 400, '50 %', 300],
      [800, 200, '0.5 %', 800],
    ])
  })

  it('can be seen when they are short, with a label that is longer', () => {
    expect(marksOf([share(10, 100, 101), share(20, 999)])).toEqual([
      [100, 3, '10 %', 100],
      [997, 3, '20 %', 1_000 - (4 * 6.2 + 8)],
    ])
  })

  it('have no label that would reach the next one', () => {
    expect(marksOf([share(1, 100, 110), share(2, 110, 120), share(5, 120, 300)]).map(it => it[2])).toEqual([
      undefined,
      undefined,
      '5 %',
    ])
    expect(marksOf([share(1, 960, 990), share(2, 990)]).map(it => it[2])).toEqual([undefined, '2 %'])
  })

  it('are those of the version and its aggregate, while the version was there', () => {
    const spans: Span[] = [
      { phase: 'running', from: 200, to: 500 },
      { phase: 'stopped', from: 500 },
    ]
    expect(marksOf([share(1, 100, 150), share(2, 150, 300), share(5, 450)], { ...LANE, spans })).toEqual([
      [200, 100, '2 %', 200],
      [450, 50, '5 %', 450],
    ])
    expect(marksOf([share(1, 100)], { ...LANE, version: '3.0.0' })).toEqual([])
    expect(marksOf([share(1, 100)], { ...LANE, parentId: 'b' })).toEqual([])
    expect(marksOf([share(1, 100)], { ...LANE, spans: [] })).toEqual([])
    expect(marksOf([share(1, -200, -100), share(2, Number.NaN)])).toEqual([])
  })

  it('have a short label for a percentage with many digits', () => {
    expect(marksOf([share(100 / 3, 0, 500), share(99.95, 500)]).map(it => it[2])).toEqual(['33.3… %', '99.95 %'])
  })
})
