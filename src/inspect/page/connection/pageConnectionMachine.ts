/**
 * The page's connection to the program: it is opened, and after an end opened again, later each time.
 *
 * | state | event | next |
 * |---|---|---|
 * | connecting | opened | open |
 * | connecting, open | closed | waiting |
 * | connecting | refused | refused (final) |
 * | waiting | after backoff | connecting |
 * | any | close | closed (final) |
 */
import { assign, setup } from 'xstate'

const FIRST = 500
const MOST = 10_000

/** How long to wait before attempt number `attempt`, in ms. */
export function backoff(attempt: number): number {
  return Math.min(MOST, FIRST * 2 ** Math.min(attempt, 10))
}

/** The statechart of the connection. What opens and closes the socket is to be provided. */
export const connectionMachine = setup({
  types: {
    context: {} as { readonly attempts: number },
    events: {} as { readonly type: 'opened' | 'closed' | 'refused' | 'close' },
  },
  actions: {
    openSocket: () => {
      throw new Error('not provided: openSocket')
    },
    closeSocket: () => {
      throw new Error('not provided: closeSocket')
    },
  },
  delays: { backoff: ({ context }) => backoff(context.attempts - 1) },
}).createMachine({
  id: 'connection',
  context: { attempts: 0 },
  initial: 'connecting',
  on: { close: '.closed' },
  states: {
    connecting: {
      description: 'The socket is being opened.',
      entry: 'openSocket',
      on: { opened: 'open', closed: 'waiting', refused: 'refused' },
    },
    open: {
      description: 'Messages arrive.',
      entry: assign({ attempts: 0 }),
      on: { closed: 'waiting' },
    },
    waiting: {
      description: 'The program cannot be reached; it is tried again soon.',
      entry: assign({ attempts: ({ context }) => context.attempts + 1 }),
      after: { backoff: 'connecting' },
    },
    refused: {
      description: 'The program that is there now does not let this page in, and never will.',
      type: 'final',
      entry: 'closeSocket',
    },
    closed: {
      description: 'Not wanted any more.',
      type: 'final',
      entry: 'closeSocket',
    },
  },
})
