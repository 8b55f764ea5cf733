/**
 * One connection between a host and a guest, as either side sees it.
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
 * | uninitialized | There is no channel yet. Calls wait. |
 * | initializing | The two sides make themselves known. Requests are sent and answered; calls wait. |
 * | ready | Calls go both ways. |
 * | closed | Nothing is sent or heard any more; everything that waited for an answer was rejected. |
 */
import { setup } from 'xstate'
import { notProvided } from './notProvided.js'

/** What happens to a connection. */
export type ConnectionEvent =
  /** Take the channel and say what must be said first. */
  | { readonly type: 'open' }
  /** Both sides know each other. */
  | { readonly type: 'initialized' }
  /** It is not wanted any more, or it ended by itself. */
  | { readonly type: 'close' }

/** The statechart of one connection; each side has one of its own. */
export const connectionMachine = setup({
  types: { events: {} as ConnectionEvent },
  actions: {
    /** From now on messages come. */
    openTransport: notProvided('openTransport'),
    /** Send the calls that wait. */
    releaseCalls: notProvided('releaseCalls'),
    /** End the channel, and interrupt what the other side has asked for. */
    closeTransport: notProvided('closeTransport'),
    /** Say `closed`, and reject what has not been answered. */
    reportClosed: notProvided('reportClosed'),
  },
}).createMachine({
  id: 'connection',
  initial: 'uninitialized',
  states: {
    uninitialized: {
      description: 'There is no channel yet. Calls wait.',
      on: { open: 'initializing', close: 'closed' },
    },
    initializing: {
      description: 'The two sides make themselves known. Requests are sent and answered; calls wait.',
      entry: 'openTransport',
      on: { initialized: { target: 'ready', actions: 'releaseCalls' }, close: 'closed' },
    },
    ready: {
      description: 'Calls go both ways.',
      on: { close: 'closed' },
    },
    closed: {
      description: 'Nothing is sent or heard any more; everything that waited for an answer was rejected.',
      type: 'final',
      entry: ['closeTransport', 'reportClosed'],
    },
  },
})
