import type { FileHandle } from 'node:fs/promises'
import { types } from 'node:util'
import type { Observable } from 'rxjs'
import type { Role } from '../../machines/index.js'
import type { VersionLike } from './version.js'

/** Options of one call. */
export interface CallOptions {
  /**
   * Ends the wait for a version, and for the answer of an `inProcess` runtime; other runtimes receive the abort. One signal may serve
   * many calls, so a runtime ignores it once it has answered.
   * @default none
   */
  readonly signal?: AbortSignal | undefined
  /**
   * Parts of the request to move to a worker thread instead of copying them. The caller cannot use them afterwards. Other
   * hosts ignore it. @default none
   */
  readonly transfer?: readonly Transferable[] | undefined
  /**
   * Names the caller, such as a user. While the next version has a share, calls with the same key go to the same version,
   * and none comes back while the share grows. @default none: each call is assigned at random
   */
  readonly key?: string | undefined
  /**
   * For an aggregate: the only version that may get the call. The call waits while that version starts, and rejects if it is neither
   * active nor next. A runtime does not receive this option. @default none: the aggregate chooses
   */
  readonly version?: VersionLike | undefined
  /**
   * For an aggregate: is called with the version that gets the call, when it is sent, before any answer. A runtime does not
   * receive this option. @default none
   */
  readonly onVersion?: ((version: string) => void) | undefined
  /**
   * The trace that the call belongs to, as in the W3C header `traceparent`. A module reads it from the context of its call, in every
   * host but `protocol: 'raw'`. @default none, or what a subscriber of the channel `cutover.call` sets
   */
  readonly traceparent?: string | undefined
}

/** A `ReadableStream` or a `WritableStream` of the web. */
interface WebStream {
  readonly locked: boolean
}

/**
 * A value that can be moved to another thread: an ArrayBuffer, a FileHandle, a MessagePort, or a stream of the web. Ports and
 * streams are told by their shape, because `@types/node` and the DOM have types of their own for them.
 */
export type Transferable =
  | ArrayBuffer
  | FileHandle
  | { postMessage(message: unknown): void; start(): void; close(): void }
  | WebStream
  | { readonly readable: WebStream; readonly writable: WebStream }

/** Options of `abort()`. */
export interface AbortOptions extends Pick<CallOptions, 'signal'> {
  /** Restart the runtime instead of asking it to interrupt its work. @default false */
  readonly force?: boolean | undefined
}

/** Options of `whenRunning()`. */
export interface WhenRunningOptions extends Pick<CallOptions, 'signal'> {
  /** The version to wait for, as active or as next. @default the active version */
  readonly version?: VersionLike | undefined
  /**
   * Reject with `CUTOVER_START_FAILED` as soon as that version has failed and is not running, also if it failed before the
   * call. Without it, the promise waits on, since the host may try again. @default false
   */
  readonly failFast?: boolean | undefined
}

/** Options of `setVersion()`. */
export interface SetVersionOptions {
  /**
   * Reject with `CUTOVER_NO_SUCH_VERSION`, and change nothing, if a version of the pair would be postponed: nobody has
   * added it, it is stopping, or it would have to leave first because it is active and shall be next. @default false
   */
  readonly requireKnown?: boolean | undefined
  /** Whether a next version becomes active when no active one is named. @default true */
  readonly promote?: boolean | undefined
}

/** The answer of `getInfo()`. */
export interface RuntimeInfo {
  /** The running version, canonical SemVer. */
  readonly version: string
  /** The version of the protocol between the runtime and its host, if they use one. */
  readonly protocolVersion?: string
  /** Additional capabilities; the runtime defines their names and values. */
  readonly features?: Readonly<Record<string, unknown>>
}

/** The attestation of a runtime in a trusted execution environment. */
export interface CapabilityTEE {
  /** The kind of environment, such as `intel-sgx`. */
  readonly hardware: string
  /** The runtime attestation key, in bytes. */
  readonly rak?: Uint8Array
  /** The proof that the key belongs to the environment, in bytes. */
  readonly attestation?: Uint8Array
}

/**
 * The events of a runtime, in the order in which they happen. A `failedToStart` that is `final` is the last one: the
 * host does not try again by itself, and refuses calls, until `abort({ force: true })`.
 */
export type RuntimeEvent =
  | { readonly type: 'started'; readonly version: string; readonly capabilityTEE?: CapabilityTEE }
  /** `final`: the runtime does not try again by itself. */
  | { readonly type: 'failedToStart'; readonly error: Error; readonly version?: string; readonly final?: true }
  /**
   * `reason`: it has died, and so. A stop or a restart that was asked for has none. `standby`: an aggregate has swapped it
   * for another version, and it stays up as next.
   */
  | { readonly type: 'stopped'; readonly version?: string; readonly reason?: Error; readonly standby?: true }
  | { readonly type: 'updated'; readonly version: string; readonly capabilityTEE?: CapabilityTEE }
  | { readonly type: 'configUpdated' }

/**
 * One running instance of one version, wherever it runs. Hosts implement it; the aggregate is one itself.
 *
 * The contract: the user calls `start()` once. The runtime then emits `started`, or one `failedToStart` per failed attempt
 * while the host retries; if it does not retry, the last one has `final: true`. A runtime that dies emits `stopped` with the
 * `reason`, and `started` when it is back. The user calls `stop()` once. The runtime then emits one `stopped`, even if it never
 * started, or has just emitted one because it died. (An aggregate without an active version emits none: inside another
 * aggregate, it is abandoned after `stopTimeout`.)
 *
 * An aggregate calls a runtime only between `started` and `stopped`. Other users may call it before: queue the call until the
 * runtime is up, as the hosts of this library do, or reject it. If `stopped` has a `reason`, the aggregate rejects the unanswered
 * calls; without a `reason`, the runtime settles them itself.
 */
