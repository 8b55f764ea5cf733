/**
 * The lifecycle of a pool: several instances of one version, each with a supervisor of its own, that look like one runtime.
 *
 * | state | event | guard | next state |
 * |---|---|---|---|
 * | (any) | instance.up |  |  |
 * | (any) | instance.down |  |  |
 * | (any) | instance.failed |  |  |
 * | (any) | instance.gaveUp |  |  |
 * | provisioned | start |  | starting |
 * | provisioned | stop |  | stopping |
 * | starting |  | isReady | running |
 * | starting |  | hasGivenUp | gaveUp |
 * | starting |  | canStart |  |
 * | starting | instance.failed | failsRound |  |
 * | starting | restart |  |  |
 * | starting | stop |  | stopping |
 * | running |  | isDown | starting |
 * | running |  | canStart |  |
 * | running | instance.up | isAlone |  |
 * | running | instance.updated | speaks |  |
 * | running | restart |  | restarting |
 * | running | stop |  | stopping |
 * | running.full |  | isDegraded | running.degraded |
 * | running.degraded |  | isFull | running.full |
 * | restarting |  | areAllDown | starting |
 * | restarting | restart |  |  |
 * | restarting | stop |  | stopping |
 * | gaveUp | restart |  | starting |
 * | gaveUp | stop |  | stopping |
 * | stopping |  | hasStopped | stopped |
 * | stopping | instance.up |  |  |
 * | stopping | instance.down |  |  |
 * | stopping | instance.failed |  |  |
 * | stopping | instance.gaveUp |  |  |
 *
 * | state | meaning |
 * |---|---|
 * | provisioned | Provisioned, not started. |
 * | starting | Too few instances are up. Calls wait. |
 * | running | The pool takes calls. |
 * | running.full | All instances are up. |
 * | running.degraded | Some instances are up. |
 * | restarting | All instances are killed and launched again. Calls wait. |
 * | gaveUp | No instance tries again by itself. Calls are refused until a restart. |
 * | stopping | All instances stop for good. Calls are refused. |
 * | stopped | Stopped for good. |
 */
import { assign, type SnapshotFrom, setup } from 'xstate'
import { declareEffects, type EffectOf, effect } from './effects.js'
import * as query from './poolContext.js'

/** The effects of the pool machine. */
export const poolEffects = declareEffects({
  /** Start one instance; leads to `instance.up`, `instance.failed` or `instance.gaveUp`. */
  startInstance: effect<query.OfInstance>(),
  /** Stop all instances for good; leads to `instance.down` of each. */
  stopInstances: effect(),
  /** Take calls, and emit `started`. */
  emitStarted: effect(),
  /** Emit `failedToStart`. */
  emitFailed: effect<{ readonly error: Error }>(),
  /** Emit the last `failedToStart`: no instance tries again by itself. */
  emitGaveUp: effect<{ readonly error: Error }>(),
  /** Emit `stopped` with the reason for which the last instance died, if it did. */
  emitDown: effect<{ readonly reason: Error | undefined }>(),
  /** Emit `stopped`: it was asked for. */
  emitStopped: effect(),
  /** Emit `updated`. */
  emitUpdated: effect(),
  /** Log that instances are missing. */
  logDegraded: effect(),
  /** Log that all instances are up. */
  logFull: effect(),
})

/** An effect of the pool machine. */
export type PoolEffect = EffectOf<typeof poolEffects>

/** A snapshot of the pool machine. */
export type PoolSnapshot = SnapshotFrom<typeof poolMachine>

type Args = { readonly context: query.PoolContext; readonly event: query.PoolEvent }

const setState = (state: query.InstanceState) =>
  ({
    type: 'setState',
    params: ({ event }: { readonly event: query.OfInstance }) => ({ instance: event.instance, state }),
  }) as const

const nextOf = ({ context }: Pick<Args, 'context'>): query.OfInstance => ({
  instance: query.nextToStart(context) ?? -1,
})
const errorOf = ({ event }: { readonly event: { readonly error: Error } }) => ({ error: event.error })
/** An eventless transition gets the event that led to it. */
const lastErrorOf = ({ event }: Pick<Args, 'event'>) => ({
  error: 'error' in event ? event.error : new Error('No instance is left.'),
})
const lastReasonOf = ({ event }: Pick<Args, 'event'>) => ({
  reason: event.type === 'instance.gaveUp' ? event.error : 'reason' in event ? event.reason : undefined,
})

const startNext = {
  guard: 'canStart',
  actions: [{ type: 'startInstance', params: nextOf }, 'markStarting'],
  description: 'Instances start a few at a time.',
} as const

