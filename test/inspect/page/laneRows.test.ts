import { describe, expect, it } from 'vitest'
import type { Lane } from '../../../src/inspect/page/data/timeline.js'
import { orderLanes } from '../../../src/inspect/page/panels/laneRows.js'

const lane = (sessionId: string, version: string, parentId?: string, isInstance = false): Lane => ({
  sessionId,
  version,
  parentId,
  isInstance,
  spans: [],
  calls: [],
})

/** The rows of these lanes, indented. */
function rowsOf(lanes: readonly Lane[], actors: Readonly<Record<string, readonly [name: string, parentId?: string]>>) {
  const known = Object.entries(actors).map(([id, [name, parentId]]) => [id, { name, parentId }] as const)
  return orderLanes(lanes, new Map(known)).map(({ name, depth }) => `${'  '.repeat(depth)}${name}`)
}

describe('The lanes of the timeline', () => {
  it('have the instances of each pool below their version', () => {
    const lanes = [
      lane('v', '1.0.0', 'a'),
      lane('w', '2.0.0', 'a'),
      lane('p #0', '#0', 'p', true),
      lane('q #0', '#0', 'q', true),
      lane('p #1', '#1', 'p', true),
    ]
    const actors = {
      a: ['aggregate markdown'],
      v: ['version 1.0.0', 'a'],
      p: ['pool markdown 1.0.0', 'v'],
      q: ['pool markdown 2.0.0', 'w'],
      w: ['version 2.0.0', 'a'],
    } as const
    expect(rowsOf(lanes, actors)).toEqual(['1.0.0', '  #0', '  #1', '2.0.0', '  #0'])
  })

  it('have the versions of a component below the version that the composite is', () => {
    const lanes = [lane('i', '3.1.0', 'c'), lane('v', '1.0.0', 'a'), lane('j', '3.2.0', 'c')]
    const actors = {
      c: ['aggregate oracle/ronl', 'v'],
      a: ['aggregate oracle'],
      v: ['version 1.0.0', 'a'],
    } as const
    expect(rowsOf(lanes, actors)).toEqual(['oracle 1.0.0', '  ronl 3.1.0', '  ronl 3.2.0'])
  })

  it('have a whole name if nothing above them is shown', () => {
    const lanes = [lane('p #0', '#0', 'p', true), lane('v', '1.0.0', 'gone')]
    expect(rowsOf(lanes, { p: ['pool markdown 1.0.0', 'x'] })).toEqual(['markdown 1.0.0 #0', '1.0.0'])
  })

  it('are all shown although their actors are announced in a circle', () => {
    expect(rowsOf([lane('v', '1.0.0', 'a')], { a: ['a', 'b'], b: ['b', 'a'] })).toEqual(['1.0.0'])
  })
})
