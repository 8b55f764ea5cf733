import { describe, expect, it } from 'vitest'
import { parseChart } from '../../../src/inspect/page/chart/parseChart.js'
import { fitTransform, followActive, initialTransform } from '../../../src/inspect/page/chart/viewTransform.js'

const chart = parseChart('{"id":"m","initial":"a","states":{"a":{},"b":{}}}')
if (chart === undefined) throw new Error('no chart')
const boxes = { a: { x: 10, y: 10, width: 80, height: 30 }, b: { x: 1800, y: 900, width: 80, height: 30 } }
const states = [...chart.states.values()].flatMap(state => {
  const box = boxes[state.path as keyof typeof boxes]
  return box === undefined ? [] : [{ state, box, rows: box }]
})
const large = { width: 2_000, height: 1_000, states }
const view = { width: 700, height: 500 }

describe('A chart that is too large for the view', () => {
  it('has no text below 9 px', () => {
    expect(initialTransform(large, view, ['b']).scale * 11.5).toBeGreaterThanOrEqual(9)
  })

  it('moves only when the active state is out of view', () => {
    const transform = initialTransform(large, view, ['a'])
    expect(followActive(transform, large, view, ['a'])).toBe(transform)
    expect(followActive(transform, large, view, [])).toBe(transform)
    expect(followActive(transform, large, view, ['b'])).toEqual(initialTransform(large, view, ['b']))
  })
})

describe('The transform of a chart', () => {
  const far = [{ state: { path: 'far' }, box: { x: 1_900, y: 900, width: 100, height: 100 } }] as never
  const small = { width: 400, height: 300 }

  it('centres a chart that fits, enlarged up to a limit', () => {
    expect(fitTransform({ width: 400, height: 100 }, small)).toEqual({ scale: 1, x: 0, y: 100 })
    expect(fitTransform({ width: 4, height: 1 }, small).scale).toBe(1.15)
    expect(fitTransform({ width: 4, height: 1 }, { width: 0, height: 0 }).scale).toBe(1)
  })

  it('shows the active part of a chart that is too large, without an empty margin', () => {
    const { scale, x, y } = initialTransform({ width: 2_000, height: 1_000, states: far }, small, ['far'])
    expect([x, y]).toEqual([400 - 2_000 * scale, 300 - 1_000 * scale])
    expect(initialTransform({ width: 2_000, height: 1_000, states: far }, small, [])).toEqual({ scale, x: 0, y: 0 })
  })
})
