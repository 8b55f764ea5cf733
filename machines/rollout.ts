/**
 * The rollouts of one aggregate: everything from the order of a version until it stays, or is gone again.
 *
 * | state | event | guard | next state |
 * |---|---|---|---|
 * | idle |  | hasPending | preparing |
 * | idle |  | isClosing | disposed |
 * | idle | order |  |  |
 * | idle | close |  |  |
 * | preparing | order |  | rejecting |
 * | preparing | cancel | isUnderWay | rejecting |
 * | preparing | close |  | rejecting |
 * | preparing | halted |  | rejecting |
 * | preparing | interfered |  | idle |
 * | preparing | failed |  | rejecting |
 * | preparing | already |  | finishing |
 * | preparing | up |  | verifying |
 * | preparing | after startTimeout |  | rejecting |
 * | verifying | order |  | rejecting |
 * | verifying | cancel | isUnderWay | rejecting |
 * | verifying | close |  | rejecting |
 * | verifying | halted |  | rejecting |
 * | verifying | interfered |  | idle |
 * | verifying | failed |  | rejecting |
 * | verifying | lost |  | rejecting |
 * | verifying | verified | hasSteps | stepping |
 * | verifying | verified |  | promoting |
 * | verifying | after verifyTimeout |  | rejecting |
 * | stepping | order |  | rejecting |
 * | stepping | cancel | isUnderWay | rejecting |
 * | stepping | close |  | rejecting |
 * | stepping | halted |  | rejecting |
 * | stepping | interfered |  | idle |
 * | stepping | lost |  | rejecting |
 * | stepping | unhealthy |  | rejecting |
 * | stepping | judged | isLast | promoting |
 * | stepping | judged | passes | stepping.running |
 * | stepping.running |  | waitsForAdvance | stepping.held |
 * | stepping.running | look |  |  |
 * | stepping.running | advance |  |  |
 * | stepping.running | pause |  | stepping.paused |
 * | stepping.running | after stepTimeout |  | rejecting |
 * | stepping.held | advance |  |  |
 * | stepping.paused | resume |  | stepping.running |
 * | promoting | order | isForced |  |
 * | promoting | cancel | isUnderWay |  |
 * | promoting | close |  |  |
 * | promoting | failed |  | rejecting |
 * | promoting | halted |  | rejecting |
 * | promoting | interfered |  | idle |
 * | promoting | promoted | canGoBack | reverting |
 * | promoting | promoted | isEnding | rejecting |
 * | promoting | promoted | canSoak | soaking |
 * | promoting | promoted |  | finishing |
 * | soaking | order | isForced | reverting |
 * | soaking | cancel | isUnderWay | reverting |
 * | soaking | rollBack |  | reverting |
 * | soaking | close |  | reverting |
 * | soaking | lost |  | reverting |
 * | soaking | unhealthy |  | reverting |
 * | soaking | halted |  | rejecting |
 * | soaking | interfered |  | idle |
 * | soaking.watching | suspected |  | soaking.crossing |
 * | soaking.watching | soaked |  | finishing |
 * | soaking.crossing | soaked |  |  |
 * | soaking.crossing | crossed | isSoaked | finishing |
 * | soaking.crossing | crossed |  | soaking.watching |
 * | soaking.crossing | after soak |  | finishing |
 * | finishing | order | isForced |  |
 * | finishing | cancel | isPending |  |
 * | finishing | close |  |  |
 * | finishing | finished |  | idle |
 * | reverting | order | isOpen |  |
 * | reverting | cancel | isPending |  |
 * | reverting | close |  |  |
 * | reverting | reverted |  | rejecting |
 * | reverting | stuck |  | finishing |
 * | reverting | halted |  | rejecting |
 * | reverting | interfered |  | idle |
 * | rejecting | order | isOpen |  |
 * | rejecting | cancel | isPending |  |
 * | rejecting | close |  |  |
 * | rejecting | left |  | idle |
 *
 * | state | meaning |
 * |---|---|
 * | idle | No rollout is under way. |
 * | preparing | The candidate is provisioned, added and started as next; it gets no calls. |
 * | verifying | The user checks the candidate, which gets no other calls. |
 * | stepping | The candidate gets a share of the calls, and is judged at each of them. |
 * | stepping.running | The time of the step passes. After it, the step waits for the verdict that it may pass. |
 * | stepping.held | The step waits for `advance`. |
 * | stepping.paused | The share stays, and the time of the step does not pass. |
 * | promoting | The candidate becomes the active version. |
 * | soaking | The candidate is active; the old version is up as standby. |
 * | soaking.watching | The judge compares the candidate with the past, or with the share that is held back. |
 * | soaking.crossing | The judge suspects the candidate: the standby gets half of the calls, to compare. |
 * | finishing | The candidate stays: this is saved, and the old version leaves. |
 * | reverting | The old version becomes active again. |
 * | rejecting | The candidate leaves. |
 * | disposed | Disposed for good. |
 */
