/** The input, context and events of the supervisor machine, and the reasons for which a launch or a call fails. */

/** Times in ms. */
export interface SupervisorInput {
  /** How long a launch may take until the guest is there. */
  readonly connectTimeout: number
  /** How long the guest may take to start, from then on. */
  readonly startTimeout: number
  /** How long a guest that is up is left alone between two pings. */
  readonly watchdogInterval: number
  /** How long it may take to answer a ping. */
  readonly watchdogTimeout: number
  /** How long it may take to interrupt its work when asked to. */
  readonly abortTimeout: number
  /** The wait after the first failure. */
  readonly minBackoff: number
  /** How much longer each further wait is than the one before. */
  readonly backoffFactor: number
  /** The longest wait between two launches. */
  readonly maxBackoff: number
  /** By how much an owner may shorten a wait at random, as a share from 0 to 1. */
  readonly jitter: number
  /** How long the guest must be up before its failures are forgotten. */
  readonly stableAfter: number
  /** How long it may fail, counted from the first failure that is not forgotten, before nothing more is tried. */
  readonly giveUpAfter: number
  /** How long a launch that is not wanted any more may take to end when it is asked to. */
  readonly cancelTimeout: number
  /** How long it may take to end when it is ended to be launched again. */
  readonly discardTimeout: number
  /** How long the guest may take to stop by itself. */
  readonly shutdownTimeout: number
  /** How long it may take to end once it is told to, and then again once it is killed. */
  readonly killTimeout: number
  /** How long a guest whose connection is gone may take to end, so that one knows how it ended. */
  readonly exitGrace: number
}

/** What a supervisor knows of its guest, besides the state. */
export interface SupervisorContext extends SupervisorInput {
  /** Failed launches and unexpected ends that are not forgotten. */
  readonly failures: number
  /** It has failed for `giveUpAfter`: the next failure is the last. */
  readonly isOverdue: boolean
}

/** Why a call is lost, or a launch failed, when it is not the guest's own error. */
export type SupervisorReason =
  | 'connectTimeout'
  | 'startTimeout'
  | 'watchdogTimeout'
  | 'connectionLost'
  | 'restarted'
  | 'stopped'

/** Why a launch failed, or calls are lost. */
export interface Failure {
  /** The guest's own error, or what the supervisor found. */
  readonly reason: Error | SupervisorReason
}

/** What is wanted of a supervisor, and what its guest reports. */
export type SupervisorEvent =
  | { readonly type: 'start' }
  | { readonly type: 'stop' }
  /** Ask the guest to interrupt its work. */
  | { readonly type: 'abort' }
  /** End the guest and launch it again. */
  | { readonly type: 'restart' }
  /** It is there, and is about to start. */
  | { readonly type: 'guest.connected' }
  | { readonly type: 'guest.started' }
  /**
   * Its start failed, or it did what it must not; something of it may be left. `isFinal`: no other launch can go better.
   */
  | { readonly type: 'guest.failed'; readonly error: Error; readonly isFinal?: boolean }
  /** The connection to it is gone: it is about to end, or of no use any more. */
  | { readonly type: 'guest.disconnected' }
  | { readonly type: 'guest.ponged' }
  | { readonly type: 'guest.aborted' }
  | { readonly type: 'guest.abortFailed' }
  /** It cannot stop by itself. */
  | { readonly type: 'guest.stopRefused' }
  /** Nothing of it is left. */
  | { readonly type: 'guest.exited'; readonly error: Error }
  /** It has failed for `giveUpAfter`. */
  | { readonly type: 'overdue' }
