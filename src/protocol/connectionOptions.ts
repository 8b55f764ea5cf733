import type { Inspect, Logger, Transferable } from '../contract/index.js'
import type { RequestHandlers } from './incomingRequests.js'
import type { OpenTransport } from './transports/transport.js'

/** The side of a connection: the guest runs a version, the host launches the guest. */
export type Role = 'host' | 'guest'

/** The options of a connection. */
export interface ConnectionOptions extends RequestHandlers {
  /** The side. */
  readonly role: Role
  /** Opens the transport; `openSocket()` and `openPort()` return such functions. */
  readonly open: OpenTransport
  /** Logs unmatched answers, and errors that have no caller. */
  readonly logger: Logger
  /** The most calls in flight; further calls wait in the queue. @default 10_000 */
  readonly maxInFlight?: number | undefined
  /**
   * While the calls in flight take this many bytes on the other side, by estimate, further calls wait in the queue.
   * @default 33_554_432 (32 MiB) for a guest, Infinity for a host
   */
  readonly maxInFlightBytes?: number | undefined
  /** The most unanswered requests of the guest; the host answers further ones with an error. @default 10_000 */
  readonly maxHostRequests?: number | undefined
  /**
   * If the unanswered requests of the guest take this many bytes, by estimate, its next request ends the connection.
   * @default 33_554_432 (32 MiB)
   */
  readonly maxHostRequestBytes?: number | undefined
  /** Send errors with the fields of Oasis Core only. @default false */
  readonly plainErrors?: boolean | undefined
  /** The most calls in the queue; further calls reject with `CUTOVER_TOO_MANY_WAITING_CALLS`. @default 65_536 */
  readonly maxWaitingCalls?: number | undefined
  /** A function or an observer that gets every event and snapshot of the statechart. @default none */
  readonly inspect?: Inspect | undefined
  /** The name of the statechart in an inspector. @default 'connection' */
  readonly name?: string | undefined
  /** Called when the other side has answered a call that had been cancelled. @default nothing */
  released?(): void
  /** Returns the version of the guest, for errors about its answers. @default unknown */
  version?(): string | undefined
  /**
   * Called once, when the connection closes for any reason. Pending requests reject with `error`, or with the error that the
   * returned promise resolves with, for example after the exit code of the guest is known.
   */
  // biome-ignore lint/suspicious/noConfusingVoidType: most return nothing
  closed(error: Error): void | Promise<Error>
}

/** The options of one request. */
export interface RequestOptions {
  /** Rejects the request with `signal.reason`, and cancels it on the other side. @default none */
  readonly signal?: AbortSignal | undefined
  /** The objects to transfer instead of copying them, if the transport supports it. @default none */
  readonly transfer?: readonly Transferable[] | undefined
  /** The trace that a call belongs to. It is sent if the other side takes it: see `initialized()`. @default none */
  readonly traceparent?: string | undefined
}
