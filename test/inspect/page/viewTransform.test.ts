import { describe, expect, it } from 'vitest'
import { chartOf } from '../../../src/inspect/page/chart/chart.js'
import { following, opening } from '../../../src/inspect/page/chart/viewTransform.js'

const chart = chartOf('{"id":"m","initial":"a","states":{"a":{},"b":{}}}')
if (chart === undefined) throw new Error('no chart')
const boxes = { a: { x: 10, y: 10, width: 80, height: 30 }, b: { x: 1800, y: 900, width: 80, height: 30 } }
const states = [...chart.states.values()].flatMap(state => {
  const box = boxes[state.path as keyof typeof boxes]
  return box === undefined ? [] : [{ state, box, rows: box }]
})
const large = { width: 2_000, height: 1_000, states }
const room = { width: 700, height: 500 }

describe('Where a chart is put', () => {
  it('leaves no text less than 9 px high', () => {
    expect(opening(large, room, ['b']).scale * 11.5).toBeGreaterThanOrEqual(9)
  })

  it('stays as long as an active state is seen, and follows it out of sight', () => {
    const place = opening(large, room, ['a'])
    expect(following(place, large, room, ['a'])).toBe(place)
    expect(following(place, large, room, [])).toBe(place)
    expect(following(place, large, room, ['b'])).toEqual(opening(large, room, ['b']))
  })
})
