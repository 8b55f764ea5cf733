import type { Callee } from '../flights.js'
import type { CallOptions, RuntimeInfo } from '../runtime.js'

/**
 * One launch of a runtime, wherever it runs: from its birth to the moment when nothing of it is left. A supervisor tells
 * it what to do and hears of it through {@link GuestReports}; no method throws.
 */
export interface Guest<Req, Res> extends Callee<Req, Res, CallOptions | undefined> {
  /** Leads to `connected` and then `started`, or to `failed` or `exited`. */
  launch(): void
  /** Leads to `ponged`, unless it hangs. */
  ping(): void
  /** Asks it to interrupt its work; leads to `aborted` or `abortFailed`. */
  abort(): void
  /** Asks it to stop by itself, also while it starts; leads to `exited`, or to `stopRefused`. */
  askToStop(): void
  /** Tells it to stop; leads to `exited`. */
  terminate(): void
  /** Ends it without asking; leads to `exited`. */
  kill(): void
}

export interface GuestReports {
  /** It is there, and is about to start. */
  connected(): void
  /** It takes calls. */
  started(info: RuntimeInfo): void
  /**
   * Its start failed, or it did what it must not; something of it may still be there. `isFinal`: no other launch can go
   * better.
   */
  failed(error: Error, isFinal?: boolean): void
  /** The connection to it is gone; how it ended, `exited` will tell. */
  disconnected(): void
  ponged(): void
  aborted(): void
  abortFailed(error: Error): void
  /** It does not know how to stop by itself. */
  stopRefused(): void
  /** Nothing of it is left. `error` says how it ended. */
  exited(error: Error): void
}
