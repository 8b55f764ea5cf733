/**
 * Keeps one guest alive: launches it, watches it, relaunches it after a failure, restarts it on demand, stops it for good.
 *
 * | state | event | guard | next state |
 * |---|---|---|---|
 * | (any) | overdue |  |  |
 * | idle | start |  | launching |
 * | idle | stop |  | stopped |
 * | launching | guest.failed |  | clearing.killing |
 * | launching | guest.disconnected |  | clearing.settling |
 * | launching | guest.exited |  | backingOff |
 * | launching | restart |  | restarting.cancelling |
 * | launching | stop |  | stopping.cancelling |
 * | launching.connecting | guest.connected |  | launching.starting |
 * | launching.connecting | after connectTimeout |  | clearing.killing |
 * | launching.starting | guest.started |  | up |
 * | launching.starting | after startTimeout |  | clearing.killing |
 * | clearing | restart |  | restarting.cancelling |
 * | clearing | stop |  | stopping.killing |
 * | clearing.settling | guest.exited |  | backingOff |
 * | clearing.settling | after exitGrace |  | clearing.killing |
 * | clearing.killing | guest.exited |  | backingOff |
 * | clearing.killing | after discardTimeout |  | backingOff |
 * | backingOff |  | isOverdue | gaveUp |
 * | backingOff | restart |  | launching |
 * | backingOff | stop |  | stopped |
 * | backingOff | after backoff |  | launching |
 * | gaveUp | restart |  | launching |
 * | gaveUp | stop |  | stopped |
 * | up | guest.failed |  | lost.killing |
 * | up | guest.disconnected |  | lost.settling |
 * | up | guest.exited |  | backingOff |
 * | up | restart |  | restarting.terminating |
 * | up | stop |  | stopping.asking |
 * | up | after stableAfter |  |  |
 * | up.idle | abort |  | up.aborting |
 * | up.idle | after watchdogInterval |  | up.pinging |
 * | up.pinging | guest.ponged |  | up.idle |
 * | up.pinging | abort |  | up.aborting |
 * | up.pinging | after watchdogTimeout |  | lost.killing |
 * | up.aborting | guest.aborted |  | up.idle |
 * | up.aborting | guest.abortFailed |  | restarting.terminating |
 * | up.aborting | after abortTimeout |  | restarting.terminating |
 * | lost | restart |  | restarting.terminating |
 * | lost | stop |  | stopping.killing |
 * | lost.settling | guest.exited |  | backingOff |
 * | lost.settling | after exitGrace |  | lost.killing |
 * | lost.killing | guest.exited |  | backingOff |
 * | lost.killing | after killTimeout |  | backingOff |
 * | restarting.cancelling | guest.started |  | restarting.settling |
 * | restarting.cancelling | guest.exited |  | launching |
 * | restarting.cancelling | stop |  | stopping.cancelling |
 * | restarting.cancelling | after discardTimeout |  | launching |
 * | restarting.settling | guest.exited |  | launching |
 * | restarting.settling | stop |  | stopping.killing |
 * | restarting.settling | after killTimeout |  | launching |
 * | restarting.terminating | guest.exited |  | launching |
 * | restarting.terminating | stop |  | stopping.killing |
 * | restarting.terminating | after killTimeout |  | launching |
 * | stopping | guest.exited |  | stopped |
 * | stopping.cancelling | guest.started |  | stopping.asking |
 * | stopping.cancelling | guest.stopRefused |  | stopping.terminating |
 * | stopping.cancelling | after cancelTimeout |  | stopping.terminating |
 * | stopping.asking | guest.stopRefused |  | stopping.terminating |
 * | stopping.asking | after shutdownTimeout |  | stopping.terminating |
 * | stopping.terminating | after killTimeout |  | stopping.killing |
 * | stopping.killing | after killTimeout |  | stopped |
 *
 * | state | meaning |
 * |---|---|
 * | idle | Provisioned, not started. |
 * | launching | The guest is brought to life; calls wait. |
 * | launching.connecting | It is loaded, until it is there to be started. |
 * | launching.starting | It is told what it is, and gets ready. |
 * | clearing | A launch failed; what is left of it is ended. Calls wait. |
 * | clearing.settling | The connection to it is gone: it is given a moment to end, so that one learns how it ended. |
 * | clearing.killing | It is ended. |
 * | backingOff | The guest failed; the next launch is not due yet. Calls wait. |
 * | gaveUp | It failed for too long: nothing more is tried until a restart is asked for. Calls are refused. |
 * | up | The guest answers calls. |
 * | up.idle | Nothing but calls. |
 * | up.pinging | The guest is asked whether it is alive. |
 * | up.aborting | The guest is asked to interrupt its work; if it does not, it is restarted. |
 * | lost | A guest that was up is of no use any more. Calls wait. |
 * | lost.settling | The connection to it is gone: it is given a moment to end, so that one learns how it ended. |
 * | lost.killing | It is ended. |
 * | restarting | The guest is ended, to be launched again. Calls wait. |
 * | restarting.cancelling | A launch was under way: it is given a moment to end. |
 * | restarting.settling | The launch came up after all; nobody has heard of it, and it is ended. |
 * | restarting.terminating | It was up, and is ended. |
 * | stopping | The guest goes down for good. Calls are refused. |
 * | stopping.cancelling | A launch was under way: it is asked to end. |
 * | stopping.asking | It is asked to stop by itself. |
 * | stopping.terminating | It is told to end. |
 * | stopping.killing | It is ended. |
 * | stopped | Gone for good. |
 */
