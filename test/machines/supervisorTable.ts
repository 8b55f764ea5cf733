import { type SupervisorContext, type SupervisorEvent, supervisorMachine } from 'cutover/machines'
import { transition } from 'xstate'

/** The error of a guest that fails. */
export const error = new Error('its own')
const after = (name: string, state: string) => ({ type: `xstate.after.${name}.supervisor.${state}` }) as never

/** The events of the machine, by the names that the table uses. */
export const EVENTS: Readonly<Record<string, SupervisorEvent>> = {
  start: { type: 'start' },
  stop: { type: 'stop' },
  abort: { type: 'abort' },
  restart: { type: 'restart' },
  connected: { type: 'guest.connected' },
  started: { type: 'guest.started' },
  failed: { type: 'guest.failed', error },
  failedForGood: { type: 'guest.failed', error, isFinal: true },
  disconnected: { type: 'guest.disconnected' },
  ponged: { type: 'guest.ponged' },
  aborted: { type: 'guest.aborted' },
  abortFailed: { type: 'guest.abortFailed' },
  stopRefused: { type: 'guest.stopRefused' },
  exited: { type: 'guest.exited', error },
  overdue: { type: 'overdue' },
}

type Row = Readonly<Record<string, string>>

const launchFails: Row = {
  failed: 'clearing.killing 2: emitFailed(its own) killGuest',
  failedForGood: 'givingUp 1: emitFinalFailure(its own) killGuest',
  disconnected: 'clearing.settling 2:',
  exited: 'backingOff 2: emitFailed(its own)',
  restart: 'restarting.cancelling 1: killGuest',
  stop: 'stopping.cancelling 1: askGuest',
}
const cleared: Row = { restart: 'restarting.cancelling 1: killGuest', stop: 'stopping.killing 1: killGuest' }
const upFails: Row = {
  failed: 'lost.killing 2: rejectCalls(its own) killGuest',
  failedForGood: 'lost.killing 2: rejectCalls(its own) killGuest',
  disconnected: 'lost.settling 2:',
  exited: 'backingOff 2: rejectCalls(its own) emitDied',
  restart: 'restarting.terminating 1: rejectCalls(restarted) killGuest',
  stop: 'stopping.asking 1: rejectCalls(stopped) askGuest',
}
const lost: Row = {
  restart: 'restarting.terminating 1: rejectCalls(restarted) killGuest',
  stop: 'stopping.killing 1: rejectCalls(stopped) killGuest',
}
const restarted = 'restarting.terminating 1: rejectCalls(restarted) killGuest'
const ended: Row = { exited: 'stopped 1: emitStopped' }

/**
 * Written by hand, not made from the machine. State after one failure → event, or timer that has run out in it → next
 * state, failures then, and what is done, in order. What is not here changes nothing and does nothing.
 */
