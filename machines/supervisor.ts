/**
 * Keeps one guest alive: launches it, relaunches it after a failure, restarts it on demand, stops it for good.
 *
 * | state | event | guard | next state |
 * |---|---|---|---|
 * | idle | start |  | launching |
 * | idle | stop |  | stopped |
 * | launching | guest.launched |  | up |
 * | launching | guest.failed |  | backingOff |
 * | launching | restart |  | restarting.cancelling |
 * | launching | stop |  | stopping.cancelling |
 * | backingOff | restart |  | launching |
 * | backingOff | stop |  | stopped |
 * | backingOff | after backoff |  | launching |
 * | up | restart |  | restarting.terminating |
 * | up | stop |  | stopping.terminating |
 * | up | after stableAfter |  |  |
 * | up.idle | abort |  | up.aborting |
 * | up.aborting | guest.aborted |  | up.idle |
 * | up.aborting | guest.abortFailed |  | restarting.terminating |
 * | up.aborting | after abortTimeout |  | restarting.terminating |
 * | restarting.cancelling | guest.launched |  | restarting.settling |
 * | restarting.cancelling | guest.failed |  | launching |
 * | restarting.cancelling | stop |  | stopping.cancelling |
 * | restarting.cancelling | after abortTimeout |  | launching |
 * | restarting.settling | guest.stopped |  | launching |
 * | restarting.settling | stop |  | stopping.terminating |
 * | restarting.settling | after stopTimeout |  | launching |
 * | restarting.terminating | guest.stopped |  | launching |
 * | restarting.terminating | stop |  | stopping.terminating |
 * | restarting.terminating | after stopTimeout |  | launching |
 * | stopping.cancelling | guest.launched |  | stopping.terminating |
 * | stopping.cancelling | guest.failed |  | stopped |
 * | stopping.cancelling | after abortTimeout |  | stopped |
 * | stopping.terminating | guest.stopped |  | stopped |
 * | stopping.terminating | after stopTimeout |  | stopped |
 */
import { assign, setup } from 'xstate'
import { notProvided } from './notProvided.js'

export interface SupervisorInput {
  /** The wait after the first failed launch, in ms; doubles with every further one. */
  readonly minBackoff: number
  /** The longest wait between two launches, in ms. */
  readonly maxBackoff: number
  /** How long the guest must be up before its failures are forgotten, in ms. */
  readonly stableAfter: number
  /** How long the guest may take to interrupt its work, or a launch, when asked to, in ms. */
  readonly abortTimeout: number
  /** How long the guest may take to stop, in ms. */
  readonly stopTimeout: number
}

export interface SupervisorContext extends SupervisorInput {
  /** Failed launches in a row. */
  readonly failures: number
}

export type SupervisorEvent =
  | { readonly type: 'start' }
  | { readonly type: 'stop' }
  /** Ask the guest to interrupt its work. */
  | { readonly type: 'abort' }
  /** Stop the guest and launch it again. */
  | { readonly type: 'restart' }
  | { readonly type: 'guest.launched' }
  | { readonly type: 'guest.failed' }
  | { readonly type: 'guest.aborted' }
  | { readonly type: 'guest.abortFailed' }
  | { readonly type: 'guest.stopped' }