import { assign, cancel, enqueueActions, setup } from 'xstate'
import { notProvided } from './notProvided.js'
import type { Blame, SupervisorContext, SupervisorEvent, SupervisorInput, SupervisorReason } from './supervision.js'

const because = (why: SupervisorReason) => ({ why })
const itsError = ({ event }: { readonly event: { readonly error: Error } }): Blame => ({ why: event.error })

/** The nominal wait before the next launch, in ms; a shell may shorten it by some jitter. */
export function backoffOf({ minBackoff, backoffFactor, maxBackoff, failures }: SupervisorContext): number {
  return Math.min(maxBackoff, minBackoff * backoffFactor ** (failures - 1))
}

/** The statechart that keeps one guest alive, whatever host it runs in. */
export const supervisorMachine = setup({
  types: {
    context: {} as SupervisorContext,
    events: {} as SupervisorEvent,
    input: {} as SupervisorInput,
  },
  actions: {
    /** Leads to `guest.connected` and `guest.started`, or to `guest.failed` or `guest.exited`. */
    launchGuest: notProvided('launchGuest'),
    /** Leads to `guest.ponged`. */
    pingGuest: notProvided('pingGuest'),
    /** Leads to `guest.aborted` or `guest.abortFailed`. */
    abortGuest: notProvided('abortGuest'),
    /** Ask it to stop by itself, also while it starts; leads to `guest.exited` or `guest.stopRefused`. */
    askGuest: notProvided('askGuest'),
    /** Tell it to end; leads to `guest.exited`. */
    terminateGuest: notProvided('terminateGuest'),
    /** End it; leads to `guest.exited`. */
    killGuest: notProvided('killGuest'),
    /** It did not end in time: go on without it. */
    giveUpGuest: notProvided('giveUpGuest'),
    /** Reject the calls in flight. */
    loseCalls: notProvided<Blame>('loseCalls'),
    /** Say `started`. */
    reportStarted: notProvided('reportStarted'),
    /** Say `failedToStart`. */
    reportFailed: notProvided<Blame>('reportFailed'),
    /** Say that nothing more is tried. */
    reportGaveUp: notProvided('reportGaveUp'),
    /** Say `stopped`: it was asked for, or is part of a restart that was. */
    reportStopped: notProvided('reportStopped'),
    /** Say `stopped`, and why it died. */
    reportDied: notProvided('reportDied'),
    countFailure: enqueueActions(({ context, enqueue }) => {
      if (context.failures === 0) enqueue.raise({ type: 'overdue' }, { id: 'overdue', delay: context.giveUpAfter })
      enqueue.assign({ failures: context.failures + 1 })
    }),
    forgetFailures: assign({ failures: 0, isOverdue: false }),
    stopCounting: cancel('overdue'),
  },
  guards: {
    isOverdue: ({ context }) => context.isOverdue,
  },
  delays: {
    connectTimeout: ({ context }) => context.connectTimeout,
    startTimeout: ({ context }) => context.startTimeout,
    watchdogInterval: ({ context }) => context.watchdogInterval,
    watchdogTimeout: ({ context }) => context.watchdogTimeout,
    abortTimeout: ({ context }) => context.abortTimeout,
    backoff: ({ context }) => backoffOf(context),
    stableAfter: ({ context }) => context.stableAfter,
    cancelTimeout: ({ context }) => context.cancelTimeout,
    discardTimeout: ({ context }) => context.discardTimeout,
    shutdownTimeout: ({ context }) => context.shutdownTimeout,
    killTimeout: ({ context }) => context.killTimeout,
    exitGrace: ({ context }) => context.exitGrace,
  },
}).createMachine({
  id: 'supervisor',
  context: ({ input }) => ({ ...input, failures: 0, isOverdue: false }),
  initial: 'idle',
  on: {
    overdue: { actions: assign({ isOverdue: true }) },
  },
  states: {
    idle: {
      description: 'Provisioned, not started.',
      on: { start: 'launching', stop: 'stopped' },
    },
    launching: {
      description: 'The guest is brought to life; calls wait.',
      entry: 'launchGuest',
      initial: 'connecting',
      on: {
        'guest.failed': {
          target: 'clearing.killing',
          actions: ['countFailure', { type: 'reportFailed', params: itsError }],
        },
        'guest.disconnected': { target: 'clearing.settling', actions: 'countFailure' },
        'guest.exited': { target: 'backingOff', actions: ['countFailure', { type: 'reportFailed', params: itsError }] },
        restart: 'restarting.cancelling',
        stop: 'stopping.cancelling',
      },
      states: {
        connecting: {
          description: 'It is loaded, until it is there to be started.',
          on: { 'guest.connected': 'starting' },
          after: {
            connectTimeout: {
              target: '#supervisor.clearing.killing',
              actions: ['countFailure', { type: 'reportFailed', params: because('connectTimeout') }],
            },
          },
        },
        starting: {
          description: 'It is told what it is, and gets ready.',
          on: { 'guest.started': { target: '#supervisor.up', actions: 'reportStarted' } },
          after: {
            startTimeout: {
              target: '#supervisor.clearing.killing',
              actions: ['countFailure', { type: 'reportFailed', params: because('startTimeout') }],
            },
          },
        },
      },
    },
    clearing: {
      description: 'A launch failed; what is left of it is ended. Calls wait.',
      initial: 'killing',
      on: { restart: 'restarting.cancelling', stop: 'stopping.killing' },
      states: {
        settling: {
          description: 'The connection to it is gone: it is given a moment to end, so that one learns how it ended.',
          on: {
            'guest.exited': {
              target: '#supervisor.backingOff',
              actions: { type: 'reportFailed', params: itsError },
            },
          },
          after: {
            exitGrace: { target: 'killing', actions: { type: 'reportFailed', params: because('connectionLost') } },
          },
        },
        killing: {
          description: 'It is ended.',
          entry: 'killGuest',
          on: { 'guest.exited': '#supervisor.backingOff' },
          after: { discardTimeout: { target: '#supervisor.backingOff', actions: 'giveUpGuest' } },
        },
      },
    },
    backingOff: {
      description: 'The guest failed; the next launch is not due yet. Calls wait.',
      always: { guard: 'isOverdue', target: 'gaveUp' },
      after: { backoff: 'launching' },
      on: { restart: 'launching', stop: 'stopped' },
    },
    gaveUp: {
      description: 'It failed for too long: nothing more is tried until a restart is asked for. Calls are refused.',
      entry: 'reportGaveUp',
      on: { restart: { target: 'launching', actions: ['forgetFailures', 'stopCounting'] }, stop: 'stopped' },
    },
    up: {
      description: 'The guest answers calls.',
      initial: 'idle',
      after: { stableAfter: { actions: ['forgetFailures', 'stopCounting'] } },
      on: {
        'guest.failed': {
          target: 'lost.killing',
          actions: ['countFailure', { type: 'loseCalls', params: itsError }],
        },
        'guest.disconnected': { target: 'lost.settling', actions: 'countFailure' },
        'guest.exited': {
          target: 'backingOff',
          actions: ['countFailure', { type: 'loseCalls', params: itsError }, 'reportDied'],
        },
        restart: 'restarting.terminating',
        stop: {
          target: 'stopping.asking',
          actions: [{ type: 'loseCalls', params: because('stopped') }, 'askGuest'],
        },
      },
      states: {
        idle: {
          description: 'Nothing but calls.',
          on: { abort: 'aborting' },
          after: { watchdogInterval: 'pinging' },
        },
        pinging: {
          description: 'The guest is asked whether it is alive.',
          entry: 'pingGuest',
          on: { 'guest.ponged': 'idle', abort: 'aborting' },
          after: {
            watchdogTimeout: {
              target: '#supervisor.lost.killing',
              actions: ['countFailure', { type: 'loseCalls', params: because('watchdogTimeout') }],
            },
          },
        },
        aborting: {
          description: 'The guest is asked to interrupt its work; if it does not, it is restarted.',
          entry: 'abortGuest',
          on: {
            'guest.aborted': 'idle',
            'guest.abortFailed': '#supervisor.restarting.terminating',
          },
          after: {
            abortTimeout: '#supervisor.restarting.terminating',
          },
        },
      },
    },
    lost: {
      description: 'A guest that was up is of no use any more. Calls wait.',
      initial: 'settling',
      on: {
        restart: 'restarting.terminating',
        stop: { target: 'stopping.killing', actions: { type: 'loseCalls', params: because('stopped') } },
      },
      states: {
        settling: {
          description: 'The connection to it is gone: it is given a moment to end, so that one learns how it ended.',
          on: {
            'guest.exited': {
              target: '#supervisor.backingOff',
              actions: [{ type: 'loseCalls', params: itsError }, 'reportDied'],
            },
          },
          after: {
            exitGrace: { target: 'killing', actions: { type: 'loseCalls', params: because('connectionLost') } },
          },
        },
        killing: {
          description: 'It is ended.',
          entry: 'killGuest',
          on: { 'guest.exited': { target: '#supervisor.backingOff', actions: 'reportDied' } },
          after: {
            killTimeout: { target: '#supervisor.backingOff', actions: ['giveUpGuest', 'reportDied'] },
          },
        },
      },
    },
    restarting: {
      description: 'The guest is ended, to be launched again. Calls wait.',
      initial: 'terminating',
      states: {
        cancelling: {
          description: 'A launch was under way: it is given a moment to end.',
          entry: 'killGuest',
          on: {
            'guest.started': 'settling',
            'guest.exited': '#supervisor.launching',
            stop: '#supervisor.stopping.cancelling',
          },
          after: { discardTimeout: { target: '#supervisor.launching', actions: 'giveUpGuest' } },
        },
        settling: {
          description: 'The launch came up after all; nobody has heard of it, and it is ended.',
          on: { 'guest.exited': '#supervisor.launching', stop: '#supervisor.stopping.killing' },
          after: { killTimeout: { target: '#supervisor.launching', actions: 'giveUpGuest' } },
        },
        terminating: {
          description: 'It was up, and is ended.',
          entry: [{ type: 'loseCalls', params: because('restarted') }, 'killGuest'],
          on: {
            'guest.exited': { target: '#supervisor.launching', actions: 'reportStopped' },
            stop: '#supervisor.stopping.killing',
          },
          after: { killTimeout: { target: '#supervisor.launching', actions: ['giveUpGuest', 'reportStopped'] } },
        },
      },
    },
    stopping: {
      description: 'The guest goes down for good. Calls are refused.',
      initial: 'asking',
      on: { 'guest.exited': 'stopped' },
      states: {
        cancelling: {
          description: 'A launch was under way: it is asked to end.',
          entry: 'askGuest',
          on: { 'guest.started': 'asking', 'guest.stopRefused': 'terminating' },
          after: { cancelTimeout: 'terminating' },
        },
        asking: {
          description: 'It is asked to stop by itself.',
          on: { 'guest.stopRefused': 'terminating' },
          after: { shutdownTimeout: 'terminating' },
        },
        terminating: {
          description: 'It is told to end.',
          entry: 'terminateGuest',
          after: { killTimeout: 'killing' },
        },
        killing: {
          description: 'It is ended.',
          entry: 'killGuest',
          after: { killTimeout: { target: '#supervisor.stopped', actions: 'giveUpGuest' } },
        },
      },
    },
    stopped: {
      description: 'Gone for good.',
      type: 'final',
      entry: ['stopCounting', 'reportStopped'],
    },
  },
})
