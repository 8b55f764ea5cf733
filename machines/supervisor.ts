/**
 * Supervises one guest: launches it, watches it, launches it again after a failure, restarts it on demand, and stops it for good.
 *
 * | state | event | guard | next state |
 * |---|---|---|---|
 * | (any) | overdue |  |  |
 * | idle | start |  | launching |
 * | idle | stop |  | stopped |
 * | launching | guest.failed | isFinal | givingUp |
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
 * | givingUp | guest.exited |  | gaveUp |
 * | givingUp | restart |  | restarting.cancelling |
 * | givingUp | stop |  | stopping.killing |
 * | givingUp | after discardTimeout |  | gaveUp |
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
 * | launching | The guest is launching. Calls wait. |
 * | launching.connecting | The guest is loading, or connecting. |
 * | launching.starting | The guest has connected; its start is pending. |
 * | clearing | A launch failed; its remains are cleared away. Calls wait. |
 * | clearing.settling | The connection has closed. The guest gets a moment to exit, so that the error can say how it exited. |
 * | clearing.killing | The guest has been killed; its exit is pending. |
 * | backingOff | The guest failed; the next launch waits for its backoff. Calls wait. |
 * | givingUp | No other launch can succeed; the remains of this one are cleared away. Calls are refused. |
 * | gaveUp | No launch can succeed, or the guest failed for too long: nothing is tried until a restart. Calls are refused. |
 * | up | The guest answers calls. |
 * | up.idle | The guest answers calls; nothing else is pending. |
 * | up.pinging | A ping is pending. |
 * | up.aborting | An abort is pending. If the guest does not answer it in time, it is restarted. |
 * | lost | A guest that was up has failed. Calls wait. |
 * | lost.settling | The connection has closed. The guest gets a moment to exit, so that the error can say how it exited. |
 * | lost.killing | The guest has been killed; its exit is pending. |
 * | restarting | The guest is killed and launched again. Calls wait. |
 * | restarting.cancelling | The guest was launching, and has been killed; its exit is pending. |
 * | restarting.settling | The launch succeeded after it had been killed; nobody was told, and its exit is pending. |
 * | restarting.terminating | The guest was up, and has been killed; its exit is pending. |
 * | stopping | The guest stops for good. Calls are refused. |
 * | stopping.cancelling | The guest was launching, and has been asked to stop. |
 * | stopping.asking | The guest has been asked to stop by itself. |
 * | stopping.terminating | The guest has been sent SIGTERM, or the like. |
 * | stopping.killing | The guest has been killed; its exit is pending. |
 * | stopped | Stopped for good. |
 */
import { assign, cancel, enqueueActions, setup } from 'xstate'
import { declareEffects, type EffectOf, effect } from './effects.js'
import {
  backoffOf,
  type Failure,
  type SupervisorContext,
  type SupervisorEvent,
  type SupervisorInput,
  type SupervisorReason,
} from './supervisorContext.js'

/** The effects of the supervisor machine. */
export const supervisorEffects = declareEffects({
  /** Leads to `guest.connected` and `guest.started`, or to `guest.failed` or `guest.exited`. */
  launchGuest: effect(),
  /** Leads to `guest.ponged`. */
  pingGuest: effect(),
  /** Leads to `guest.aborted` or `guest.abortFailed`. */
  abortGuest: effect(),
  /** Ask it to stop by itself, also while it starts; leads to `guest.exited` or `guest.stopRefused`. */
  askGuest: effect(),
  /** Terminate it; leads to `guest.exited`. */
  terminateGuest: effect(),
  /** Kill it; leads to `guest.exited`. */
  killGuest: effect(),
  /** Log that it did not exit in time, and go on without it. */
  giveUpGuest: effect(),
  /** Reject the calls in flight. */
  rejectCalls: effect<Failure>(),
  /** Emit `started`. */
  emitStarted: effect(),
  /** Emit `failedToStart`. */
  emitFailed: effect<Failure>(),
  /** Emit the last `failedToStart`: no other launch can succeed. */
  emitFinalFailure: effect<Failure>(),
  /** Emit the last `failedToStart`: it has failed for too long. */
  emitGaveUp: effect(),
  /** Emit `stopped`: it was asked for, or is part of a restart that was. */
  emitStopped: effect(),
  /** Emit `stopped` with the reason for which the guest died. */
  emitDied: effect(),
})

/** An effect of the supervisor machine. */
export type SupervisorEffect = EffectOf<typeof supervisorEffects>

