import { describe, expect, it } from 'vitest'
import type { Phase, Span } from '../../../src/inspect/page/data/timeline.js'
import { barsOf } from '../../../src/inspect/page/panels/timelineScale.js'

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
