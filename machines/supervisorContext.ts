/** The input, context and events of the supervisor machine, the reasons for which a launch or a call fails, and the backoff. */

/** Times in ms. */
export interface SupervisorInput {
  /** How long the guest may take to load or connect. */
  readonly connectTimeout: number
  /** How long the guest may take to start after that. */
  readonly startTimeout: number
  /** The time between two pings of a guest that is up. */
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
  /** How long it may fail, counted from the first failure not yet forgotten, before it is given up. */
  readonly giveUpAfter: number
  /** How long a launching guest may take to exit after it was asked to stop. */
  readonly cancelTimeout: number
  /** How long a killed guest may take to exit before the next launch goes on without it. */
  readonly discardTimeout: number
  /** How long the guest may take to stop by itself. */
  readonly shutdownTimeout: number
  /** How long it may take to exit after SIGTERM, and again after SIGKILL. */
  readonly killTimeout: number
  /** How long a guest may take to exit after its connection has closed, before it is killed. */
  readonly exitGrace: number
}

/** The context of the supervisor machine. */
export interface SupervisorContext extends SupervisorInput {
  /** Failed launches and unexpected exits not yet forgotten. */
  readonly failures: number
  /** It has failed for `giveUpAfter`: the next failure is the last. */
  readonly isOverdue: boolean
}

/** Why a launch failed or calls are lost, other than by an error of the guest. */
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

/** The events of the supervisor machine: commands, and reports of the guest. */
export type SupervisorEvent =
  | { readonly type: 'start' }
  | { readonly type: 'stop' }
  /** Ask the guest to interrupt its work. */
  | { readonly type: 'abort' }
  /** Kill the guest and launch it again. */
  | { readonly type: 'restart' }
  /** It has loaded or connected, and is about to start. */
  | { readonly type: 'guest.connected' }
  | { readonly type: 'guest.started' }
  /**
   * Its start failed, or it broke the protocol; it may still be running. `isFinal`: no other launch can succeed.
   */
  | { readonly type: 'guest.failed'; readonly error: Error; readonly isFinal?: boolean }
  /** Its connection has closed: it is about to exit, or useless. */
  | { readonly type: 'guest.disconnected' }
  | { readonly type: 'guest.ponged' }
  | { readonly type: 'guest.aborted' }
  | { readonly type: 'guest.abortFailed' }
  /** It cannot stop by itself. */
  | { readonly type: 'guest.stopRefused' }
  /** It has exited, and left nothing behind. */
  | { readonly type: 'guest.exited'; readonly error: Error }
  /** It has failed for `giveUpAfter`. */
  | { readonly type: 'overdue' }

/** The nominal wait before the next launch, in ms; a shell may shorten it by some jitter. */
export function backoffOf({ minBackoff, backoffFactor, maxBackoff, failures }: SupervisorContext): number {
  return Math.min(maxBackoff, minBackoff * backoffFactor ** (failures - 1))
}
