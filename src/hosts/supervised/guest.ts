import type { Callee } from '../../calls/index.js'
import type { Role, RuntimeInfo } from '../../contract/index.js'

/**
 * One launch of a runtime, in any host: from the launch until it has exited and left nothing behind. The supervisor commands
 * it, and it reports through {@link GuestReports}. No method throws.
 */
export interface Guest<Req, Res> extends Callee<Req, Res> {
  /** How many calls were given up that it still works on. @default 0 */
  readonly givenUp?: number
  /** Leads to `connected` and then `started`, or to `failed` or `exited`. */
  launch(): void
  /** Leads to `ponged`, unless the guest hangs. */
  ping(): void
  /** Tells a guest that is up its role, ahead of all later calls. Waits for nothing. */
  setRole(role: Role): void
  /** Asks the guest to interrupt its work; leads to `aborted` or `abortFailed`. */
  abort(): void
  /** Asks the guest to stop by itself, even while it starts; leads to `exited` or `stopRefused`. */
  askToStop(): void
  /** Terminates the guest; leads to `exited`. */
  terminate(): void
  /** Kills the guest; leads to `exited`. */
  kill(): void
}

export interface GuestReports {
  /** The guest has loaded or connected, and is about to start. */
  connected(): void
  /** The guest takes calls. */
  started(info: RuntimeInfo): void
  /**
   * The start failed, or the guest broke the protocol. It may still be running. `isFinal`: no other launch can succeed.
   */
  failed(error: Error, isFinal?: boolean): void
  /** The connection has closed. `exited` follows and says how the guest exited. */
  disconnected(): void
  ponged(): void
  /** It has ended a call that had been given up. */
  released(): void
  aborted(): void
  abortFailed(error: Error): void
  /** The guest cannot stop by itself. */
  stopRefused(): void
  /** The guest has exited and left nothing behind. `error` says how it exited. */
  exited(error: Error): void
}
