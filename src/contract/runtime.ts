import type { FileHandle } from 'node:fs/promises'
import { types } from 'node:util'
import type { Observable } from 'rxjs'
import { asError, CutoverError, describe } from './errors.js'
import type { VersionLike } from './version.js'

/** How long a caller is willing to wait. */
export interface CallOptions {
  /** Ends the wait for a version, or for an answer of an `inProcess` runtime; other runtimes get it passed on. */
  readonly signal?: AbortSignal | undefined
  /**
   * What of the request is to be moved to a worker thread, not copied: it is of no use here any more. Elsewhere this does
   * nothing. @default nothing
   */
  readonly transfer?: readonly Transferable[] | undefined
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

/** How hard to interrupt a runtime. */
export interface AbortOptions extends CallOptions {
  /** Restart the runtime instead of asking it to interrupt its work. @default false */
  readonly force?: boolean | undefined
}

/** What to wait for, and how long. */
export interface WhenRunningOptions extends CallOptions {
  /** The version to wait for, as active or as next. @default the active one, whichever it is */
  readonly version?: VersionLike | undefined
}

/** What a runtime says of itself when it is asked. */
export interface RuntimeInfo {
  /** The version that runs, canonical SemVer. */
  readonly version: string
  /** The version of the protocol that it speaks with its host, if it speaks one. */
  readonly protocolVersion?: string
  /** What it can do besides answering calls; names and values are the runtime's own. */
  readonly features?: Readonly<Record<string, unknown>>
}

/** What a runtime in a trusted execution environment can prove of itself. */
export interface CapabilityTEE {
  /** Which kind of environment it is, such as `intel-sgx`. */
  readonly hardware: string
  /** The runtime attestation key, in bytes. */
  readonly rak?: Uint8Array
  /** The proof that the key belongs to the environment, in bytes. */
  readonly attestation?: Uint8Array
}

/**
 * What a runtime says of itself, in the order in which it happens. A `failedToStart` that is `final` is the last one: the
 * host does not try again by itself, and refuses calls, until `abort({ force: true })`.
 */
export type RuntimeEvent =
  | { readonly type: 'started'; readonly version: string; readonly capabilityTEE?: CapabilityTEE }
  /** `final`: the runtime does not try again by itself. */
  | { readonly type: 'failedToStart'; readonly error: Error; readonly version?: string; readonly final?: true }
  /** `reason`: it has died, and so. A stop or a restart that was asked for has none. */
  | { readonly type: 'stopped'; readonly version?: string; readonly reason?: Error }
  | { readonly type: 'updated'; readonly version: string; readonly capabilityTEE?: CapabilityTEE }
  | { readonly type: 'configUpdated' }

/**
 * One running instance of one version, wherever it runs. Hosts implement it; the aggregate is one itself.
 *
 * The contract: `start()` is called once, and leads to `started`, or to any number of `failedToStart` while the host
 * tries again by itself; one that does not says `final: true` with the last. A runtime that dies says `stopped` with the
 * `reason`, and comes back with `started`. `stop()` is called once, and leads to one `stopped`, even if the runtime never
 * started, or has just said so because it died. (An aggregate has no event of its own to say that by: in another aggregate,
 * one without an active version is given up after `stopTimeout`.)
 *
 * An aggregate calls you only between `started` and `stopped`. Others may call before: keep the call until you are up, as
 * the hosts of this library do, or reject it. When you say `stopped` with a `reason`, the aggregate rejects the calls that you
 * have not answered; without one they are yours to settle.
 */
export interface Runtime<Req = unknown, Res = unknown> {
  /** What it is a version of: the same for all versions in one aggregate. */
  readonly id: string
  /**
   * The version that runs here, canonical SemVer. A host knows it from its config, before it is started.
   *
   * @throws CutoverError `CUTOVER_NO_ACTIVE_VERSION` from an aggregate without an active version
   */
  getActiveVersion(): string
  /**
   * Asks the runtime what it is.
   *
   * @param options - its `signal` ends the wait
   * @throws (rejects) the signal's reason; CutoverError `CUTOVER_NO_ACTIVE_VERSION` as {@link getActiveVersion}
   */
  getInfo(options?: CallOptions): Promise<RuntimeInfo>
  /**
   * What the runtime last proved of its trusted execution environment; undefined without one.
   *
   * @throws CutoverError `CUTOVER_NO_ACTIVE_VERSION` as {@link getActiveVersion}
   */
  getCapabilityTEE(): CapabilityTEE | undefined
  /** Asks for a new proof of the environment; it arrives as an `updated` event. Without one, nothing happens. */
  updateCapabilityTEE(): void
  /**
   * Sends a request to the runtime and gives its answer. A call that comes too early waits until the runtime is up; then
   * it is sent, at most once.
   *
   * @param request - any value that the runtime, and the host on the way to it, can take
   * @param options - its `signal` ends the wait, and is passed on to the runtime
   * @throws (rejects) what the runtime gives as an error; the signal's reason; CutoverError `CUTOVER_RUNTIME_LOST` (it
   * stopped, or was restarted, before it answered), `CUTOVER_START_FAILED` (it did not come up in time),
   * `CUTOVER_CALL_TIMEOUT` (it did not answer in time), `CUTOVER_TOO_MANY_WAITING_CALLS`; those of `Aggregate.call` from an aggregate
   */
  call(request: Req, options?: CallOptions): Promise<Res>
  /** Hot: a subscriber gets what happens from now on. */
  watchEvents(): Observable<RuntimeEvent>
  /**
   * Brings the runtime up in the background: returns at once, and `started` or `failedToStart` tells what came of it. After
   * a failure, or when the runtime dies, the host tries again by itself until it is stopped, or says that a failure is
   * `final`.
   */
  start(): void
  /**
   * Asks the runtime to interrupt its work. If it does not in time, or with `force` at once, it is restarted: then it says
   * `stopped`, and `started` when it is back, and the calls in flight reject.
   *
   * @returns when the runtime has interrupted its work, or is back
   * @throws (rejects) the signal's reason; CutoverError `CUTOVER_NO_ACTIVE_VERSION` as {@link getActiveVersion}
   */
  abort(options?: AbortOptions): Promise<void>
  /**
   * Takes the runtime down for good: rejects the calls in flight, and ends with `stopped`. A promise, if any, resolves then.
   */
  stop(): void | Promise<void>
  /** Only of a composite: the runtime of one component, or undefined if there is none of this id. */
  component?(id: string): Runtime | undefined
}

/** The main component of a composite runtime: on-chain logic, in the words of Oasis Core. */
export const MAIN_COMPONENT = 'ronl'

const METHODS = [
  'getActiveVersion',
  'getInfo',
  'getCapabilityTEE',
  'updateCapabilityTEE',
  'call',
  'watchEvents',
  'start',
  'abort',
  'stop',
] as const satisfies readonly (keyof Runtime)[]

/**
 * Refuses what does not implement {@link Runtime}.
 *
 * @throws CutoverError `CUTOVER_INVALID_RUNTIME`, naming what is missing
 */
export function assertRuntime(value: unknown): asserts value is Runtime {
  if (typeof value !== 'object' || value === null) {
    throw new CutoverError(
      'CUTOVER_INVALID_RUNTIME',
      `runtime must be a Runtime object, got ${describe(value)}. Give what a provisioner makes, or implement Runtime.`,
    )
  }
  const id = member(value, 'id')
  if (typeof id !== 'string') {
    throw new CutoverError(
      'CUTOVER_INVALID_RUNTIME',
      `runtime.id must be a string, got ${describe(id)}. Give it the id of the aggregate.`,
    )
  }
  const missing = METHODS.filter(method => typeof member(value, method) !== 'function')
  if (missing.length > 0) {
    throw new CutoverError(
      'CUTOVER_INVALID_RUNTIME',
      `runtime lacks ${missing.join('(), ')}(). Implement all methods of Runtime.`,
    )
  }
}

/** A member of what somebody else wrote. */
function member(value: object, name: string): unknown {
  try {
    return (value as Record<string, unknown>)[name]
  } catch (cause) {
    const message = `runtime.${name} throws when it is read: ${asError(cause).message}. Make it a plain member.`
    throw new CutoverError('CUTOVER_INVALID_RUNTIME', message, { cause })
  }
}

const EVENT_TYPES: ReadonlySet<unknown> = new Set(['started', 'failedToStart', 'stopped', 'updated', 'configUpdated'])
const EVENT_FIELDS = ['type', 'version', 'error', 'final', 'reason', 'capabilityTEE'] as const

/**
 * Takes an event from somebody else's code: itself if its fields are plain, else a copy with plain fields. A getter may
 * throw, or give something else the next time it is read. Undefined if it is no event.
 *
 * @throws what a getter throws
 */
export function readEvent(value: unknown): RuntimeEvent | undefined {
  if (typeof value !== 'object' || value === null) return undefined
  if (hasPlainFields(value))
    return EVENT_TYPES.has((value as { type?: unknown }).type) ? (value as RuntimeEvent) : undefined
  const copy: Record<string, unknown> = { ...value }
  for (const field of EVENT_FIELDS) {
    if (field in copy) continue
    const inherited = (value as Readonly<Record<string, unknown>>)[field]
    if (inherited !== undefined) copy[field] = inherited
  }
  return EVENT_TYPES.has(copy['type']) ? (copy as unknown as RuntimeEvent) : undefined
}

function hasPlainFields(value: object): boolean {
  if (types.isProxy(value) || Object.getPrototypeOf(value) !== Object.prototype) return false
  return EVENT_FIELDS.every(field => Object.getOwnPropertyDescriptor(value, field)?.get === undefined)
}
