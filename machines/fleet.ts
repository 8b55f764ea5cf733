/**
 * A node of a fleet, as it sees itself: which version it has to run, and whether it does.
 *
 * | state | event | guard | next state |
 * |---|---|---|---|
 * | (any) | refused |  |  |
 * | (any) | leave |  | leaving |
 * | (any) | replaced |  | left |
 * | joining | joined |  | settled |
 * | joining | assigned |  |  |
 * | settled |  | wasInterrupted | failed |
 * | settled |  | hadFailed | failed |
 * | settled |  | hadProved | proven |
 * | settled |  | mustAnnounce | announcing |
 * | settled |  | mustMove | moving |
 * | settled | assigned |  |  |
 * | settled | moved | isCurrent |  |
 * | settled | failed | isCurrent |  |
 * | announcing | assigned | isOverruled | settled |
 * | announcing | assigned |  |  |
 * | announcing | moved | isCurrent |  |
 * | announcing | failed | isCurrent |  |
 * | announcing | announced | isAnnounced | moving |
 * | moving | assigned | isRedirected | settled |
 * | moving | assigned |  |  |
 * | moving | moved | isOutdated | settled |
 * | moving | moved | wasCandidate | proven |
 * | moving | moved | isCurrent | settled |
 * | moving | failed | isOutdated | settled |
 * | moving | failed | isCurrent | failed |
 * | proven | assigned | isReplaced | settled |
 * | proven | assigned |  |  |
 * | failed | assigned | isReplaced | settled |
 * | failed | assigned |  |  |
 * | leaving | leave |  |  |
 * | leaving | left |  | left |
 *
 * | state | meaning |
 * |---|---|
 * | joining | The node is not registered yet, and serves what it serves. |
 * | settled | The node runs what is permanent in its fleet, or waits for its wave. |
 * | announcing | The wave of the node is open. The fleet is told that it begins, before it does. |
 * | moving | The rollout of the node moves to the version. |
 * | proven | The candidate has proved itself on this node, and stays. |
 * | failed | The version did not stay on this node. It is not tried again until the record names another one, or makes it permanent. |
 * | leaving | A candidate under way leaves, and the fleet is told. |
 * | left | The node has left for good. It goes on serving. |
 */
import { assign, type SnapshotFrom, setup } from 'xstate'
import { declareEffects, type EffectOf, effect } from './effects.js'
import * as query from './fleetContext.js'

/** The effects of the fleet machine. */
export const fleetEffects = declareEffects({
  /** Tell the fleet the state of this node; leads to `announced` once the fleet knows that the node begins. */
  report: effect(),
  /** Move to a version by the rollout of this node; leads to `moved` or `failed`. */
  move: effect<query.Move>(),
  /** Cancel a candidate that is under way; give up the registration if `forget`; leads to `left`. */
  leave: effect<{ readonly forget: boolean; readonly cancel: boolean }>(),
  /** Log the refused record. */
  logRefused: effect<{ readonly why: string }>(),
  /** Stop the actor, and complete the streams. */
  close: effect(),
})

/** An effect of the fleet machine. */
export type FleetEffect = EffectOf<typeof fleetEffects>

type Event<Type extends query.FleetEvent['type']> = query.FleetEvent & { readonly type: Type }
type Args<Type extends query.FleetEvent['type']> = { readonly event: Event<Type> }
type InContext = { readonly context: query.FleetContext }

const assigned = ({ event }: Args<'assigned'>) => event.assignment
const ended = ({ event }: Args<'moved' | 'failed'>) => ({ move: event.move })
const note = { type: 'noteAssignment', params: assigned } as const
const noteVersion = {
  type: 'noteVersion',
  params: ({ event }: Args<'moved' | 'failed'>) => ({ version: event.version }),
} as const
const because = { type: 'because', params: ({ event }: Args<'failed' | 'replaced'>) => ({ why: event.why }) } as const

const leave = {
  type: 'leave',
  params: ({ context, event }: InContext & Args<'leave'>) => ({
    forget: event.forget,
    cancel: query.hasCandidate(context),
  }),
} as const

/** Notes another assignment, and decides anew if it takes the place of the one before. */
const reassigned = (guard: 'isRedirected' | 'isReplaced') =>
  [{ guard: { type: guard, params: assigned }, target: 'settled', actions: note }, { actions: note }] as const

/** A move ends whose place another assignment has taken. */
const overtaken = {
  moved: { guard: { type: 'isCurrent', params: ended }, actions: noteVersion },
  failed: { guard: { type: 'isCurrent', params: ended }, actions: noteVersion },
} as const

/** A move ends whose version has another assignment meanwhile: the node decides anew. */
const outdated = {
  description: 'The version has another assignment meanwhile.',
  guard: { type: 'isOutdated', params: ended },
  target: 'settled',
  actions: noteVersion,
} as const

