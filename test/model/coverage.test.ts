import { describe, expect, it } from 'vitest'
import { type AnyStateMachine, getNextSnapshot, setup } from 'xstate'
import { type GraphStep, stateGraph } from '../../src/testing/paths/index.js'
import { Coverage, type Impossible } from './coverage.js'
import { toursOf } from './tours.js'
import { outcomesOf } from './transitions.js'

/** Three states in a ring, with a guard on an event and one on an `always` transition. */
const ring = setup({
  types: { events: {} as { type: 'go' } | { type: 'jump'; far: boolean } },
  guards: { isFar: ({ event }) => event.type === 'jump' && event.far, isNever: () => false },
}).createMachine({
  id: 'ring',
  initial: 'a',
  states: {
    a: { on: { go: 'b', jump: [{ guard: 'isFar', target: 'c' }, { target: 'b' }] } },
    b: { always: { guard: 'isNever', target: 'a' }, on: { go: 'c' } },
    c: { on: { go: 'a' } },
  },
})
const graph = stateGraph(ring, {
  events: [{ type: 'go' }, { type: 'jump', far: true }, { type: 'jump', far: false }],
})

/** The coverage after all tours, without the steps for which `isRun` is false. */
function coverageOf(impossible: readonly Impossible[], isRun = (_: GraphStep<typeof ring>) => true) {
  const coverage = new Coverage(ring, graph, impossible)
  for (const tour of toursOf(graph)) {
    for (const [i, step] of tour.entries()) {
      const from = graph[step.from]?.snapshot
      if (from !== undefined && isRun(step)) {
        coverage.note(step, tour[i - 1], ring.getTransitionData(from as never, step.event))
      }
    }
  }
  return coverage
}

const NEVER = [{ what: /isNever\](?! false)/, why: 'It is never true.' }]

describe('The coverage of a machine', () => {
  it('It is complete if every step was run', () => {
    const { missing, mistaken, figures, crossed } = coverageOf(NEVER)
    expect({ missing, mistaken }).toEqual({ missing: [], mistaken: [] })
    expect(figures).toEqual([
      { name: 'states', found: 3, covered: 3 },
      { name: 'transitions', found: 5, covered: 5 },
      { name: 'edges of the chart', found: 5, covered: 5 },
      { name: 'guard outcomes', found: 3, covered: 3 },
      { name: 'transition pairs', found: 7, covered: 5 },
    ])
    expect(crossed.get('ring.a: jump [isFar]')).toBe(1)
  })

  it('A step that was not run is missing, with its transition and the outcome of its guard', () => {
    const { missing, figures } = coverageOf(NEVER, ({ event }) => event.type !== 'jump' || !event.far)
    expect(missing).toEqual(['ring.a: jump [isFar]', 'ring.a: jump [isFar] true'])
    expect(figures[1]).toEqual({ name: 'transitions', found: 5, covered: 4 })
  })

  it('A transition that was not run is missing, unless it is listed as impossible', () => {
    expect(coverageOf([]).missing).toEqual(['ring.b: always [isNever]', 'ring.b: always [isNever] true'])
  })

  it('A transition that is listed as impossible, but was run or does not exist, is a mistake', () => {
    const wrong = [...NEVER, { what: /c: go/, why: 'wrong' }, { what: /d: go/, why: 'stale' }]
    expect(coverageOf(wrong).mistaken).toEqual(['ring.c: go', '/d: go/'])
  })

  it('A guard was false if a later transition was taken, or if the event was ignored', () => {
    const machine = setup({ guards: { no: () => false, yes: () => true } }).createMachine({
      id: 'm',
      initial: 'a',
      on: { x: { guard: 'yes', actions: [] } },
      states: { a: { on: { x: { guard: 'no', target: 'b' }, y: { guard: 'no', target: 'b' } } }, b: {} },
    })
    const [first] = stateGraph(machine, { events: () => [] })
    const outcomes = (type: string) => {
      const from = first?.snapshot as never
      const to = getNextSnapshot(machine as AnyStateMachine, from, { type })
      return outcomesOf(from, { type }, to, machine.getTransitionData(from, { type } as never))
    }
    expect(outcomes('x')).toEqual(['m.a: x [no] false', 'm: x [yes] true'])
    expect(outcomes('y')).toEqual(['m.a: y [no] false'])
  })
})

describe('The tours of a graph', () => {
  it('Together they take every step; each is a path from the initial state', () => {
    const tours = toursOf(graph, 3)
    expect(new Set(tours.flat())).toEqual(new Set(graph.flatMap(({ steps }) => steps)))
    for (const tour of tours) {
      expect(tour[0]?.from).toBe(0)
      for (const [i, step] of tour.slice(1).entries()) expect(step.from).toBe(tour[i]?.to)
    }
  })

  it('They end when they are long enough, or when no new step can be reached', () => {
    expect(toursOf(graph, 1).map(({ length }) => length)).toEqual([1, 1, 1, 2, 2])
    expect(toursOf(graph, 100)).toHaveLength(1)
  })
})