import { assign, cancel, raise, type SnapshotFrom, setup } from 'xstate'
import { declareEffects, type EffectOf, effect } from './effects.js'
import * as query from './rolloutContext.js'
import * as transition from './rolloutTransitions.js'

/** The effects of the rollout machine. */
export const rolloutEffects = declareEffects({
  /** Wait until an earlier runtime of the version has left; provision it, add it, and make it next. */
  prepare: effect<{ readonly id: number }>(),
  /** Run the user's check on the candidate. */
  verify: effect(),
  /** Give the candidate its share, and let the judge begin the step. */
  beginStep: effect<{ readonly step: number; readonly percent: number }>(),
  /** Ask the judge whether the step may pass. */
  judgeStep: effect<{ readonly advance: boolean }>(),
  /** Swap the candidate and the active version; without an active version, make the candidate active. */
  promote: effect(),
  /** Give the standby its share, and let the judge begin the soak. */
  beginSoak: effect<{ readonly percent: number }>(),
  /** Give the standby enough calls to compare, and let the judge begin the crossing. */
  beginCrossing: effect(),
  /** Swap the candidate and the standby. */
  swapBack: effect(),
  /** Save that the candidate is permanent, and remove the standby. */
  finish: effect(),
  /** Remove the candidate. */
  leave: effect(),
  /** Keep the error behind the end of the order. */
  noteCause: effect<{ readonly cause: unknown }>(),
  /** Resolve or reject the promise of an order. */
  settle: effect<transition.Settled>(),
  /** Stop the actor, and complete the streams. */
  close: effect(),
})

/** An effect of the rollout machine. */
export type RolloutEffect = EffectOf<typeof rolloutEffects>