export const TABLE: Readonly<Record<string, Row>> = {
  idle: { start: 'launching.connecting 1: launchGuest', stop: 'stopped 1: emitStopped' },
  'launching.connecting': {
    ...launchFails,
    connected: 'launching.starting 1:',
    'connectTimeout@launching.connecting': 'clearing.killing 2: emitFailed(connectTimeout) killGuest',
  },
  'launching.starting': {
    ...launchFails,
    started: 'up.idle 1: emitStarted',
    'startTimeout@launching.starting': 'clearing.killing 2: emitFailed(startTimeout) killGuest',
  },
  'clearing.settling': {
    ...cleared,
    exited: 'backingOff 1: emitFailed(its own)',
    'exitGrace@clearing.settling': 'clearing.killing 1: emitFailed(connectionLost) killGuest',
  },
  'clearing.killing': {
    ...cleared,
    exited: 'backingOff 1:',
    'discardTimeout@clearing.killing': 'backingOff 1: giveUpGuest',
  },
  backingOff: {
    'backoff@backingOff': 'launching.connecting 1: launchGuest',
    restart: 'launching.connecting 1: launchGuest',
    stop: 'stopped 1: emitStopped',
    overdue: 'gaveUp 1 overdue: emitGaveUp',
  },
  givingUp: {
    restart: 'restarting.cancelling 0: killGuest',
    stop: 'stopping.killing 1: killGuest',
    exited: 'gaveUp 1:',
    'discardTimeout@givingUp': 'gaveUp 1: giveUpGuest',
  },
  gaveUp: { restart: 'launching.connecting 0: launchGuest', stop: 'stopped 1: emitStopped' },
  'up.idle': {
    ...upFails,
    abort: 'up.aborting 1: abortGuest',
    'watchdogInterval@up.idle': 'up.pinging 1: pingGuest',
    'stableAfter@up': 'up.idle 0:',
  },
  'up.pinging': {
    ...upFails,
    ponged: 'up.idle 1:',
    abort: 'up.aborting 1: abortGuest',
    'watchdogTimeout@up.pinging': 'lost.killing 2: rejectCalls(watchdogTimeout) killGuest',
    'stableAfter@up': 'up.pinging 0:',
  },
  'up.aborting': {
    ...upFails,
    aborted: 'up.idle 1:',
    abortFailed: restarted,
    'abortTimeout@up.aborting': restarted,
    'stableAfter@up': 'up.aborting 0:',
  },
  'lost.settling': {
    ...lost,
    exited: 'backingOff 1: rejectCalls(its own) emitDied',
    'exitGrace@lost.settling': 'lost.killing 1: rejectCalls(connectionLost) killGuest',
  },
  'lost.killing': {
    ...lost,
    exited: 'backingOff 1: emitDied',
    'killTimeout@lost.killing': 'backingOff 1: giveUpGuest emitDied',
  },
  'restarting.cancelling': {
    started: 'restarting.settling 1:',
    exited: 'launching.connecting 1: launchGuest',
    stop: 'stopping.cancelling 1: askGuest',
    'discardTimeout@restarting.cancelling': 'launching.connecting 1: giveUpGuest launchGuest',
  },
  'restarting.settling': {
    exited: 'launching.connecting 1: launchGuest',
    stop: 'stopping.killing 1: killGuest',
    'killTimeout@restarting.settling': 'launching.connecting 1: giveUpGuest launchGuest',
  },
  'restarting.terminating': {
    exited: 'launching.connecting 1: emitStopped launchGuest',
    stop: 'stopping.killing 1: killGuest',
    'killTimeout@restarting.terminating': 'launching.connecting 1: giveUpGuest emitStopped launchGuest',
  },
  'stopping.cancelling': {
    ...ended,
    started: 'stopping.asking 1:',
    stopRefused: 'stopping.terminating 1: terminateGuest',
    'cancelTimeout@stopping.cancelling': 'stopping.terminating 1: terminateGuest',
  },
  'stopping.asking': {
    ...ended,
    stopRefused: 'stopping.terminating 1: terminateGuest',
    'shutdownTimeout@stopping.asking': 'stopping.terminating 1: terminateGuest',
  },
  'stopping.terminating': { ...ended, 'killTimeout@stopping.terminating': 'stopping.killing 1: killGuest' },
  'stopping.killing': { ...ended, 'killTimeout@stopping.killing': 'stopped 1: giveUpGuest emitStopped' },
}

/** Those of one state are told apart by their length. */
export const TIMES = {
  connectTimeout: 10_000,
  startTimeout: 120_000,
  watchdogInterval: 15_000,
  watchdogTimeout: 5_200,
  abortTimeout: 1_100,
  minBackoff: 500,
  backoffFactor: 1.5,
  maxBackoff: 60_000,
  jitter: 0,
  stableAfter: 900_000,
  giveUpAfter: 86_400_000,
  cancelTimeout: 1_200,
  discardTimeout: 5_500,
  shutdownTimeout: 1_000,
  killTimeout: 5_000,
  exitGrace: 100,
}

export function eventOf(name: string): SupervisorEvent {
  const [timer = '', state = ''] = name.split('@')
  return EVENTS[name] ?? after(timer, state)
}

/** A path of states as XState has it. */
function stateOf(path: string) {
  const [parent = '', child] = path.split('.')
  return child === undefined ? parent : { [parent]: child }
}

/** The next state after `event`, and the actions for XState, timers included. */
export function step(path: string, event: SupervisorEvent, { failures = 1, isOverdue = false } = {}) {
  const context: SupervisorContext = { ...TIMES, failures, isOverdue }
  const state = supervisorMachine.resolveState({ value: stateOf(path), context } as never)
  return transition(supervisorMachine, state, event)
}
