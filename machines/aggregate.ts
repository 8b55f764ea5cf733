/**
 * The aggregate: decides which version is active and which is next.
 *
 * A level-triggered reconciler. Events change only what is *wanted*; guarded `always` transitions move what is in
 * place towards it, one step at a time, first match wins. Overlapping `setVersion` events therefore need no queue.
 *
 * | state | event | guard | next state |
 * |---|---|---|---|
 * | (any) | addVersion | isNew |  |
 * | (any) | removeVersion | isRemovable |  |
 * | (any) | setVersion |  |  |
 * | (any) | setShare | canShare |  |
 * | (any) | version.running | isStarting |  |
 * | (any) | version.failed |  |  |
 * | (any) | version.lost | isRunning |  |
 * | stopped | start |  | running |
 * | stopped | dispose |  | disposed |
 * | running | stop |  | stopping.halting |
 * | running | dispose |  | stopping.disposing |
 * | running.reconciling |  | nextCanOvertake | running.retiring |
 * | running.reconciling |  | activeIsUnwanted | running.stoppingActive |
 * | running.reconciling |  | nextCanBePromoted | running.reconciling |
 * | running.reconciling |  | activeCanStart | running.reconciling |
 * | running.reconciling |  | nextIsUnwanted | running.stoppingNext |
 * | running.reconciling |  | nextCanStart | running.reconciling |
 * | running.reconciling |  | isPostponed | running.settled |
 * | running.reconciling |  |  | running.settled |
 * | running.settled | setVersion |  | running.reconciling |
 * | running.settled | addVersion | isNewAndWanted | running.reconciling |
 * | running.settled | swap | canSwap |  |
 * | running.stoppingActive | version.stopped | isActive | running.reconciling |
 * | running.stoppingNext | version.stopped | isNext | running.reconciling |
 * | running.retiring | version.stopped | isLeaving | running.reconciling |
 * | stopping | version.stopped | isLeaving |  |
 * | stopping | version.stopped | isNext |  |
 * | stopping | version.stopped | isActive |  |
 * | stopping | dispose |  | stopping.disposing |
 * | stopping.halting |  | allDown | stopped |
 * | stopping.halting | start |  | stopping.restarting |
 * | stopping.restarting |  | allDown | running |
 * | stopping.restarting | stop |  | stopping.halting |
 * | stopping.disposing |  | allDown | disposed |
 * | disposed | * |  |  |
 *
 * | state | meaning |
 * |---|---|
 * | stopped | Nothing runs. Versions can be added and wanted; calls wait. |
 * | running | The aggregate works towards the wanted pair. |
 * | running.reconciling | Compares the versions in place with the wanted pair and takes the next step; never rests here. |
 * | running.settled | The wanted pair is in place, as far as its versions are known. |
 * | running.stoppingActive | The old active version drains and stops; calls wait for its successor. |
 * | running.stoppingNext | The unwanted next version stops, while the active version serves. |
 * | running.retiring | Overlap: the new active version serves, and its events are held until the old one has stopped. |
 * | stopping | All running versions are torn down. |
 * | stopping.halting | Waits until all versions are down, then is stopped. |
 * | stopping.restarting | Waits until all versions are down, then runs again. |
 * | stopping.disposing | Waits until all versions are down, then is disposed. |
 * | disposed | Disposed for good: every stream has completed. |
 */
import { assign, enqueueActions, type SnapshotFrom, sendTo, setup, spawnChild, stopChild } from 'xstate'
import * as query from './aggregateContext.js'
import * as transition from './aggregateTransitions.js'
import { declareEffects, type EffectOf, effect } from './effects.js'
import { reportingVersionMachine } from './version.js'
import { withVersion } from './versionTable.js'

/** The effects of the aggregate machine. */
export const aggregateEffects = declareEffects({
  /** Set how a version's events reach the subscribers. */
  setGate: effect<transition.OneVersion & { readonly gate: transition.Gate }>(),
  /** Emit `configUpdated`, after all other effects of the same decision. */
  announceConfig: effect(),
  /** Log that the version is active now. */
  logActive: effect<transition.OneVersion>(),
  /** Emit `stopped` with `standby` for the version that made way in a swap, and capture its events from now on. */
  standBy: effect<transition.OneVersion>(),
  /** Emit `configUpdated` at once: the versions of a swap have been started before. */
  announceSwap: effect(),
  /** Log that wanted versions are unknown, and that they start when they are added. */
  warnPostponed: effect<{ readonly versions: readonly string[] }>(),
  /** Everything is down for good: complete the streams and stop the actor. */
  close: effect(),
})

/** An effect of the aggregate machine. */
export type AggregateEffect = EffectOf<typeof aggregateEffects>