/** The statechart of a node of a fleet. Its owner provides its effects. */
export const fleetMachine = setup({
  types: { context: {} as query.FleetContext, events: {} as query.FleetEvent },
  actions: {
    ...fleetEffects,

    noteAssignment: assign((_, assignment: query.Assignment) => ({ assignment, refused: null })),
    noteJoined: assign((_, { assignment, version, last }: Event<'joined'>) => ({ assignment, version, last })),
    noteRefused: assign((_, { why }: { readonly why: string }) => ({ refused: why })),
    noteVersion: assign((_, { version }: { readonly version: string | null }) => ({ version, underWay: null })),
    begin: assign(({ context }) => query.begun(context)),
    unbegin: assign({ attempt: null, tries: 0, last: null }),
    beginMove: assign(({ context }) => query.moving(context)),
    skip: assign(({ context }) => query.skipped(context)),
    noteInterruption: assign(({ context }) => query.interrupted(context)),
    because: assign((_, { why }: { readonly why: string }) => ({ reason: why })),
    recall: assign(({ context }) => ({ reason: context.last?.reason ?? null })),
  },
  guards: {
    wasInterrupted: ({ context }) => query.wasInterrupted(context),
    hadFailed: ({ context }) => query.hadFailed(context),
    hadProved: ({ context }) => query.hadProved(context),
    mustAnnounce: ({ context }) => query.mustAnnounce(context),
    mustMove: ({ context }) => query.mustMove(context),
    isOverruled: ({ context }, assignment: query.Assignment) => query.isOverruled(context, assignment),
    isRedirected: ({ context }, assignment: query.Assignment) => query.isRedirected(context, assignment),
    isReplaced: ({ context }, assignment: query.Assignment) => query.isReplaced(context, assignment),
    isAnnounced: ({ context }, { key }: { readonly key: string }) => key === context.attempt?.key,
    isCurrent: ({ context }, { move }: { readonly move: number }) => move === context.move,
    isOutdated: ({ context }, { move }: { readonly move: number }) =>
      move === context.move && query.isOutdated(context),
    wasCandidate: ({ context }, { move }: { readonly move: number }) =>
      move === context.move && context.attempt?.role === 'candidate',
  },
}).createMachine({
  id: 'fleet',
  context: query.INITIAL_FLEET,
  initial: 'joining',
  on: {
    refused: {
      description: 'The record before it stays in force.',
      actions: [
        { type: 'noteRefused', params: ({ event: { why } }) => ({ why }) },
        { type: 'logRefused', params: ({ event: { why } }) => ({ why }) },
      ],
    },
    leave: { target: '.leaving', actions: leave },
    replaced: { target: '.left', actions: because },
  },
  states: {
    joining: {
      description: 'The node is not registered yet, and serves what it serves.',
      on: {
        joined: { target: 'settled', actions: { type: 'noteJoined', params: ({ event }) => event } },
        assigned: { actions: note },
      },
    },
    settled: {
      description: 'The node runs what is permanent in its fleet, or waits for its wave.',
      entry: 'report',
      always: [
        {
          description: 'Its process ended while it moved.',
          guard: 'wasInterrupted',
          target: 'failed',
          actions: ['skip', 'noteInterruption'],
        },
        {
          description: 'It has failed before its process ended.',
          guard: 'hadFailed',
          target: 'failed',
          actions: ['skip', 'recall'],
        },
        {
          description: 'It has proved the version before its process ended.',
          guard: 'hadProved',
          target: 'proven',
          actions: 'skip',
        },
        { guard: 'mustAnnounce', target: 'announcing', actions: 'begin' },
        { guard: 'mustMove', target: 'moving', actions: 'begin' },
      ],
      on: { assigned: { actions: note }, ...overtaken },
    },
    announcing: {
      description: 'The wave of the node is open. The fleet is told that it begins, before it does.',
      entry: 'report',
      on: {
        assigned: [
          {
            guard: { type: 'isOverruled', params: assigned },
            target: 'settled',
            actions: [note, 'unbegin'],
          },
          { actions: note },
        ],
        ...overtaken,
        announced: { guard: { type: 'isAnnounced', params: ({ event }) => event }, target: 'moving' },
      },
    },
    moving: {
      description: 'The rollout of the node moves to the version.',
      entry: ['beginMove', { type: 'move', params: ({ context }) => query.moveOf(context) }, 'report'],
      on: {
        assigned: reassigned('isRedirected'),
        moved: [
          outdated,
          {
            guard: { type: 'wasCandidate', params: ended },
            target: 'proven',
            actions: noteVersion,
          },
          { guard: { type: 'isCurrent', params: ended }, target: 'settled', actions: noteVersion },
        ],
        failed: [
          outdated,
          {
            guard: { type: 'isCurrent', params: ended },
            target: 'failed',
            actions: [noteVersion, because],
          },
        ],
      },
    },
    proven: {
      description: 'The candidate has proved itself on this node, and stays.',
      entry: 'report',
      on: { assigned: reassigned('isReplaced') },
    },
    failed: {
      description:
        'The version did not stay on this node. It is not tried again until the record names another one, or makes it permanent.',
      entry: 'report',
      on: { assigned: reassigned('isReplaced') },
    },
    leaving: {
      description: 'A candidate under way leaves, and the fleet is told.',
      on: {
        leave: { description: 'It joins the first.' },
        left: 'left',
      },
    },
    left: {
      description: 'The node has left for good. It goes on serving.',
      entry: 'close',
      type: 'final',
    },
  },
})

/** A snapshot of {@link fleetMachine}. */
export type FleetSnapshot = SnapshotFrom<typeof fleetMachine>
