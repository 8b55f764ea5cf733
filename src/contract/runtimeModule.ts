import type { Role } from '../../machines/index.js'
import type { CallOptions, Transferable } from './runtime.js'
import type { MakeStream } from './streams.js'

/** The argument of a module's `start`. */
export interface RuntimeContext {
  /** The id of the runtime, as in its config. */
  readonly id: string
  /** The version of the runtime, canonical SemVer. */
  readonly version: string
  /** The `localConfig` of the runtime's config; empty by default. */
  readonly localConfig: Readonly<Record<string, unknown>>
  /** Fires when the module must stop, even while it starts. */
  readonly signal: AbortSignal
  /**
   * Sends a request to the host, and resolves with the answer of `onHostRequest` in the runtime's config.
   *
   * @param request - any value that can travel to the host
   * @param options - its `signal` ends the wait
   * @throws (rejects) the error that `onHostRequest` throws; the signal's reason; CutoverError
   * `CUTOVER_UNHANDLED_HOST_REQUEST` if the config has no `onHostRequest`
   */
  callHost(request: unknown, options?: CallOptions): Promise<unknown>
}

/** The second argument of a module's `call`. */
export interface CallContext {
  /** Fires when the caller gives up, when the host calls `abort()`, and when the module must stop. */
  readonly signal: AbortSignal
  /** The trace that the call belongs to, as in the W3C header `traceparent`; undefined if its caller named none. */
  readonly traceparent?: string | undefined
  /**
   * Moves parts of the answer to the caller instead of copying them. The module cannot use them afterwards. Does nothing
   * in hosts that share memory with the caller or cannot move values.
   *
   * @param list - buffers, ports and the like
   */
  transfer(list: readonly Transferable[]): void
  /**
   * Marks the answer as a stream, `return stream(source, head)`: the caller gets a `ReadableStream` or, with a head, `{ head, body }`.
   * The call is in flight until the stream has ended. If the caller wants no more of it, the signal fires, and the source's
   * `return()` or `cancel()` is called.
   */
  readonly stream: MakeStream
}

/** The result of a module's `call`. An `async function*` answers with a stream. */
type Answer<Res> = Res | Promise<Res> | (Res extends ReadableStream<infer Chunk> ? AsyncGenerator<Chunk> : never)

/**
 * The code of a runtime, as its author writes it; only `call` is required. It runs unchanged in every host.
 *
 * A module file exports these functions by name, or exports one default object that has them.
 */
export interface RuntimeModule<Req = unknown, Res = unknown> {
  /** Prepares the module. Calls arrive once it has finished. If it throws, the host retries later. */
  start?(context: RuntimeContext): void | Promise<void>
  /**
   * Answers one call, with a value, or with a stream: `context.stream(source)`, or what an `async function*` yields. Many calls may be
   * in flight at once. The caller's promise rejects with what it throws.
   */
  call(request: Req, context: CallContext): Answer<Res>
  /** Interrupts the current work. Calls in flight may fail. */
  abort?(): void | Promise<void>
  /** Releases what `start` has acquired. Called once, and only after `start` has finished. */
  stop?(): void | Promise<void>
  /**
   * Hears the role of this version in its aggregate, after `start`: before the first call in that role, and again after a restart.
   * Nothing waits for it. If it throws or rejects, the host logs the error.
   *
   * @param role - `next`; `sharing`, a next that gets a share of the calls; `active`; or `leaving`, before it stops
   */
  role?(role: Role): void | Promise<void>
}
