/**
 * The link of a node to its fleet: whether it is connected, and whether it has listened long enough to judge other nodes.
 *
 * | state | event | guard | next state |
 * |---|---|---|---|
 * | (any) | disconnected |  | away |
 * | (any) | close |  | closed |
 * | opening | opened | isCurrent | open |
 * | opening | failed | isCurrent | waiting |
 * | waiting | after wait |  | opening |
 * | away | disconnected |  |  |
 * | away | reconnected |  | waiting |
 * | open | dropped |  | waiting |
 * | open.listening | tick | isDeaf | open.listening |
 * | open.listening | after listenTime |  | open.judging |
 * | open.judging | tick | hearsItself |  |
 * | open.judging | tick |  | open.listening |
 *
 * | state | meaning |
 * |---|---|
 * | opening | The node registers, and reads the record of its fleet. |
 * | waiting | The next attempt waits for its backoff. |
 * | away | The server is away. The node changes nothing. |
 * | open | The node is registered, and hears of each change of the record. |
 * | open.listening | It has not listened long enough to know which nodes are alive. |
 * | open.judging | It knows which nodes are alive, and opens the next wave or halts the fleet when that is due. |
 * | closed | Closed for good. |
 */
import { assign, type SnapshotFrom, setup } from 'xstate'
import { declareEffects, type EffectOf, effect } from './effects.js'

/** The effects of the machine of the link. */
export const fleetLinkEffects = declareEffects({
  /** Register the node, and watch its fleet; leads to `opened` or `failed`. */
  open: effect<{ readonly attempt: number }>(),
  /** Stop watching. */
  drop: effect(),
  /** Judge the fleet, and write the next record if one is due. */
  judge: effect(),
  /** Stop the actor. */
  close: effect(),
})

/** An effect of the machine of the link. */
export type FleetLinkEffect = EffectOf<typeof fleetLinkEffects>

/** The input of the link. */
export interface FleetLinkInput {
  /** How long it listens before it judges, in ms; Infinity: it never judges. */
  readonly listenTime: number
}

/** The context of the machine of the link, as plain JSON. */
export interface FleetLinkContext extends FleetLinkInput {
  /** The number of the attempt to open it; a later one takes the place of an earlier one. */
  readonly attempt: number
  /** How long until the next attempt, in ms. */
  readonly wait: number
  /** How many attempts have failed in a row. */
  readonly failures: number
  /** Why it is not open; null while it is. */
  readonly reason: string | null
}

/** Why the link is not open, and how long until the next attempt, in ms. */
interface Fault {
  readonly why: string
  readonly wait: number
}

/** The events of the machine of the link. */
export type FleetLinkEvent =
  | { readonly type: 'opened'; readonly attempt: number }
  | ({ readonly type: 'failed'; readonly attempt: number } & Fault)
  /** The watch has ended, or the registration is gone. */
  | ({ readonly type: 'dropped' } & Fault)
  /** The connection to the server is lost. */
  | { readonly type: 'disconnected'; readonly why: string }
  /** It is back. */
  | { readonly type: 'reconnected'; readonly wait: number }
  /** A heartbeat is due. `hears`: the node hears its own heartbeats. */
  | { readonly type: 'tick'; readonly hears: boolean }
  | { readonly type: 'close' }

type Event<Type extends FleetLinkEvent['type']> = FleetLinkEvent & { readonly type: Type }
type Args<Type extends FleetLinkEvent['type']> = { readonly event: Event<Type> }

const noteFault = { type: 'noteFault', params: ({ event }: Args<'failed' | 'dropped'>) => event } as const
const attempt = ({ event }: Args<'opened' | 'failed'>) => ({ attempt: event.attempt })

/** The statechart of the link of a node to its fleet. Its owner provides its effects. */
export const fleetLinkMachine = setup({
  types: { context: {} as FleetLinkContext, events: {} as FleetLinkEvent, input: {} as FleetLinkInput },
  actions: {
    ...fleetLinkEffects,

    countAttempt: assign(({ context }) => ({ attempt: context.attempt + 1 })),
    noteFault: assign(({ context }, { why, wait }: Fault) => ({ reason: why, wait, failures: context.failures + 1 })),
    noteLoss: assign((_, { why }: { readonly why: string }) => ({ reason: why })),
    noteWait: assign((_, { wait }: { readonly wait: number }) => ({ wait })),
    clear: assign({ reason: null, failures: 0 }),
  },
  delays: {
    listenTime: ({ context }) => context.listenTime,
    wait: ({ context }) => context.wait,
  },
  guards: {
    isCurrent: ({ context }, params: { readonly attempt: number }) => params.attempt === context.attempt,
    hearsItself: (_, { hears }: { readonly hears: boolean }) => hears,
    isDeaf: (_, { hears }: { readonly hears: boolean }) => !hears,
  },
}).createMachine({
  id: 'fleetLink',
  context: ({ input }) => ({ ...input, attempt: 0, wait: 0, failures: 0, reason: null }),
  initial: 'opening',
  on: {
    disconnected: { target: '.away', actions: { type: 'noteLoss', params: ({ event }) => event } },
    close: '.closed',
  },
  states: {
    opening: {
      description: 'The node registers, and reads the record of its fleet.',
      entry: ['countAttempt', { type: 'open', params: ({ context }) => ({ attempt: context.attempt }) }],
      on: {
        opened: { guard: { type: 'isCurrent', params: attempt }, target: 'open', actions: 'clear' },
        failed: { guard: { type: 'isCurrent', params: attempt }, target: 'waiting', actions: noteFault },
      },
    },
    waiting: {
      description: 'The next attempt waits for its backoff.',
      after: { wait: 'opening' },
    },
    away: {
      description: 'The server is away. The node changes nothing.',
      on: {
        disconnected: { description: 'It says so more than once.' },
        reconnected: { target: 'waiting', actions: { type: 'noteWait', params: ({ event }) => event } },
      },
    },
    open: {
      description: 'The node is registered, and hears of each change of the record.',
      initial: 'listening',
      exit: 'drop',
      on: { dropped: { target: 'waiting', actions: noteFault } },
      states: {
        listening: {
          description: 'It has not listened long enough to know which nodes are alive.',
          on: {
            tick: {
              description: 'It does not hear its own heartbeats.',
              guard: { type: 'isDeaf', params: ({ event }) => event },
              target: 'listening',
              reenter: true,
            },
          },
          after: { listenTime: 'judging' },
        },
        judging: {
          description: 'It knows which nodes are alive, and opens the next wave or halts the fleet when that is due.',
          entry: 'judge',
          on: {
            tick: [
              { guard: { type: 'hearsItself', params: ({ event }) => event }, actions: 'judge' },
              { description: 'It does not hear its own heartbeats.', target: 'listening' },
            ],
          },
        },
      },
    },
    closed: {
      description: 'Closed for good.',
      entry: 'close',
      type: 'final',
    },
  },
})

/** A snapshot of {@link fleetLinkMachine}. */
export type FleetLinkSnapshot = SnapshotFrom<typeof fleetLinkMachine>
