import { aggregateMachine, versionMachine } from 'cutover/machines'
import { describe, expect, it } from 'vitest'
import type { Chart } from '../../../src/inspect/page/chart/chart.js'
import { inferTransitions } from '../../../src/inspect/page/chart/inferTransitions.js'
import { parseChart } from '../../../src/inspect/page/chart/parseChart.js'

const chart = (config: object): Chart => {
  const made = parseChart(JSON.stringify(config))
  if (made === undefined) throw new Error('no chart')
  return made
}
const edges = (it: Chart) =>
  it.transitions.map(
    ({ source, label, to }) => `${source.path || '/'} ${label} -> ${to.map(t => t.path || '/').join(', ')}`,
  )

describe('parseChart', () => {
  it('reads nested, parallel, final and history states', () => {
    const { states } = chart({
      id: 'm',
      initial: 'a',
      states: {
        a: { initial: 'x', states: { x: {}, y: { type: 'final' }, h: { type: 'history' } } },
        p: { type: 'parallel', states: { q: {}, r: {} } },
      },
    })
    expect([...states.values()].map(({ path, type }) => `${path}:${type}`)).toEqual([
      ':compound',
      'a:compound',
      'a.x:atomic',
      'a.y:final',
      'a.h:history',
      'p:parallel',
      'p.q:atomic',
      'p.r:atomic',
    ])
  })

  it('resolves targets: siblings, children, ids, ids with a path, several targets, and none', () => {
    const it = chart({
      id: 'm',
      on: { reset: '.a', odd: 'b' },
      states: {
        a: {
          id: 'special',
          on: {
            sibling: 'b',
            deep: 'b.c',
            child: '.inner',
            byId: '#special.inner',
            byPath: '#m.b.c',
            both: { target: ['#special', 'b'] },
            unknown: '#nobody',
            inside: { actions: 'act' },
          },
          states: { inner: {} },
        },
        b: { states: { c: {} } },
      },
    })
    expect(edges(it)).toEqual([
      '/ reset -> a',
      '/ odd -> b',
      'a sibling -> b',
      'a deep -> b.c',
      'a child -> a.inner',
      'a byId -> a.inner',
      'a byPath -> b.c',
      'a both -> a, b',
      'a unknown -> ',
      'a inside -> ',
    ])
  })

  it('labels transitions with events, guards, delays and ends', () => {
    const it = chart({
      id: 'm',
      states: {
        a: {
          always: [{ guard: 'isReady', target: 'b' }, { target: 'b' }],
          after: { 500: 'b', slow: { target: 'b', guard: { type: 'isSlow', params: {} } } },
          onDone: 'b',
          invoke: { id: 'job', src: 'work', onDone: 'b', onError: { target: 'b', guard: null } },
        },
        b: {},
      },
    })
    expect(it.transitions.map(({ label }) => label)).toEqual([
      '[isReady]',
      'otherwise',
      'after 500 ms',
      'after slow [isSlow]',
      'done m.a',
      'done job',
      'error job',
    ])
  })

  it.each([undefined, '', 'no JSON', 'null', '[]', '{"id":"observable"}', '{"states":{}}', '{"states":[1]}'])(
    'returns undefined for %j',
    text => {
      expect(parseChart(text)).toBeUndefined()
    },
  )

  it('survives a config with wrong types everywhere', () => {
    const odd = {
      id: 4,
      initial: {},
      states: { a: { on: 3, always: 'a', after: [], invoke: [null, 7], type: 9, states: 'x' }, b: null },
    }
    expect([...chart(odd).states.keys()]).toEqual(['', 'a', 'b'])
  })

  it('resolves every target of our own machines', () => {
    for (const { config } of [aggregateMachine, versionMachine]) {
      const unresolved = chart(config).transitions.filter(({ targets, to }) => targets.length !== to.length)
      expect(unresolved.map(({ id }) => id)).toEqual([])
    }
  })
})

describe('parseChart of a definition from another program', () => {
  it('reads at most 2,000 states', () => {
    const states = Object.fromEntries(Array.from({ length: 3_000 }, (_, i) => [`s${i}`, {}]))
    expect(chart({ id: 'm', states }).states.size).toBe(2_000)
  })

  it('survives always transitions in a circle', () => {
    const circle = chart({
      id: 'm',
      states: { a: { on: { go: 'b' } }, b: { always: 'c' }, c: { always: [{ guard: 'x', target: 'b' }, 'b'] }, d: {} },
    })
    expect(inferTransitions(circle, 'a', 'd', 'go')).toEqual([])
  })

  it('visits each state once, however many always transitions lead to it', () => {
    const keys = Array.from({ length: 20 }, (_, i) => `s${i}`)
    const always = keys.map(key => ({ guard: 'x', target: key }))
    const states = Object.fromEntries(keys.map(key => [key, { always, on: { go: 's1' } }]))
    expect(inferTransitions(chart({ id: 'm', states: { ...states, end: {} } }), 's0', 'end', 'go')).toEqual([])
  })
})

describe('inferTransitions', () => {
  const aggregate = chart(aggregateMachine.config)
  const version = chart(versionMachine.config)
  const inferred = (of: Chart, before: unknown, after: unknown, event: string) =>
    inferTransitions(of, before, after, event).map(
      ({ source, label, to }) => `${source.path} ${label} ${to[0]?.path ?? ''}`,
    )

  it('finds the transition of the event, then the always transitions', () => {
    expect(inferred(aggregate, { running: 'settled' }, { running: 'stoppingActive' }, 'setVersion')).toEqual([
      'running.settled setVersion running.reconciling',
      'running.reconciling [activeIsUnwanted] running.stoppingActive',
    ])
    expect(inferred(version, 'running', { stopping: 'draining' }, 'stop')).toEqual(['running stop stopping'])
    expect(inferred(version, 'running', { stopping: 'terminating' }, 'stop')).toEqual([
      'running stop stopping',
      'stopping.draining [noTimeToDrain] stopping.terminating',
    ])
  })

  it('prefers the transition without a guard, of several to the same state', () => {
    expect(inferred(aggregate, { running: 'stoppingActive' }, { running: 'settled' }, 'version.stopped')).toEqual([
      'running.stoppingActive version.stopped [isActive] running.reconciling',
      'running.reconciling otherwise running.settled',
    ])
  })

  it('finds delayed transitions', () => {
    const event = 'xstate.after.drainTimeout.version.stopping.draining'
    expect(inferred(version, { stopping: 'draining' }, { stopping: 'terminating' }, event)).toEqual([
      'stopping.draining after drainTimeout stopping.terminating',
    ])
  })

  it('finds an internal transition, if it is the only one for the event', () => {
    expect(inferred(version, 'running', 'running', 'host.updated')).toEqual(['running host.updated '])
  })

  it('finds none for an unknown event, or if no transition leads to the new state', () => {
    expect(inferred(version, 'running', 'running', 'nonsense')).toEqual([])
    expect(inferred(version, 'provisioned', 'running', 'start')).toEqual([])
  })
})