export interface Runtime<Req = unknown, Res = unknown> {
  /** The id of the runtime, the same for all its versions in one aggregate. */
  readonly id: string
  /**
   * Returns the version of this runtime, canonical SemVer. A host takes it from its config, so it is known before the start.
   *
   * @throws CutoverError `CUTOVER_NO_ACTIVE_VERSION` from an aggregate without an active version
   */
  getActiveVersion(): string
  /**
   * Requests the version and the capabilities of the runtime.
   *
   * @param options - its `signal` ends the wait
   * @throws (rejects) the signal's reason; CutoverError `CUTOVER_NO_ACTIVE_VERSION` as {@link getActiveVersion}
   */
  getInfo(options?: CallOptions): Promise<RuntimeInfo>
  /**
   * Returns the last attestation of the runtime; undefined outside a trusted execution environment.
   *
   * @throws CutoverError `CUTOVER_NO_ACTIVE_VERSION` as {@link getActiveVersion}
   */
  getCapabilityTEE(): CapabilityTEE | undefined
  /**
   * Requests a new attestation, which arrives with an `updated` event. Does nothing outside a trusted execution environment.
   */
  updateCapabilityTEE(): void
  /**
   * Sends a request to the runtime and resolves with its answer. A call that comes before the runtime is up waits. Each call
   * is sent at most once.
   *
   * @param request - any value that the host can send and the runtime accepts
   * @param options - its `signal` ends the wait, and aborts the call in the runtime
   * @throws (rejects) the runtime's error; the signal's reason; CutoverError `CUTOVER_RUNTIME_LOST` (it
   * stopped, or was restarted, before it answered), `CUTOVER_START_FAILED` (it did not come up in time),
   * `CUTOVER_CALL_TIMEOUT` (it did not answer in time), `CUTOVER_TOO_MANY_WAITING_CALLS`; those of `Aggregate.call` from an aggregate
   */
  call(request: Req, options?: CallOptions): Promise<Res>
  /** Emits the events of the runtime. Hot: a subscriber gets the events after its subscription. */
  watchEvents(): Observable<RuntimeEvent>
  /**
   * Starts the runtime in the background and returns at once; `started` or `failedToStart` follows. After a failure, or when
   * the runtime dies, the host retries until `stop()`, or until it emits a `failedToStart` that is `final`.
   */
  start(): void
  /**
   * Asks the runtime to interrupt its work. If it does not do so in time, the host restarts it; with `force`, at once. A
   * restart emits `stopped`, rejects the calls in flight, and emits `started` when the runtime is back.
   *
   * @param options - its `signal` ends the wait
   * @returns a promise that resolves when the runtime has interrupted its work, or is back
   * @throws (rejects) the signal's reason; CutoverError `CUTOVER_NO_ACTIVE_VERSION` as {@link getActiveVersion}
   */
  abort(options?: AbortOptions): Promise<void>
  /**
   * Stops the runtime for good: rejects the calls in flight, then emits `stopped`. If it returns a promise, that resolves
   * with `stopped`.
   */
  stop(): void | Promise<void>
  /** Returns the runtime of one component of a composite, or undefined if no component has this id. */
  component?(id: string): Runtime | undefined
  /**
   * Tells the runtime its role. The aggregate calls it before the first call in that role, each time the runtime has come up, and
   * when the role changes. It does not wait: a host sends the role ahead of later calls, keeps it, and sends it again after a restart.
   *
   * @param role - `next`; `sharing`, a next that gets a share of the calls; `active`; or `leaving`, before it stops
   */
  setRole?(role: Role): void
}

/** The id of the main component of a composite runtime. Oasis Core calls it on-chain logic. */
export const MAIN_COMPONENT = 'ronl'

const EVENT_TYPES: ReadonlySet<unknown> = new Set(['started', 'failedToStart', 'stopped', 'updated', 'configUpdated'])
const EVENT_FIELDS = ['type', 'version', 'error', 'final', 'reason', 'standby', 'capabilityTEE'] as const

/**
 * Reads an event from a user's runtime. Returns it as it is if its fields are plain, else a copy with plain fields, because
 * a getter may throw or return another value the next time. Returns undefined if the value is not an event.
 *
 * @throws the error of a getter
 */
export function readEvent(value: unknown): RuntimeEvent | undefined {
  if (typeof value !== 'object' || value === null) return undefined
  const event: { readonly type?: unknown } = hasPlainFields(value) ? value : plainCopy(value)
  return EVENT_TYPES.has(event.type) ? (event as RuntimeEvent) : undefined
}

/** Looks at the fields that the event has: to ask for each that it might have takes three times as long. */
function hasPlainFields(value: object): boolean {
  if (types.isProxy(value) || Object.getPrototypeOf(value) !== Object.prototype) return false
  for (const field of Object.getOwnPropertyNames(value)) {
    if (Object.getOwnPropertyDescriptor(value, field)?.get !== undefined) return false
  }
  return true
}

function plainCopy(value: object): object {
  const copy: Record<string, unknown> = { ...value }
  for (const field of EVENT_FIELDS) {
    if (field in copy) continue
    const inherited = (value as Readonly<Record<string, unknown>>)[field]
    if (inherited !== undefined) copy[field] = inherited
  }
  return copy
}
