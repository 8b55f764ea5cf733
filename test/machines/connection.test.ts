import { type ConnectionEvent, connectionMachine } from 'cutover/machines'
import { describe, expect, it } from 'vitest'
import { transition } from 'xstate'
import { type FlatTable, holdAgainst } from './flatTable.js'

type State = 'uninitialized' | 'initializing' | 'ready'

const EVENTS = ['open', 'initialized', 'close'] as const satisfies readonly ConnectionEvent['type'][]

/** Written by hand, not made from the machine. */
const TABLE: FlatTable<State, ConnectionEvent['type']> = {
  uninitialized: { open: 'initializing: openTransport', close: 'closed: closeTransport reportClosed' },
  initializing: { initialized: 'ready: releaseCalls', close: 'closed: closeTransport reportClosed' },
  ready: { close: 'closed: closeTransport reportClosed' },
}

describe('the connection machine', () => {
  holdAgainst(connectionMachine, TABLE, EVENTS, 'closed')

  it('Closed is the end', () => {
    const [closed] = transition(connectionMachine, connectionMachine.resolveState({ value: 'ready' } as never), {
      type: 'close',
    })
    expect(closed.status).toBe('done')
  })
})
