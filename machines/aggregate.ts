/**
 * The aggregate: which version is active, which is next.
 *
 * A level-triggered reconciler. Events change only what is *wanted*; guarded `always` transitions move what is towards
 * what is wanted, one step at a time, first match wins. Overlapping `setVersion` events therefore need no queue.
 *
 * | state | event | guard | next state |
 * |---|---|---|---|
 * | (any) | addVersion | isNew |  |
 * | (any) | removeVersion | isRemovable |  |
 * | (any) | setVersion |  |  |
 * | (any) | version.running | isStarting |  |
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
 * | stopped | Nothing runs. Versions can be added, and wanted; calls wait. |
 * | running | What is wanted is brought about. |
 * | running.reconciling | Compares what is with what is wanted and takes the next step; never rests here. |
 * | running.settled | What is wanted is in place, as far as it is known. |
 * | running.stoppingActive | The old active version drains and stops; calls wait for its successor. |
 * | running.stoppingNext | The unwanted next version stops; the active version goes on serving. |
 * | running.retiring | Overlap: the new active version serves; its events are held until the old one has stopped. |
 * | stopping | Everything that runs is torn down. |
 * | stopping.halting | Until everything is down; then stopped. |
 * | stopping.restarting | Until everything is down; then running again. |
 * | stopping.disposing | Until everything is down; then gone. |
 * | disposed | Gone for good: nothing is heard any more. |
 */
import { assign, enqueueActions, type SnapshotFrom, sendTo, setup, spawnChild, stopChild } from 'xstate'
import * as facts from './context.js'
import { mark } from './ledger.js'
import { notProvided } from './notProvided.js'
import * as step from './steps.js'
import { versionMachine } from './version.js'