/** The statechart of a pool. Its owner provides its effects. */
export const poolMachine = setup({
  types: { context: {} as query.PoolContext, events: {} as query.PoolEvent, input: {} as query.PoolInput },
  actions: {
    ...poolEffects,

    setState: assign(({ context }, { instance, state }: query.OfInstance & { readonly state: query.InstanceState }) =>
      query.withState(context, instance, state),
    ),
    markStarting: assign(({ context }) => query.withState(context, query.nextToStart(context) ?? -1, 'starting')),
    noteFailure: assign(({ context }, { instance }: query.OfInstance) => query.afterFailure(context, instance)),
    markRestarting: assign(({ context }) => query.restarted(context)),
    requireOne: assign({ required: 1 }),
  },
  guards: {
    canStart: ({ context }) => query.nextToStart(context) !== null,
    isReady: ({ context }) => query.isReady(context),
    hasGivenUp: ({ context }) => query.countOf(context, 'gaveUp') === context.instances.length,
    isFull: ({ context }) => query.countOf(context, 'up') === context.instances.length,
    isDegraded: ({ context }) => query.countOf(context, 'up') < context.instances.length,
    isDown: ({ context }) => query.countOf(context, 'up') === 0,
    hasStopped: ({ context }) => query.countOf(context, 'stopped') === context.instances.length,
    areAllDown: ({ context }) => query.countOf(context, 'restarting') === 0,
    failsRound: ({ context, event }) => event.type === 'instance.failed' && query.failsRound(context, event.instance),
    isAlone: ({ event }) => event.type === 'instance.up' && event.alone,
    speaks: ({ context, event }) => event.type === 'instance.updated' && event.instance === query.speakerOf(context),
  },
}).createMachine({
  id: 'pool',
  context: ({ input }) => query.initialPool(input),
  initial: 'provisioned',
  on: {
    'instance.up': { actions: setState('up') },
    'instance.down': { actions: setState('retrying') },
    'instance.failed': {
      actions: { type: 'noteFailure', params: ({ event }) => ({ instance: event.instance }) },
    },
    'instance.gaveUp': { actions: setState('gaveUp') },
  },
  states: {
    provisioned: {
      description: 'Provisioned, not started.',
      on: { start: 'starting', stop: 'stopping' },
    },
    starting: {
      description: 'Too few instances are up. Calls wait.',
      always: [
        { guard: 'isReady', target: 'running', actions: ['requireOne', 'emitStarted'] },
        { guard: 'hasGivenUp', target: 'gaveUp', actions: { type: 'emitGaveUp', params: lastErrorOf } },
        startNext,
      ],
      on: {
        'instance.failed': {
          guard: 'failsRound',
          actions: [
            { type: 'noteFailure', params: ({ event }) => ({ instance: event.instance }) },
            { type: 'emitFailed', params: errorOf },
          ],
          description: 'The pool reports a failure once for each round of attempts that cannot make it ready.',
        },
        restart: { actions: 'markRestarting' },
        stop: 'stopping',
      },
    },
    running: {
      description: 'The pool takes calls.',
      initial: 'full',
      always: [{ guard: 'isDown', target: 'starting', actions: { type: 'emitDown', params: lastReasonOf } }, startNext],
      on: {
        'instance.up': {
          guard: 'isAlone',
          actions: [setState('up'), { type: 'emitDown', params: () => ({ reason: undefined }) }, 'emitStarted'],
          description: 'No instance took calls any more, although they have not all said that they stopped.',
        },
        'instance.updated': { guard: 'speaks', actions: 'emitUpdated' },
        restart: { target: 'restarting', actions: 'markRestarting' },
        stop: 'stopping',
      },
      states: {
        full: {
          description: 'All instances are up.',
          always: { guard: 'isDegraded', target: 'degraded', actions: 'logDegraded' },
        },
        degraded: {
          description: 'Some instances are up.',
          always: { guard: 'isFull', target: 'full', actions: 'logFull' },
        },
      },
    },
    restarting: {
      description: 'All instances are killed and launched again. Calls wait.',
      always: {
        guard: 'areAllDown',
        target: 'starting',
        actions: { type: 'emitDown', params: () => ({ reason: undefined }) },
      },
      on: {
        restart: { actions: 'markRestarting' },
        stop: 'stopping',
      },
    },
    gaveUp: {
      description: 'No instance tries again by itself. Calls are refused until a restart.',
      on: { restart: { target: 'starting', actions: 'markRestarting' }, stop: 'stopping' },
    },
    stopping: {
      description: 'All instances stop for good. Calls are refused.',
      entry: 'stopInstances',
      always: { guard: 'hasStopped', target: 'stopped' },
      on: {
        'instance.up': {},
        'instance.down': { actions: setState('stopped') },
        'instance.failed': {},
        'instance.gaveUp': { actions: setState('stopped') },
      },
    },
    stopped: {
      description: 'Stopped for good.',
      type: 'final',
      entry: 'emitStopped',
    },
  },
})
