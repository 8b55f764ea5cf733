/**
 * The life of an inspector, which begins when its server listens.
 *
 * | state | event | guard | next state |
 * |---|---|---|---|
 * | listening | close |  | closing |
 * | closing | closed |  | closed |
 *
 * | state | meaning |
 * |---|---|
 * | listening | Viewers come and go. |
 * | closing | No more viewers come, and those that are here are going. |
 * | closed | Nothing is left: no socket, no timer, no message. |
 */
import { setup } from 'xstate'

/** What happens to an inspector. */
export type InspectorEvent =
  /** It is not wanted any more. */
  | { readonly type: 'close' }
  /** The port is free, and the last viewer is gone. */
  | { readonly type: 'closed' }

/** The statechart of one inspector. */
export const inspectorMachine = setup({
  types: { events: {} as InspectorEvent },
  actions: {
    /** End all viewers, free the port, and then send `closed`. */
    closeDown: () => {
      throw new Error('The action closeDown is not provided.')
    },
  },
}).createMachine({
  id: 'inspector',
  initial: 'listening',
  states: {
    listening: { description: 'Viewers come and go.', on: { close: 'closing' } },
    closing: {
      description: 'No more viewers come, and those that are here are going.',
      entry: 'closeDown',
      on: { closed: 'closed' },
    },
    closed: { description: 'Nothing is left: no socket, no timer, no message.', type: 'final' },
  },
})