const because = (reason: SupervisorReason) => ({ reason })
const itsError = ({ event }: { readonly event: { readonly error: Error } }): Failure => ({ reason: event.error })

/** The statechart that supervises one guest, in any host. Its owner provides its effects. */
export const supervisorMachine = setup({
  types: {
    context: {} as SupervisorContext,
    events: {} as SupervisorEvent,
    input: {} as SupervisorInput,
  },
  actions: {
    ...supervisorEffects,

    countFailure: enqueueActions(({ context, enqueue }) => {
      if (context.failures === 0) enqueue.raise({ type: 'overdue' }, { id: 'overdue', delay: context.giveUpAfter })
      enqueue.assign({ failures: context.failures + 1 })
    }),
    forgetFailures: assign({ failures: 0, isOverdue: false }),
    stopCounting: cancel('overdue'),
  },
  guards: {
    isOverdue: ({ context }) => context.isOverdue,
    isFinal: ({ event }) => event.type === 'guest.failed' && event.isFinal === true,
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
      description: 'The guest is launching. Calls wait.',
      entry: 'launchGuest',
      initial: 'connecting',
      on: {
        'guest.failed': [
          {
            guard: 'isFinal',
            target: 'givingUp',
            actions: { type: 'emitFinalFailure', params: itsError },
          },
          {
            target: 'clearing.killing',
            actions: ['countFailure', { type: 'emitFailed', params: itsError }],
          },
        ],
        'guest.disconnected': { target: 'clearing.settling', actions: 'countFailure' },
        'guest.exited': { target: 'backingOff', actions: ['countFailure', { type: 'emitFailed', params: itsError }] },
        restart: 'restarting.cancelling',
        stop: 'stopping.cancelling',
      },
      states: {
        connecting: {
          description: 'The guest is loading, or connecting.',
          on: { 'guest.connected': 'starting' },
          after: {
            connectTimeout: {
              target: '#supervisor.clearing.killing',
              actions: ['countFailure', { type: 'emitFailed', params: because('connectTimeout') }],
            },
          },
        },
        starting: {
          description: 'The guest has connected; its start is pending.',
          on: { 'guest.started': { target: '#supervisor.up', actions: 'emitStarted' } },
          after: {
            startTimeout: {
              target: '#supervisor.clearing.killing',
              actions: ['countFailure', { type: 'emitFailed', params: because('startTimeout') }],
            },
          },
        },
      },
    },
    clearing: {
      description: 'A launch failed; its remains are cleared away. Calls wait.',
      initial: 'killing',
      on: { restart: 'restarting.cancelling', stop: 'stopping.killing' },
      states: {
        settling: {
          description:
            'The connection has closed. The guest gets a moment to exit, so that the error can say how it exited.',
          on: {
            'guest.exited': {
              target: '#supervisor.backingOff',
              actions: { type: 'emitFailed', params: itsError },
            },
          },
          after: {
            exitGrace: { target: 'killing', actions: { type: 'emitFailed', params: because('connectionLost') } },
          },
        },
        killing: {
          description: 'The guest has been killed; its exit is pending.',
          entry: 'killGuest',
          on: { 'guest.exited': '#supervisor.backingOff' },
          after: { discardTimeout: { target: '#supervisor.backingOff', actions: 'giveUpGuest' } },
        },
      },
    },
    backingOff: {
      description: 'The guest failed; the next launch waits for its backoff. Calls wait.',
      always: { guard: 'isOverdue', target: 'gaveUp', actions: 'emitGaveUp' },
      after: { backoff: 'launching' },
      on: { restart: 'launching', stop: 'stopped' },
    },
    givingUp: {
      description: 'No other launch can succeed; the remains of this one are cleared away. Calls are refused.',
      entry: 'killGuest',
      on: {
        'guest.exited': 'gaveUp',
        restart: { target: 'restarting.cancelling', actions: ['forgetFailures', 'stopCounting'] },
        stop: 'stopping.killing',
      },
      after: { discardTimeout: { target: 'gaveUp', actions: 'giveUpGuest' } },
    },
    gaveUp: {
      description:
        'No launch can succeed, or the guest failed for too long: nothing is tried until a restart. Calls are refused.',
      on: { restart: { target: 'launching', actions: ['forgetFailures', 'stopCounting'] }, stop: 'stopped' },
    },
    up: {
      description: 'The guest answers calls.',
      initial: 'idle',
      after: { stableAfter: { actions: ['forgetFailures', 'stopCounting'] } },
      on: {
        'guest.failed': {
          target: 'lost.killing',
          actions: ['countFailure', { type: 'rejectCalls', params: itsError }],
        },
        'guest.disconnected': { target: 'lost.settling', actions: 'countFailure' },
        'guest.exited': {
          target: 'backingOff',
          actions: ['countFailure', { type: 'rejectCalls', params: itsError }, 'emitDied'],
        },
        restart: 'restarting.terminating',
        stop: {
          target: 'stopping.asking',
          actions: [{ type: 'rejectCalls', params: because('stopped') }, 'askGuest'],
        },
      },
      states: {
        idle: {
          description: 'The guest answers calls; nothing else is pending.',
          on: { abort: 'aborting' },
          after: { watchdogInterval: 'pinging' },
        },
        pinging: {
          description: 'A ping is pending.',
          entry: 'pingGuest',
          on: { 'guest.ponged': 'idle', abort: 'aborting' },
          after: {
            watchdogTimeout: {
              target: '#supervisor.lost.killing',
              actions: ['countFailure', { type: 'rejectCalls', params: because('watchdogTimeout') }],
            },
          },
        },
        aborting: {
          description: 'An abort is pending. If the guest does not answer it in time, it is restarted.',
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
      description: 'A guest that was up has failed. Calls wait.',
      initial: 'settling',
      on: {
        restart: 'restarting.terminating',
        stop: { target: 'stopping.killing', actions: { type: 'rejectCalls', params: because('stopped') } },
      },
      states: {
        settling: {
          description:
            'The connection has closed. The guest gets a moment to exit, so that the error can say how it exited.',
          on: {
            'guest.exited': {
              target: '#supervisor.backingOff',
              actions: [{ type: 'rejectCalls', params: itsError }, 'emitDied'],
            },
          },
          after: {
            exitGrace: { target: 'killing', actions: { type: 'rejectCalls', params: because('connectionLost') } },
          },
        },
        killing: {
          description: 'The guest has been killed; its exit is pending.',
          entry: 'killGuest',
          on: { 'guest.exited': { target: '#supervisor.backingOff', actions: 'emitDied' } },
          after: {
            killTimeout: { target: '#supervisor.backingOff', actions: ['giveUpGuest', 'emitDied'] },
          },
        },
      },
    },
    restarting: {
      description: 'The guest is killed and launched again. Calls wait.',
      initial: 'terminating',
      states: {
        cancelling: {
          description: 'The guest was launching, and has been killed; its exit is pending.',
          entry: 'killGuest',
          on: {
            'guest.started': 'settling',
            'guest.exited': '#supervisor.launching',
            stop: '#supervisor.stopping.cancelling',
          },
          after: { discardTimeout: { target: '#supervisor.launching', actions: 'giveUpGuest' } },
        },
        settling: {
          description: 'The launch succeeded after it had been killed; nobody was told, and its exit is pending.',
          on: { 'guest.exited': '#supervisor.launching', stop: '#supervisor.stopping.killing' },
          after: { killTimeout: { target: '#supervisor.launching', actions: 'giveUpGuest' } },
        },
        terminating: {
          description: 'The guest was up, and has been killed; its exit is pending.',
          entry: [{ type: 'rejectCalls', params: because('restarted') }, 'killGuest'],
          on: {
            'guest.exited': { target: '#supervisor.launching', actions: 'emitStopped' },
            stop: '#supervisor.stopping.killing',
          },
          after: { killTimeout: { target: '#supervisor.launching', actions: ['giveUpGuest', 'emitStopped'] } },
        },
      },
    },
    stopping: {
      description: 'The guest stops for good. Calls are refused.',
      initial: 'asking',
      on: { 'guest.exited': 'stopped' },
      states: {
        cancelling: {
          description: 'The guest was launching, and has been asked to stop.',
          entry: 'askGuest',
          on: { 'guest.started': 'asking', 'guest.stopRefused': 'terminating' },
          after: { cancelTimeout: 'terminating' },
        },
        asking: {
          description: 'The guest has been asked to stop by itself.',
          on: { 'guest.stopRefused': 'terminating' },
          after: { shutdownTimeout: 'terminating' },
        },
        terminating: {
          description: 'The guest has been sent SIGTERM, or the like.',
          entry: 'terminateGuest',
          after: { killTimeout: 'killing' },
        },
        killing: {
          description: 'The guest has been killed; its exit is pending.',
          entry: 'killGuest',
          after: { killTimeout: { target: '#supervisor.stopped', actions: 'giveUpGuest' } },
        },
      },
    },
    stopped: {
      description: 'Stopped for good.',
      type: 'final',
      entry: ['stopCounting', 'emitStopped'],
    },
  },
})
