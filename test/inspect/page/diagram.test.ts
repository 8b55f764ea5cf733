import { toMermaid } from 'cutover/inspect'
import { aggregateMachine, connectionMachine, supervisorMachine, versionMachine } from 'cutover/machines'
import { describe, expect, it } from 'vitest'
import { type AnyStateMachine, createMachine } from 'xstate'
import { Definitions } from '../../../src/inspect/messages/definitions.js'
import { chartOf } from '../../../src/inspect/page/chart/chart.js'
import { mermaidOf } from '../../../src/inspect/page/chart/diagram.js'
import { awkwardMachine } from '../../fixtures/awkwardMachine.js'

/** What the page makes of the definition that it is sent. */
function fromPage(definition: string): string | undefined {
  const chart = chartOf(definition)
  return chart === undefined ? undefined : mermaidOf(chart)
}

const sent = (machine: AnyStateMachine) => new Definitions(value => value).jsonOf(machine.config, machine.id)

const endings = createMachine({
  id: 'a.dotted \\ name',
  initial: 'a',
  on: { again: { target: '#a\\.dotted \\\\ name', reenter: true } },
  states: {
    a: {
      initial: 'x',
      states: { x: { after: { 10: 'y', slow: 'y' } }, y: { type: 'final' } },
      invoke: [
        { id: 'job', src: 'job', onDone: 'b.c', onError: '.y', onSnapshot: { guard: 'isNews', target: 'b' } },
        { id: 'other', src: 'other', onDone: ['b', { target: 'a', guard: { type: 'isOdd' } }] },
      ],
      onDone: 'b',
      on: { '*': 'b', 'x.*': { actions: 'act' }, 7: { target: ['#both.one.x', '#both.two.x'] } },
    },
    b: { initial: 'c', states: { c: {} } },
    both: {
      id: 'both',
      type: 'parallel',
      states: { one: { initial: 'w', states: { w: {}, x: {} } }, two: { initial: 'w', states: { w: {}, x: {} } } },
    },
  },
})

describe('The diagram that the page gives', () => {
  it.each([aggregateMachine, versionMachine, supervisorMachine, connectionMachine, awkwardMachine, endings])(
    'is that of toMermaid: $id',
    machine => {
      expect(fromPage(sent(machine))).toBe(toMermaid(machine))
    },
  )

  it('is that of toMermaid also if only what is JSON was sent', () => {
    for (const machine of [aggregateMachine, versionMachine, supervisorMachine, connectionMachine]) {
      expect(fromPage(JSON.stringify(machine.config))).toBe(toMermaid(machine))
    }
  })

  it('is made of definitions that XState would refuse, as far as they can be drawn', () => {
    const odd = {
      id: 'odd',
      states: { a: { on: { '': 'b', go: '#nobody', back: '.x' } }, b: { initial: 'none', states: { c: 1 } } },
    }
    expect(fromPage(JSON.stringify(odd))?.split('\n')).toEqual([
      'stateDiagram-v2',
      '  [*] --> a',
      '  state "a" as a',
      '  state "b" as b {',
      '    [*] --> b_c',
      '    state "c" as b_c',
      '  }',
      '  a --> b',
      '  a --> a: go',
      '  a --> a: back',
    ])
  })

  it.each([
    '{"states":{"__proto__":{}}}',
    '{"id":"","states":{"a":{"on":{"x":[[]]},"type":"parallel"}}}',
    '{"states":{"a":{"type":"final","states":{"b":null}}}}',
  ])('never throws: %s', definition => {
    expect(() => fromPage(definition)).not.toThrow()
  })
})
