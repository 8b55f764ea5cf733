import { aggregateMachine, versionMachine } from 'cutover/machines'
import { describe, expect, it } from 'vitest'
import { type Chart, chartOf } from '../../../src/inspect/page/chart/chart.js'
import { transitionsTaken } from '../../../src/inspect/page/chart/inferTransitions.js'

const chart = (config: object): Chart => {
  const made = chartOf(JSON.stringify(config))
  if (made === undefined) throw new Error('no chart')
  return made
}
const edges = (it: Chart) =>
  it.transitions.map(
    ({ source, label, to }) => `${source.path || '/'} ${label} -> ${to.map(t => t.path || '/').join(', ')}`,
  )

describe('A chart', () => {
  it('has nested and parallel states, finals and history', () => {
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

  it('resolves targets: siblings, children, ids, ids with a path, several, and none', () => {
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

  it('writes guards, delays, always and ends on its transitions', () => {
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
    'is not made from %j',
    text => {
      expect(chartOf(text)).toBeUndefined()
    },
  )

  it('survives a config in which everything has the wrong type', () => {
    const odd = {
      id: 4,
      initial: {},
      states: { a: { on: 3, always: 'a', after: [], invoke: [null, 7], type: 9, states: 'x' }, b: null },
    }
    expect([...chart(odd).states.keys()]).toEqual(['', 'a', 'b'])
  })

  it('draws every target of our own machines', () => {
    for (const { config } of [aggregateMachine, versionMachine]) {
      const lost = chart(config).transitions.filter(({ targets, to }) => targets.length !== to.length)
      expect(lost.map(({ id }) => id)).toEqual([])
    }
  })
})

describe('The transitions taken', () => {
  const aggregate = chart(aggregateMachine.config)
  const version = chart(versionMachine.config)
  const taken = (of: Chart, before: unknown, after: unknown, event: string) =>
    transitionsTaken(of, before, after, event).map(
      ({ source, label, to }) => `${source.path} ${label} ${to[0]?.path ?? ''}`,
    )

  it('are that of the event, then those without one', () => {
    expect(taken(aggregate, { running: 'settled' }, { running: 'stoppingActive' }, 'setVersion')).toEqual([
      'running.settled setVersion running.reconciling',
      'running.reconciling [activeIsUnwanted] running.stoppingActive',
    ])
    expect(taken(version, 'running', { stopping: 'draining' }, 'stop')).toEqual(['running stop stopping'])
    expect(taken(version, 'running', { stopping: 'terminating' }, 'stop')).toEqual([
      'running stop stopping',
      'stopping.draining [noTimeToDrain] stopping.terminating',
    ])
  })

  it('are, of several between the same states, the one without a guard', () => {
    expect(taken(aggregate, { running: 'stoppingActive' }, { running: 'settled' }, 'version.stopped')).toEqual([
      'running.stoppingActive version.stopped [isActive] running.reconciling',
      'running.reconciling otherwise running.settled',
    ])
  })

  it('are those of time, which has names of its own', () => {
    const event = 'xstate.after.drainTimeout.version.stopping.draining'
    expect(taken(version, { stopping: 'draining' }, { stopping: 'terminating' }, event)).toEqual([
      'stopping.draining after drainTimeout stopping.terminating',
    ])
  })

  it('are the one that changes no state, if there is just one', () => {
    expect(taken(version, 'running', 'running', 'host.updated')).toEqual(['running host.updated '])
  })

  it('are none for an event that nothing is written for, or that leads elsewhere', () => {
    expect(taken(version, 'running', 'running', 'nonsense')).toEqual([])
    expect(taken(version, 'provisioned', 'running', 'start')).toEqual([])
  })
})