/** The statechart of an aggregate. Its actions, and those of its versions, are yours to provide. */
export const aggregateMachine = setup({
  types: {
    context: {} as facts.AggregateContext,
    events: {} as step.AggregateEvent,
    input: {} as facts.AggregateInput,
  },
  actors: { version: versionMachine },
  actions: {
    /** Set what becomes of a version's events. */
    setGate: notProvided<step.OneVersion & { readonly gate: step.Gate }>('setGate'),
    /** Tell subscribers that the next version changed. */
    announceConfig: notProvided('announceConfig'),
    /** A version left: drop its runtime and whatever listens to it. */
    forgetVersion: notProvided<step.OneVersion>('forgetVersion'),
    /** Wanted versions that are unknown will be started when they are added. */
    warnPostponed: notProvided<{ readonly versions: readonly string[] }>('warnPostponed'),
    /** Everything is down for good: end the streams, and this actor. */
    closeDown: notProvided('closeDown'),

    mark: assign(({ context }, { version, as }: step.Marked) => mark(context, version, as)),
    spawnVersion: spawnChild('version', {
      id: ({ event }: { readonly event: step.AggregateEvent }) => step.childId(step.namedIn(event)),
      input: ({ context, event }: step.Args & { readonly event: step.AggregateEvent }) => ({
        version: step.namedIn(event),
        drainTimeout: context.drainTimeout,
        stopTimeout: context.stopTimeout,
      }),
    }),
    forgetFacts: assign(({ context }, { version }: step.OneVersion) => facts.without(context, version)),
    recordWanted: assign((_, pair: facts.VersionPair) => ({ wanted: facts.wantedPair(pair) })),
    makeActive: assign((_, { version }: step.OneVersion) => ({ active: version })),
    makeNext: assign((_, { version }: step.OneVersion) => ({ next: version })),
    promoteNext: assign(({ context }) => ({ active: context.next, next: null })),
    overtake: assign(({ context }) => ({ leaving: context.active, active: context.next, next: null })),
    startVersion: sendTo(step.childOf, { type: 'start' }),
    stopVersion: sendTo(step.childOf, { type: 'stop' }),
    dropActor: stopChild(step.childOf),
  },
  guards: {
    isNew: ({ context }, { version }: step.OneVersion) => !facts.isKnown(context, version),
    isNewAndWanted: ({ context }, { version }: step.OneVersion) => facts.isNewAndWanted(context, version),
    isStarting: ({ context }, { version }: step.OneVersion) => facts.isIn(context, version, 'starting'),
    isRunning: ({ context }, { version }: step.OneVersion) => facts.isIn(context, version, 'running'),
    isRemovable: ({ context }, { version }: step.OneVersion) => facts.isRemovable(context, version),
    isActive: ({ context }, { version }: step.OneVersion) => version === context.active,
    isNext: ({ context }, { version }: step.OneVersion) => version === context.next,
    isLeaving: ({ context }, { version }: step.OneVersion) => version === context.leaving,
    nextCanOvertake: ({ context }) => facts.nextCanOvertake(context),
    activeIsUnwanted: ({ context }) => context.active !== null && context.active !== context.wanted.active,
    nextCanBePromoted: ({ context }) =>
      context.active === null && context.next !== null && context.next === context.wanted.active,
    activeCanStart: ({ context }) => context.active === null && facts.isProvisioned(context, context.wanted.active),
    nextIsUnwanted: ({ context }) => context.next !== null && context.next !== context.wanted.next,
    nextCanStart: ({ context }) => context.next === null && facts.isProvisioned(context, context.wanted.next),
    isPostponed: ({ context }) => facts.postponed(context).length > 0,
    allDown: ({ context }) => facts.allDown(context),
  },
}).createMachine({
  id: 'aggregate',
  context: ({ input }) => facts.initialContext(input),
  initial: 'stopped',
  on: {
    addVersion: {
      guard: { type: 'isNew', params: step.theOneNamed },
      actions: step.admit,
    },
    removeVersion: {
      guard: { type: 'isRemovable', params: step.theOneNamed },
      actions: [{ type: 'stopVersion', params: step.theOneNamed }, ...step.leave],
    },
    setVersion: { actions: { type: 'recordWanted', params: ({ event }) => event } },
    'version.running': {
      guard: { type: 'isStarting', params: step.theOneNamed },
      actions: { type: 'mark', params: ({ event }) => ({ version: event.version, as: 'running' }) },
    },
    'version.lost': {
      guard: { type: 'isRunning', params: step.theOneNamed },
      actions: { type: 'mark', params: ({ event }) => ({ version: event.version, as: 'starting' }) },
    },
  },
  states: {
    stopped: {
      description: 'Nothing runs. Versions can be added, and wanted; calls wait.',
      on: { start: 'running', dispose: 'disposed' },
    },
    running: {
      description: 'What is wanted is brought about.',
      initial: 'reconciling',
      on: { stop: 'stopping.halting', dispose: 'stopping.disposing' },
      states: {
        reconciling: {
          description: 'Compares what is with what is wanted and takes the next step; never rests here.',
          always: [
            {
              description: 'Overlap: the running next takes over at once, the old active leaves behind it.',
              guard: 'nextCanOvertake',
              target: 'retiring',
              actions: ['overtake', step.hold, ...step.end(step.theLeaving)],
            },
            {
              description: 'The active version is torn down, whatever its state.',
              guard: 'activeIsUnwanted',
              target: 'stoppingActive',
              actions: step.end(step.theActive),
            },
            {
              description: 'The next version becomes active and its captured events are released.',
              guard: 'nextCanBePromoted',
              target: 'reconciling',
              actions: ['promoteNext', step.release],
            },
            {
              description: 'The wanted active version is started.',
              guard: 'activeCanStart',
              target: 'reconciling',
              actions: [{ type: 'makeActive', params: step.theWantedActive }, ...step.begin(step.theActive, 'pass')],
            },
            {
              description: 'The next version is torn down.',
              guard: 'nextIsUnwanted',
              target: 'stoppingNext',
              actions: step.end(step.theNext),
            },
            {
              description: 'The wanted next version is started ahead of time.',
              guard: 'nextCanStart',
              target: 'reconciling',
              actions: [
                { type: 'makeNext', params: step.theWantedNext },
                ...step.begin(step.theNext, 'capture'),
                'announceConfig',
              ],
            },
            {
              description: 'A wanted version is unknown: it is started when it is added.',
              guard: 'isPostponed',
              target: 'settled',
              actions: { type: 'warnPostponed', params: ({ context }) => ({ versions: facts.postponed(context) }) },
            },
            { description: 'What is wanted is in place.', target: 'settled' },
          ],
        },
        settled: {
          description: 'What is wanted is in place, as far as it is known.',
          on: {
            setVersion: { target: 'reconciling', actions: { type: 'recordWanted', params: ({ event }) => event } },
            addVersion: {
              guard: { type: 'isNewAndWanted', params: step.theOneNamed },
              target: 'reconciling',
              actions: step.admit,
            },
          },
        },
        stoppingActive: {
          description: 'The old active version drains and stops; calls wait for its successor.',
          on: {
            'version.stopped': {
              guard: { type: 'isActive', params: step.theOneNamed },
              target: 'reconciling',
              actions: step.leave,
            },
          },
        },
        stoppingNext: {
          description: 'The unwanted next version stops; the active version goes on serving.',
          on: {
            'version.stopped': {
              guard: { type: 'isNext', params: step.theOneNamed },
              target: 'reconciling',
              actions: [...step.leave, 'announceConfig'],
            },
          },
        },
        retiring: {
          description: 'Overlap: the new active version serves; its events are held until the old one has stopped.',
          on: {
            'version.stopped': {
              guard: { type: 'isLeaving', params: step.theOneNamed },
              target: 'reconciling',
              actions: [...step.leave, step.release],
            },
          },
        },
      },
    },
    stopping: {
      description: 'Everything that runs is torn down.',
      entry: enqueueActions(({ context, enqueue }) => {
        for (const version of facts.toTearDown(context)) {
          enqueue({ type: 'mark', params: { version, as: 'stopping' } })
          enqueue({ type: 'stopVersion', params: { version } })
        }
      }),
      initial: 'halting',
      on: {
        'version.stopped': [
          {
            description: 'The old active version of an overlap is down: its successor follows.',
            guard: { type: 'isLeaving', params: step.theOneNamed },
            actions: [...step.leave, step.release, ...step.end(step.theActive)],
          },
          { guard: { type: 'isNext', params: step.theOneNamed }, actions: [...step.leave, 'announceConfig'] },
          { guard: { type: 'isActive', params: step.theOneNamed }, actions: step.leave },
        ],
        dispose: '.disposing',
      },
      states: {
        halting: {
          description: 'Until everything is down; then stopped.',
          always: { guard: 'allDown', target: '#aggregate.stopped' },
          on: { start: 'restarting' },
        },
        restarting: {
          description: 'Until everything is down; then running again.',
          always: { guard: 'allDown', target: '#aggregate.running' },
          on: { stop: 'halting' },
        },
        disposing: {
          description: 'Until everything is down; then gone.',
          always: { guard: 'allDown', target: '#aggregate.disposed' },
        },
      },
    },
    disposed: {
      description: 'Gone for good: nothing is heard any more.',
      entry: [assign({ versions: {}, furtherVersions: [] }), 'closeDown'],
      on: { '*': {} },
    },
  },
})

/** What {@link aggregateMachine} says of itself at one moment. */
export type AggregateSnapshot = SnapshotFrom<typeof aggregateMachine>
