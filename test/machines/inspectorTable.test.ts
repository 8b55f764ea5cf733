import { describe, expect, it } from 'vitest'
import { createActor, transition } from 'xstate'
import { type InspectorEvent, inspectorMachine } from '../../src/inspect/inspectorMachine.js'
import { type FlatTable, holdAgainst } from './flatTable.js'

type State = 'listening' | 'closing'

const EVENTS = ['close', 'closed'] as const satisfies readonly InspectorEvent['type'][]

/** Written by hand, not made from the machine. */
const TABLE: FlatTable<State, InspectorEvent['type']> = {
  listening: { close: 'closing: closeDown' },
  closing: { closed: 'closed:' },
}

describe('the inspector machine', () => {
  holdAgainst(inspectorMachine, TABLE, EVENTS)

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
