import { toMermaid } from 'cutover/inspect'
import { aggregateMachine, connectionMachine, supervisorMachine, versionMachine } from 'cutover/machines'
import { describe, expect, it, onTestFinished, vi } from 'vitest'
import { type AnyStateMachine, createMachine } from 'xstate'
import { Definitions } from '../../../src/inspect/messages/definitions.js'
import { chartToMermaid } from '../../../src/inspect/page/chart/diagram.js'
import { parseChart } from '../../../src/inspect/page/chart/parseChart.js'
import { awkwardMachine } from '../../fixtures/awkwardMachine.js'

/** The diagram that the page creates from a definition. */
function pageDiagram(definition: string): string | undefined {
  const chart = parseChart(definition)
  return chart === undefined ? undefined : chartToMermaid(chart)
}

const definitionOf = (machine: AnyStateMachine) => new Definitions(value => value).jsonOf(machine.config, machine.id)

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

describe('The diagram of the page', () => {
  it.each([aggregateMachine, versionMachine, supervisorMachine, connectionMachine, awkwardMachine, endings])(
    'equals that of toMermaid: $id',
    machine => {
      expect(pageDiagram(definitionOf(machine))).toBe(toMermaid(machine))
    },
  )

  it('equals that of toMermaid for a definition without functions', () => {
    for (const machine of [aggregateMachine, versionMachine, supervisorMachine, connectionMachine]) {
      expect(pageDiagram(JSON.stringify(machine.config))).toBe(toMermaid(machine))
    }
  })

  it('shows the valid parts of a definition that XState rejects', () => {
    const odd = {
      id: 'odd',
      states: { a: { on: { '': 'b', go: '#nobody', back: '.x' } }, b: { initial: 'none', states: { c: 1 } } },
    }
    expect(pageDiagram(JSON.stringify(odd))?.split('\n')).toEqual([
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

  it('has the right targets, even if the id of the machine looks like one that the page generates', () => {
    const odd = { id: 'state1', initial: 'a', on: { reset: { target: '#state1', reenter: true } }, states: { a: {} } }
    expect(pageDiagram(JSON.stringify(odd))).toContain('the_machine --> the_machine: reset')
  })

  it('is undefined if XState rejects the definition', async () => {
    vi.doMock('xstate', () => ({
      createMachine() {
        throw new Error('no')
      },
    }))
    vi.resetModules()
    onTestFinished(() => {
      vi.doUnmock('xstate')
      vi.resetModules()
    })
    const rejecting = await import('../../../src/inspect/page/chart/diagram.js')
    const chart = parseChart('{"states":{"a":{}}}')
    expect(chart && rejecting.chartToMermaid(chart)).toBeUndefined()
  })

  it.each([
    '{"states":{"__proto__":{}}}',
    '{"id":"","states":{"a":{"on":{"x":[[]]},"type":"parallel"}}}',
    '{"states":{"a":{"type":"final","states":{"b":null}}}}',
  ])('never throws: %s', definition => {
    expect(() => pageDiagram(definition)).not.toThrow()
  })
})
