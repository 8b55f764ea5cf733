/**
 * The page's connection to the program. After it ends, the page connects again, with an increasing delay.
 *
 * | state | event | next | effect |
 * |---|---|---|---|
 * | connecting | opened | open | |
 * | connecting | closed | checking | checkAccess |
 * | checking | allowed | waiting | |
 * | checking | refused | refused | closeSocket |
 * | open | closed | waiting | |
 * | waiting | after backoff | connecting | openSocket |
 * | any | close | closed | closeSocket |
 *
 * `refused` and `closed` are final. The initial state `connecting` has the effect `openSocket`.
 */
import { assign, emit, setup } from 'xstate'

const MIN_BACKOFF = 500
const MAX_BACKOFF = 10_000

/** How long to wait before the next attempt, in ms. @param failures - how many attempts have failed since the last success */
export function backoff(failures: number): number {
  return Math.min(MAX_BACKOFF, MIN_BACKOFF * 2 ** Math.min(failures - 1, 10))
}

/** The actions that the owner of the connection performs. */
export type PageConnectionEffect =
  | { readonly type: 'openSocket' }
  /** Find out whether the program still accepts this page, and send `allowed` or `refused`. */
  | { readonly type: 'checkAccess' }
  | { readonly type: 'closeSocket' }

/** The statechart of the page's connection. It emits its effects. */
export const pageConnectionMachine = setup({
  types: {
    context: {} as { readonly failures: number },
    events: {} as { readonly type: 'opened' | 'closed' | 'allowed' | 'refused' | 'close' },
    emitted: {} as PageConnectionEffect,
  },
  actions: {
    openSocket: emit({ type: 'openSocket' }),
    checkAccess: emit({ type: 'checkAccess' }),
    closeSocket: emit({ type: 'closeSocket' }),
  },
  delays: { backoff: ({ context }) => backoff(context.failures) },
}).createMachine({
  id: 'pageConnection',
  context: { failures: 0 },
  initial: 'connecting',
  on: { close: '.closed' },
  states: {
    connecting: {
      description: 'The socket is being opened.',
      entry: 'openSocket',
      on: { opened: 'open', closed: 'checking' },
    },
    checking: {
      description: 'The socket could not be opened. The page asks the program whether it still accepts this page.',
      entry: 'checkAccess',
      on: { allowed: 'waiting', refused: 'refused' },
    },
    open: {
      description: 'Messages arrive.',
      entry: assign({ failures: 0 }),
      on: { closed: 'waiting' },
    },
    waiting: {
      description: 'The program is not reachable. The page connects again after a delay.',
      entry: assign({ failures: ({ context }) => context.failures + 1 }),
      after: { backoff: 'connecting' },
    },
    refused: {
      description: 'The program does not accept this page, because its token is out of date.',
      type: 'final',
      entry: 'closeSocket',
    },
    closed: {
      description: 'The page has closed the connection.',
      type: 'final',
      entry: 'closeSocket',
    },
  },
})