/** The statechart of an aggregate. Its owner provides its effects, and those of its versions. */
export const aggregateMachine = setup({
  types: {
    context: {} as query.AggregateContext,
    events: {} as transition.AggregateEvent,
    input: {} as query.AggregateInput,
  },
  actors: { version: reportingVersionMachine },
  actions: {
    ...aggregateEffects,

    setState: assign(({ context }, { version, state }: transition.NewState) => ({
      versions: withVersion(context.versions, version, state),
    })),
    spawnVersion: spawnChild('version', {
      id: ({ event }: { readonly event: transition.AggregateEvent }) => transition.childId(transition.versionIn(event)),
      input: ({ context, event }: transition.Args & { readonly event: transition.AggregateEvent }) => ({
        version: transition.versionIn(event),
        drainTimeout: context.drainTimeout,
        stopTimeout: context.stopTimeout,
      }),
    }),
    removeState: assign(({ context }, { version }: transition.OneVersion) => query.afterLeaving(context, version)),
    recordWanted: assign((_, pair: Parameters<typeof query.wantedPair>[0]) => ({ wanted: query.wantedPair(pair) })),
    recordShare: assign((_, { percent }: { readonly percent: number }) => ({ share: percent })),
    endShare: assign({ share: 0 }),
    makeActive: assign(({ context: { next } }, { version }: transition.OneVersion) =>
      query.withRoles({ active: version, next }),
    ),
    makeNext: assign(({ context: { active } }, { version }: transition.OneVersion) =>
      query.withRoles({ active, next: version }),
    ),
    promoteNext: assign(({ context: { next } }) => query.withRoles({ active: next, next: null })),
    overtake: assign(({ context: { active, next } }) => ({
      ...query.withRoles({ active: next, next: null }),
      leaving: active,
    })),
    exchange: assign(({ context }) => query.exchanged(context)),
    startVersion: sendTo(transition.childOf, { type: 'start' }),
    stopVersion: sendTo(transition.childOf, { type: 'stop' }),
    stopActor: stopChild(transition.childOf),
  },
  guards: {
    isNew: ({ context }, { version }: transition.OneVersion) => !query.isKnown(context, version),
    isNewAndWanted: ({ context }, { version }: transition.OneVersion) => query.isNewAndWanted(context, version),
    isStarting: ({ context }, { version }: transition.OneVersion) => query.isIn(context, version, 'starting'),
    isRunning: ({ context }, { version }: transition.OneVersion) => query.isIn(context, version, 'running'),
    isRemovable: ({ context }, { version }: transition.OneVersion) => query.isRemovable(context, version),
    isActive: ({ context }, { version }: transition.OneVersion) => version === context.active,
    isNext: ({ context }, { version }: transition.OneVersion) => version === context.next,
    isLeaving: ({ context }, { version }: transition.OneVersion) => version === context.leaving,
    nextCanOvertake: ({ context }) => query.nextCanOvertake(context),
    activeIsUnwanted: ({ context }) => context.active !== null && context.active !== context.wanted.active,
    nextCanBePromoted: ({ context }) =>
      context.active === null && context.next !== null && context.next === context.wanted.active,
    activeCanStart: ({ context }) => context.active === null && query.isProvisioned(context, context.wanted.active),
    nextIsUnwanted: ({ context }) => context.next !== null && context.next !== context.wanted.next,
    nextCanStart: ({ context }) => context.next === null && query.isProvisioned(context, context.wanted.next),
    canSwap: ({ context }) => query.canSwap(context),
    canShare: ({ context }, { percent }: { readonly percent: number }) => percent === 0 || query.nextStays(context),
    isPostponed: ({ context }) => query.postponed(context).length > 0,
    allDown: ({ context }) => query.allDown(context),
  },
}).createMachine({
  id: 'aggregate',
  context: ({ input }) => query.initialContext(input),
  initial: 'stopped',
  on: {
    addVersion: {
      guard: { type: 'isNew', params: transition.namedVersion },
      actions: transition.add,
    },
    removeVersion: {
      guard: { type: 'isRemovable', params: transition.namedVersion },
      actions: [{ type: 'stopVersion', params: transition.namedVersion }, ...transition.remove],
    },
    setVersion: { actions: { type: 'recordWanted', params: ({ event }) => event } },
    setShare: {
      guard: { type: 'canShare', params: ({ event }) => event },
      actions: { type: 'recordShare', params: ({ event }) => event },
    },
    'version.running': {
      guard: { type: 'isStarting', params: transition.namedVersion },
      actions: { type: 'setState', params: ({ event }) => ({ version: event.version, state: 'running' }) },
    },
    'version.failed': { description: 'Nothing changes here; waiters for the version look at its failure.' },
    'version.lost': {
      guard: { type: 'isRunning', params: transition.namedVersion },
      actions: { type: 'setState', params: ({ event }) => ({ version: event.version, state: 'starting' }) },
    },
  },
  states: {
    stopped: {
      description: 'Nothing runs. Versions can be added and wanted; calls wait.',
      on: { start: 'running', dispose: 'disposed' },
    },
    running: {
      description: 'The aggregate works towards the wanted pair.',
      initial: 'reconciling',
      on: { stop: 'stopping.halting', dispose: 'stopping.disposing' },
      states: {
        reconciling: {
          description: 'Compares the versions in place with the wanted pair and takes the next step; never rests here.',
          always: [
            {
              description: 'Overlap: the running next takes over at once, and the old active drains behind it.',
              guard: 'nextCanOvertake',
              target: 'retiring',
              actions: [
                'overtake',
                transition.logActive,
                transition.holdEvents,
                ...transition.tearDown(transition.theLeaving),
              ],
            },
            {
              description: 'The active version is torn down, whatever its state.',
              guard: 'activeIsUnwanted',
              target: 'stoppingActive',
              actions: transition.tearDown(transition.theActive),
            },
            {
              description: 'The next version becomes active and its captured events are released.',
              guard: 'nextCanBePromoted',
              target: 'reconciling',
              actions: ['promoteNext', transition.logActive, transition.releaseEvents],
            },
            {
              description: 'The wanted active version is started.',
              guard: 'activeCanStart',
              target: 'reconciling',
              actions: [
                { type: 'makeActive', params: transition.theWantedActive },
                transition.logActive,
                ...transition.start(transition.theActive, 'pass'),
              ],
            },
            {
              description: 'The next version is torn down.',
              guard: 'nextIsUnwanted',
              target: 'stoppingNext',
              actions: ['endShare', ...transition.tearDown(transition.theNext)],
            },
            {
              description: 'The wanted next version is started ahead of time.',
              guard: 'nextCanStart',
              target: 'reconciling',
              actions: [
                { type: 'makeNext', params: transition.theWantedNext },
                ...transition.start(transition.theNext, 'capture'),
                'announceConfig',
              ],
            },
            {
              description: 'A wanted version is unknown. It is started when it is added.',
              guard: 'isPostponed',
              target: 'settled',
              actions: { type: 'warnPostponed', params: ({ context }) => ({ versions: query.postponed(context) }) },
            },
            { description: 'The wanted pair is in place.', target: 'settled' },
          ],
        },
        settled: {
          description: 'The wanted pair is in place, as far as its versions are known.',
          on: {
            setVersion: { target: 'reconciling', actions: { type: 'recordWanted', params: ({ event }) => event } },
            addVersion: {
              guard: { type: 'isNewAndWanted', params: transition.namedVersion },
              target: 'reconciling',
              actions: transition.add,
            },
            swap: {
              description: 'Active and next change places; neither is stopped.',
              guard: 'canSwap',
              actions: ['exchange', transition.logActive, ...transition.announceExchange],
            },
          },
        },
        stoppingActive: {
          description: 'The old active version drains and stops; calls wait for its successor.',
          on: {
            'version.stopped': {
              guard: { type: 'isActive', params: transition.namedVersion },
              target: 'reconciling',
              actions: transition.remove,
            },
          },
        },
        stoppingNext: {
          description: 'The unwanted next version stops, while the active version serves.',
          on: {
            'version.stopped': {
              guard: { type: 'isNext', params: transition.namedVersion },
              target: 'reconciling',
              actions: [...transition.remove, 'announceConfig'],
            },
          },
        },
        retiring: {
          description: 'Overlap: the new active version serves, and its events are held until the old one has stopped.',
          on: {
            'version.stopped': {
              guard: { type: 'isLeaving', params: transition.namedVersion },
              target: 'reconciling',
              actions: [...transition.remove, transition.releaseEvents],
            },
          },
        },
      },
    },
    stopping: {
      description: 'All running versions are torn down.',
      entry: enqueueActions(({ context, enqueue }) => {
        enqueue('endShare')
        for (const version of query.toTearDown(context)) {
          enqueue({ type: 'setState', params: { version, state: 'stopping' } })
          enqueue({ type: 'stopVersion', params: { version } })
        }
      }),
      initial: 'halting',
      on: {
        'version.stopped': [
          {
            description: 'The old active version of an overlap is down, so its successor is torn down too.',
            guard: { type: 'isLeaving', params: transition.namedVersion },
            actions: [...transition.remove, transition.releaseEvents, ...transition.tearDown(transition.theActive)],
          },
          {
            guard: { type: 'isNext', params: transition.namedVersion },
            actions: [...transition.remove, 'announceConfig'],
          },
          { guard: { type: 'isActive', params: transition.namedVersion }, actions: transition.remove },
        ],
        dispose: '.disposing',
      },
      states: {
        halting: {
          description: 'Waits until all versions are down, then is stopped.',
          always: { guard: 'allDown', target: '#aggregate.stopped' },
          on: { start: 'restarting' },
        },
        restarting: {
          description: 'Waits until all versions are down, then runs again.',
          always: { guard: 'allDown', target: '#aggregate.running' },
          on: { stop: 'halting' },
        },
        disposing: {
          description: 'Waits until all versions are down, then is disposed.',
          always: { guard: 'allDown', target: '#aggregate.disposed' },
        },
      },
    },
    disposed: {
      description: 'Disposed for good: every stream has completed.',
      entry: [assign({ versions: {} }), 'close'],
      on: { '*': {} },
    },
  },
})

/** A snapshot of {@link aggregateMachine}. */
export type AggregateSnapshot = SnapshotFrom<typeof aggregateMachine>
