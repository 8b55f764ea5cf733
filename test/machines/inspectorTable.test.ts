import { describe, expect, it } from 'vitest'
import { createActor, transition } from 'xstate'
import { type InspectorEvent, inspectorMachine } from '../../src/inspect/inspectorMachine.js'
import { effectsOf } from './effectsOf.js'

type State = 'listening' | 'closing'

const EVENTS = ['close', 'closed'] as const satisfies readonly InspectorEvent['type'][]

/**
 * Written by hand, not made from the machine. State → event → next state, and what is done, in order. What is not here
 * changes nothing and does nothing.
 */
const TABLE: Readonly<Record<State, Partial<Readonly<Record<InspectorEvent['type'], string>>>>> = {
  listening: { close: 'closing: closeDown' },
  closing: { closed: 'closed:' },
}

function take(value: State, type: InspectorEvent['type']): string {
  const state = inspectorMachine.resolveState({ value } as never)
  const [next, actions] = transition(inspectorMachine, state, { type })
  return `${next.value}: ${effectsOf(actions).join(' ')}`.trimEnd()
}

describe('the inspector machine, held against a table written by hand', () => {
  for (const [state, row] of Object.entries(TABLE) as [State, (typeof TABLE)[State]][]) {
    for (const event of EVENTS) {
      const expected = row[event] ?? `${state}:`
      it(`${state}, on ${event}: ${expected}`, () => {
        expect(take(state, event)).toBe(expected)
      })
    }
  }

  it('The table has every state but the final one', () => {
    expect(Object.keys(inspectorMachine.states)).toEqual([...Object.keys(TABLE), 'closed'])
  })

  it('It begins by listening, and closed is the end', () => {
    const { value } = createActor(inspectorMachine).getSnapshot()
    const closing = inspectorMachine.resolveState({ value: 'closing' } as never)
    expect([value, transition(inspectorMachine, closing, { type: 'closed' })[0].status]).toEqual(['listening', 'done'])
  })

  it('How to close down cannot be forgotten', () => {
    const errors: unknown[] = []
    const actor = createActor(inspectorMachine)
    actor.subscribe({ error: error => errors.push(error) })
    actor.start().send({ type: 'close' })
    expect(errors).toEqual([new Error('The action closeDown is not provided.')])
  })
})
