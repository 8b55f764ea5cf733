import { type ConnectionEvent, connectionMachine } from 'cutover/machines'
import { describe, expect, it } from 'vitest'
import { transition } from 'xstate'
import { effectsOf } from './effectsOf.js'

type State = 'uninitialized' | 'initializing' | 'ready'

const EVENTS = ['open', 'initialized', 'close'] as const satisfies readonly ConnectionEvent['type'][]

/**
 * Written by hand, not made from the machine. State → event → next state, and what is done, in order. What is not here
 * changes nothing and does nothing.
 */
const TABLE: Readonly<Record<State, Partial<Readonly<Record<ConnectionEvent['type'], string>>>>> = {
  uninitialized: { open: 'initializing: openTransport', close: 'closed: closeTransport reportClosed' },
  initializing: { initialized: 'ready: releaseCalls', close: 'closed: closeTransport reportClosed' },
  ready: { close: 'closed: closeTransport reportClosed' },
}

function take(value: State, type: ConnectionEvent['type']): string {
  const state = connectionMachine.resolveState({ value } as never)
  const [next, actions] = transition(connectionMachine, state, { type })
  return `${next.value}: ${effectsOf(actions).join(' ')}`.trimEnd()
}

describe('the connection machine, held against a table written by hand', () => {
  for (const [state, row] of Object.entries(TABLE) as [State, (typeof TABLE)[State]][]) {
    for (const event of EVENTS) {
      const expected = row[event] ?? `${state}:`
      it(`${state}, on ${event}: ${expected}`, () => {
        expect(take(state, event)).toBe(expected)
      })
    }
  }

  it('The table has every state but the final one', () => {
    expect(Object.keys(connectionMachine.states)).toEqual([...Object.keys(TABLE), 'closed'])
  })

  it('Closed is the end', () => {
    const [closed] = transition(connectionMachine, connectionMachine.resolveState({ value: 'ready' } as never), {
      type: 'close',
    })
    expect(closed.status).toBe('done')
  })
})
