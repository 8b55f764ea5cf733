import type { TransferListItem } from 'node:worker_threads'
import type { Observable } from 'rxjs'
import { CutoverError, describe } from './errors.js'
import type { VersionLike } from './version.js'

export interface CallOptions {
  /** Ends the wait for a version, or for an answer of an `inProcess` runtime; other runtimes get it passed on. */
  readonly signal?: AbortSignal | undefined
  /**
   * What of the request is to be moved to a worker thread, not copied: it is of no use here any more. Elsewhere this does
   * nothing. @default nothing
   */
  readonly transfer?: readonly Transferable[] | undefined
}

/** What can be moved to another thread: an ArrayBuffer, a MessagePort, … */
export type Transferable = TransferListItem

export interface AbortOptions extends CallOptions {
  /** Restart the runtime instead of asking it to interrupt its work. @default false */
  readonly force?: boolean | undefined
}

export interface WhenRunningOptions extends CallOptions {
  /** The version to wait for, as active or as next. @default the active one, whichever it is */
  readonly version?: VersionLike | undefined
}

export interface RuntimeInfo {
  readonly version: string
  readonly protocolVersion?: string
  readonly features?: Readonly<Record<string, unknown>>
}

/** What a runtime in a trusted execution environment can prove of itself. */
export interface CapabilityTEE {
  readonly hardware: string
  /** The runtime attestation key, in bytes. */
  readonly rak?: Uint8Array
  readonly attestation?: Uint8Array
}

/** What a runtime says of itself, in the order in which it happens. */
export type RuntimeEvent =
  | { readonly type: 'started'; readonly version: string; readonly capabilityTEE?: CapabilityTEE }
  | { readonly type: 'failedToStart'; readonly error: Error; readonly version?: string }
  | { readonly type: 'stopped'; readonly version?: string }
  | { readonly type: 'updated'; readonly version: string; readonly capabilityTEE?: CapabilityTEE }
  | { readonly type: 'configUpdated' }

/**
 * One running instance of one version, wherever it runs. Hosts implement it; the aggregate is one itself.
 *
 * The contract: `start()` is called once, and leads to `started`, or to any number of `failedToStart` while the host
 * tries again by itself. A runtime that dies says `stopped` and comes back with `started`. `stop()` is called once, and
 * leads to one `stopped`, even if the runtime never started. (An aggregate has no event of its own to say that by: in
 * another aggregate, one without an active version is given up after `stopTimeout`.)
 *
 * `call()` may come before `started`, and between a `stopped` and the next `started`: keep the call until you are up, as
 * the hosts of this library do, or reject it. How long an answer takes is yours to limit.
 */
export interface Runtime<Req = unknown, Res = unknown> {
  readonly id: string
  getActiveVersion(): string
  getInfo(options?: CallOptions): Promise<RuntimeInfo>
  getCapabilityTEE(): CapabilityTEE | undefined
  updateCapabilityTEE(): void
  call(request: Req, options?: CallOptions): Promise<Res>
  /** Hot: a subscriber gets what happens from now on. */
  watchEvents(): Observable<RuntimeEvent>
  start(): void
  abort(options?: AbortOptions): Promise<void>
  stop(): void | Promise<void>
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
  const candidate = value as Record<string, unknown>
  if (typeof candidate['id'] !== 'string') {
    throw new CutoverError(
      'CUTOVER_INVALID_RUNTIME',
      `runtime.id must be a string, got ${describe(candidate['id'])}. Give it the id of the aggregate.`,
    )
  }
  const missing = METHODS.filter(method => typeof candidate[method] !== 'function')
  if (missing.length > 0) {
    throw new CutoverError(
      'CUTOVER_INVALID_RUNTIME',
      `runtime lacks ${missing.join('(), ')}(). Implement all methods of Runtime.`,
    )
  }
}

const EVENT_TYPES: ReadonlySet<unknown> = new Set(['started', 'failedToStart', 'stopped', 'updated', 'configUpdated'])

export function isRuntimeEvent(value: unknown): value is RuntimeEvent {
  return typeof value === 'object' && value !== null && EVENT_TYPES.has((value as { type?: unknown }).type)
}
