/**
 * One connection between a host and a guest, as seen from either side.
 *
 * | state | event | guard | next state |
 * |---|---|---|---|
 * | uninitialized | open |  | initializing |
 * | uninitialized | close |  | closed |
 * | initializing | initialized |  | ready |
 * | initializing | close |  | closed |
 * | ready | close |  | closed |
 *
 * | state | meaning |
 * |---|---|
 * | uninitialized | There is no transport yet. Calls wait. |
 * | initializing | The handshake is pending. Requests are sent and answered; calls wait. |
 * | ready | Calls go both ways. |
 * | closed | Nothing is sent or received any more; every unanswered request has been rejected. |
 */
import { setup } from 'xstate'
import { declareEffects, type EffectOf, effect } from './effects.js'

/** The events of the connection machine. */
export type ConnectionEvent =
  /** Open the transport and begin the handshake. */
  | { readonly type: 'open' }
  /** The handshake is complete. */
  | { readonly type: 'initialized' }
  /** Close it, or it has closed by itself. */
  | { readonly type: 'close' }

/** The effects of the connection machine. */
export const connectionEffects = declareEffects({
  /** Open the transport: messages arrive from now on. */
  openTransport: effect(),
  /** Send the queued calls. */
  releaseCalls: effect(),
  /** Close the transport, and interrupt the requests of the other side. */
  closeTransport: effect(),
  /** Report the end of the connection, and reject every unanswered request. */
  reportClosed: effect(),
})

/** An effect of the connection machine. */
export type ConnectionEffect = EffectOf<typeof connectionEffects>

/** The statechart of one connection; each side has one of its own. */
export const connectionMachine = setup({
  types: { events: {} as ConnectionEvent },
  actions: { ...connectionEffects },
}).createMachine({
  id: 'connection',
  initial: 'uninitialized',
  states: {
    uninitialized: {
      description: 'There is no transport yet. Calls wait.',
      on: { open: 'initializing', close: 'closed' },
    },
    initializing: {
      description: 'The handshake is pending. Requests are sent and answered; calls wait.',
      entry: 'openTransport',
      on: { initialized: { target: 'ready', actions: 'releaseCalls' }, close: 'closed' },
    },
    ready: {
      description: 'Calls go both ways.',
      on: { close: 'closed' },
    },
    closed: {
      description: 'Nothing is sent or received any more; every unanswered request has been rejected.',
      type: 'final',
      entry: ['closeTransport', 'reportClosed'],
    },
  },
})