export const supervisorMachine = setup({
  types: {
    context: {} as SupervisorContext,
    events: {} as SupervisorEvent,
    input: {} as SupervisorInput,
  },
  actions: {
    /** Leads to `guest.launched` or `guest.failed`. */
    launchGuest: notProvided('launchGuest'),
    /** Tell a launch under way that it is not wanted; should it succeed after all, its guest is stopped. */
    cancelLaunch: notProvided('cancelLaunch'),
    /** Leads to `guest.aborted` or `guest.abortFailed`. */
    abortGuest: notProvided('abortGuest'),
    /** Reject the calls in flight, then stop the guest; leads to `guest.stopped`. */
    stopGuest: notProvided('stopGuest'),
    /** The guest did not stop, or end its launch, in time: go on without it. */
    giveUpGuest: notProvided('giveUpGuest'),
    /** Say `started`. */
    reportStarted: notProvided('reportStarted'),
    /** Say `failedToStart`. */
    reportFailed: notProvided('reportFailed'),
    /** Say `stopped`. */
    reportStopped: notProvided('reportStopped'),
    countFailure: assign({ failures: ({ context }) => context.failures + 1 }),
    forgetFailures: assign({ failures: 0 }),
  },
  delays: {
    backoff: ({ context: { minBackoff, maxBackoff, failures } }) =>
      Math.min(maxBackoff, minBackoff * 2 ** (failures - 1)),
    stableAfter: ({ context }) => context.stableAfter,
    abortTimeout: ({ context }) => context.abortTimeout,
    stopTimeout: ({ context }) => context.stopTimeout,
  },
}).createMachine({
  id: 'supervisor',
  context: ({ input }) => ({ ...input, failures: 0 }),
  initial: 'idle',
  states: {
    idle: {
      description: 'Provisioned, not started.',
      on: { start: 'launching', stop: 'stopped' },
    },
    launching: {
      description: 'The guest is loaded and started; calls wait.',
      entry: 'launchGuest',
      on: {
        'guest.launched': { target: 'up', actions: 'reportStarted' },
        'guest.failed': { target: 'backingOff', actions: ['countFailure', 'reportFailed'] },
        restart: 'restarting.cancelling',
        stop: 'stopping.cancelling',
      },
    },
    backingOff: {
      description: 'The last launch failed; the next one is not due yet. Calls wait.',
      after: { backoff: 'launching' },
      on: { restart: 'launching', stop: 'stopped' },
    },
    up: {
      description: 'The guest answers calls.',
      initial: 'idle',
      after: { stableAfter: { actions: 'forgetFailures' } },
      on: {
        restart: { target: 'restarting.terminating', actions: 'stopGuest' },
        stop: { target: 'stopping.terminating', actions: 'stopGuest' },
      },
      states: {
        idle: {
          description: 'Nothing but calls.',
          on: { abort: 'aborting' },
        },
        aborting: {
          description: 'The guest is asked to interrupt its work; if it does not, it is restarted.',
          entry: 'abortGuest',
          on: {
            'guest.aborted': 'idle',
            'guest.abortFailed': { target: '#supervisor.restarting.terminating', actions: 'stopGuest' },
          },
          after: { abortTimeout: { target: '#supervisor.restarting.terminating', actions: 'stopGuest' } },
        },
      },
    },
    restarting: {
      description: 'The guest goes down, to be launched again. Calls wait.',
      initial: 'terminating',
      states: {
        cancelling: {
          description: 'A launch was under way: it is told, and given a moment to end.',
          entry: 'cancelLaunch',
          on: {
            'guest.launched': { target: 'settling', actions: 'stopGuest' },
            'guest.failed': '#supervisor.launching',
            stop: '#supervisor.stopping.cancelling',
          },
          after: { abortTimeout: { target: '#supervisor.launching', actions: 'giveUpGuest' } },
        },
        settling: {
          description: 'The launch came up after all: its guest, of which nobody has heard, is asked to stop.',
          on: { 'guest.stopped': '#supervisor.launching', stop: '#supervisor.stopping.terminating' },
          after: { stopTimeout: { target: '#supervisor.launching', actions: 'giveUpGuest' } },
        },
        terminating: {
          description: 'The guest is asked to stop.',
          on: {
            'guest.stopped': { target: '#supervisor.launching', actions: 'reportStopped' },
            stop: '#supervisor.stopping.terminating',
          },
          after: { stopTimeout: { target: '#supervisor.launching', actions: ['giveUpGuest', 'reportStopped'] } },
        },
      },
    },
    stopping: {
      description: 'The guest goes down for good.',
      initial: 'terminating',
      states: {
        cancelling: {
          description: 'A launch was under way: it is told, and given a moment to end.',
          entry: 'cancelLaunch',
          on: {
            'guest.launched': { target: 'terminating', actions: 'stopGuest' },
            'guest.failed': '#supervisor.stopped',
          },
          after: { abortTimeout: { target: '#supervisor.stopped', actions: 'giveUpGuest' } },
        },
        terminating: {
          description: 'The guest is asked to stop.',
          on: { 'guest.stopped': '#supervisor.stopped' },
          after: { stopTimeout: { target: '#supervisor.stopped', actions: 'giveUpGuest' } },
        },
      },
    },
    stopped: {
      description: 'Gone for good.',
      type: 'final',
      entry: 'reportStopped',
    },
  },
})