/** The statechart of the rollouts of one aggregate. Its owner provides its effects. */
export const rolloutMachine = setup({
  types: { context: {} as query.RolloutContext, events: {} as query.RolloutEvent },
  actions: {
    ...rolloutEffects,

    queue: assign((_, { order }: transition.OneOrder) => ({ pending: order })),
    dropPending: assign({ pending: null }),
    begin: assign(({ context }) => query.begun(context)),
    nextStep: assign(({ context: { step } }) => ({ step: step + 1 })),
    end: assign(({ context: { ending } }, given: query.Ending) => ({ ending: ending ?? given })),
    stay: assign(({ context: { ending } }, { why }: { readonly why: string }) => ({
      ending: null,
      warning: `${ending?.why} ${why}`,
    })),
    clear: assign({ order: null }),
    markSoaked: assign({ isSoaked: true }),
    markClosing: assign({ isClosing: true }),
    lookLater: raise({ type: 'look' }, { id: 'look', delay: 'stepTime' }),
    lookAgain: raise({ type: 'look' }, { id: 'look', delay: 'lookAgain' }),
    cancelLook: cancel('look'),
    endSoakLater: raise({ type: 'soaked' }, { id: 'soaked', delay: 'soak' }),
    cancelSoak: cancel('soaked'),
  },
  delays: {
    startTimeout: ({ context }) => query.orderOf(context).plan.startTimeout,
    verifyTimeout: ({ context }) => query.orderOf(context).plan.verifyTimeout,
    stepTime: ({ context }) => query.orNever(query.stepOf(context).time),
    stepTimeout: ({ context }) => query.orNever(query.stepOf(context).timeout),
    lookAgain: ({ context }) => query.lookAgain(context),
    soak: ({ context }) => query.orderOf(context).plan.soak,
  },
  guards: {
    hasPending: ({ context }) => context.pending !== null,
    isClosing: ({ context }) => context.isClosing,
    isEnding: ({ context }) => context.ending !== null,
    isUnderWay: ({ context }, { id }: transition.OneId) => id === null || id === context.order?.id,
    isPending: ({ context: { pending } }, { id }: transition.OneId) =>
      pending !== null && (id === null || id === pending.id),
    isForced: ({ context }, { force }: { readonly force: boolean }) => force && !context.isClosing,
    isOpen: ({ context }) => !context.isClosing,
    hasSteps: ({ context }, { canCompare }: transition.Compared) =>
      canCompare && query.orderOf(context).plan.steps.length > 0,
    waitsForAdvance: ({ context }) => query.stepOf(context).time === null,
    isLast: ({ context }, judged: transition.Judged) =>
      !judged.canCompare || (transition.passes(judged) && query.isLastStep(context)),
    passes: (_, judged: transition.Judged) => transition.passes(judged),
    canSoak: ({ context }, { hasStandby }: transition.Promoted) => hasStandby && query.orderOf(context).plan.soak > 0,
    canGoBack: ({ context }, { hasStandby }: transition.Promoted) => hasStandby && context.ending !== null,
    isSoaked: ({ context }) => context.isSoaked,
  },
}).createMachine({
  id: 'rollout',
  context: query.INITIAL,
  initial: 'idle',
  states: {
    idle: {
      description: 'No rollout is under way.',
      always: [
        { guard: 'hasPending', target: 'preparing', actions: 'begin' },
        { guard: 'isClosing', target: 'disposed' },
      ],
      on: {
        order: { actions: transition.queue },
        close: { actions: 'markClosing' },
      },
    },
    preparing: {
      description: 'The candidate is provisioned, added and started as next; it gets no calls.',
      entry: { type: 'prepare', params: ({ context }) => ({ id: query.orderOf(context).id }) },
      on: {
        ...transition.beforePromotion,
        failed: transition.reject,
        already: { description: 'The ordered version is active already.', target: 'finishing' },
        up: 'verifying',
      },
      after: { startTimeout: { target: 'rejecting', actions: transition.tooSlow } },
    },
    verifying: {
      description: 'The user checks the candidate, which gets no other calls.',
      entry: 'verify',
      on: {
        ...transition.beforePromotion,
        failed: transition.reject,
        lost: transition.reject,
        verified: [
          {
            guard: { type: 'hasSteps', params: transition.compared },
            target: 'stepping',
            actions: transition.beginStep,
          },
          {
            description: 'There are no steps, or no active version runs that they could protect.',
            target: 'promoting',
          },
        ],
      },
      after: { verifyTimeout: { target: 'rejecting', actions: transition.hangs } },
    },
    stepping: {
      description: 'The candidate gets a share of the calls, and is judged at each of them.',
      initial: 'running',
      on: {
        ...transition.beforePromotion,
        lost: transition.reject,
        unhealthy: transition.reject,
        judged: [
          {
            description: 'The last step has passed, or there is no active version to protect.',
            guard: { type: 'isLast', params: transition.judged },
            target: 'promoting',
          },
          {
            guard: { type: 'passes', params: transition.judged },
            target: '.running',
            actions: ['nextStep', ...transition.beginStep],
          },
        ],
      },
      states: {
        running: {
          description: 'The time of the step passes. After it, the step waits for the verdict that it may pass.',
          entry: 'lookLater',
          exit: 'cancelLook',
          always: { guard: 'waitsForAdvance', target: 'held' },
          on: {
            look: { actions: [transition.judge(false), 'lookAgain'] },
            advance: { actions: transition.judge(true) },
            pause: 'paused',
          },
          after: { stepTimeout: { target: '#rollout.rejecting', actions: transition.noVerdict } },
        },
        held: {
          description: 'The step waits for `advance`.',
          on: { advance: { actions: transition.judge(true) } },
        },
        paused: {
          description: 'The share stays, and the time of the step does not pass.',
          on: { resume: 'running' },
        },
      },
    },
    promoting: {
      description: 'The candidate becomes the active version.',
      entry: 'promote',
      on: {
        order: {
          guard: { type: 'isForced', params: transition.forced },
          actions: [transition.endBySuperseding, ...transition.queueOver],
        },
        cancel: {
          guard: { type: 'isUnderWay', params: transition.oneId },
          actions: transition.endAs('cancelled'),
        },
        close: { actions: [transition.endByClosing, ...transition.closeLater] },
        failed: transition.reject,
        halted: transition.cancelled,
        interfered: transition.abandoned,
        promoted: [
          {
            guard: { type: 'canGoBack', params: transition.promoted },
            target: 'reverting',
          },
          { guard: 'isEnding', target: 'rejecting' },
          {
            guard: { type: 'canSoak', params: transition.promoted },
            target: 'soaking',
          },
          { description: 'There is nothing to go back to.', target: 'finishing' },
        ],
      },
    },
    soaking: {
      description: 'The candidate is active; the old version is up as standby.',
      initial: 'watching',
      entry: 'endSoakLater',
      exit: 'cancelSoak',
      on: {
        order: {
          guard: { type: 'isForced', params: transition.forced },
          target: 'reverting',
          actions: [transition.endBySuperseding, ...transition.queue],
        },
        cancel: {
          guard: { type: 'isUnderWay', params: transition.oneId },
          target: 'reverting',
          actions: transition.endAs('cancelled'),
        },
        rollBack: { target: 'reverting', actions: transition.endByRollingBack },
        close: { target: 'reverting', actions: [transition.endByClosing, 'markClosing'] },
        lost: { target: 'reverting', actions: transition.endAs('rolledBack') },
        unhealthy: { target: 'reverting', actions: transition.endAs('rolledBack') },
        halted: transition.cancelled,
        interfered: transition.abandoned,
      },
      states: {
        watching: {
          description: 'The judge compares the candidate with the past, or with the share that is held back.',
          entry: transition.beginSoak,
          on: { suspected: 'crossing', soaked: '#rollout.finishing' },
        },
        crossing: {
          description: 'The judge suspects the candidate: the standby gets half of the calls, to compare.',
          entry: 'beginCrossing',
          on: {
            soaked: { actions: 'markSoaked' },
            crossed: [{ guard: 'isSoaked', target: '#rollout.finishing' }, { target: 'watching' }],
          },
          after: { soak: '#rollout.finishing' },
        },
      },
    },
    finishing: {
      description: 'The candidate stays: this is saved, and the old version leaves.',
      entry: 'finish',
      on: {
        order: {
          guard: { type: 'isForced', params: transition.forced },
          actions: transition.queueOver,
        },
        cancel: transition.cancelPending,
        close: { actions: transition.closeLater },
        finished: { target: 'idle', actions: transition.settle },
      },
    },
    reverting: {
      description: 'The old version becomes active again.',
      entry: 'swapBack',
      on: {
        ...transition.whileLeaving,
        reverted: 'rejecting',
        stuck: { target: 'finishing', actions: { type: 'stay', params: ({ event }) => event } },
        halted: 'rejecting',
        interfered: transition.abandoned,
      },
    },
    rejecting: {
      description: 'The candidate leaves.',
      entry: 'leave',
      on: { ...transition.whileLeaving, left: { target: 'idle', actions: transition.settle } },
    },
    disposed: {
      description: 'Disposed for good.',
      entry: 'close',
      type: 'final',
    },
  },
})

/** A snapshot of {@link rolloutMachine}. */
export type RolloutSnapshot = SnapshotFrom<typeof rolloutMachine>
