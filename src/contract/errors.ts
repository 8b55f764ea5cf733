import { types } from 'node:util'
import { isError } from '../support/index.js'

/**
 * The error codes, each with its cause in Markdown. A test keeps the table in `docs/errors.md` equal; that page adds the
 * remedies.
 */
export const ERROR_CODES = {
  CUTOVER_INVALID_VERSION:
    'The text is not a full SemVer version: it is a range, a partial version such as `1.2`, has a leading `v`, is too long, or is not a string.',
  CUTOVER_INVALID_OPTION: "An option, or a field of a runtime's config, has an invalid value.",
  CUTOVER_INVALID_RUNTIME:
    'The object given to `addVersion` lacks a method of `Runtime`, or a module has no function `call`.',
  CUTOVER_RUNTIME_MISMATCH: "The runtime's `id` differs from the aggregate's `id`.",
  CUTOVER_DUPLICATE_VERSION: 'The aggregate already has this version. Build metadata does not distinguish versions.',
  CUTOVER_NO_SUCH_VERSION:
    'The aggregate does not have this version. For `version()` and a call that names it: it is neither active nor next. For `whenRunning()`: it is not wanted. For `setVersion()` with `requireKnown`: it has not been added, or is leaving.',
  CUTOVER_VERSION_IN_USE: '`removeVersion` got a version that is wanted or still stopping.',
  CUTOVER_NOT_SETTLED: '`swap` needs an aggregate that is running and settled, and it is not.',
  CUTOVER_NO_NEXT_VERSION:
    'There is no next version. For `swap`: none is running. For `setShare`: none is in place that stays.',
  CUTOVER_NO_ACTIVE_VERSION:
    'No version is active. For a call: none was running within `waitTimeout`, or the host of the active version has given up.',
  CUTOVER_NOT_RUNNING: 'A call names its version, and that did not run within `waitTimeout`, or its host has given up.',
  CUTOVER_VERSION_STOPPED:
    'The version left before it answered the call: `drainTimeout` passed, or its runtime stopped while it drained.',
  CUTOVER_CALL_TIMEOUT: 'The runtime did not answer the call within `callTimeout`.',
  CUTOVER_STREAM_TIMEOUT: 'Nobody began to read the stream of an answer within `streamTimeout`.',
  CUTOVER_TOO_MANY_WAITING_CALLS:
    '`maxWaitingCalls` calls are already waiting for a version to become active, or for a module to start.',
  CUTOVER_POOL_BUSY: 'Every instance of a pool had `concurrency` calls for `waitTimeout`. The call was not sent.',
  CUTOVER_DISPOSED: 'The aggregate has been disposed.',
  CUTOVER_RUNTIME_LOST: 'The runtime stopped or restarted while the call was in flight or waited for it.',
  CUTOVER_ABORTED: '`abort()` interrupted the work of the runtime, and the call was part of it.',
  CUTOVER_INVALID_REQUEST:
    'The request cannot be sent to the thread or process that runs the module, or cannot be read there.',
  CUTOVER_INVALID_ANSWER:
    'The answer cannot be sent from the thread or process that runs the module, or cannot be read here.',
  CUTOVER_REJECTED: 'A rollout ended before the candidate became active. The version before it served all the time.',
  CUTOVER_ROLLED_BACK: 'A rollout ended after the candidate had become active. The version before it is active again.',
  CUTOVER_SUPERSEDED: 'A later `to()` took the place of this one.',
  CUTOVER_CANCELLED:
    'A rollout was cancelled, by `cancel()`, a signal or a dispose, or because somebody else stopped the aggregate or changed its versions.',
  CUTOVER_ROLLOUT_STATE: 'The rollout is in a state in which the method means nothing, or would undo a promotion.',
  CUTOVER_INVALID_DEPLOYMENTS:
    'A list of deployments breaks a rule: of its form, its order, its future, or of what has begun already.',
  CUTOVER_NO_SUCH_COMPONENT:
    'The composite has no component with this id, or the id is neither `ronl` nor `rofl.NAME` with a name of 3 to 128 letters, digits, `_` and `-`.',
  CUTOVER_START_FAILED:
    'The runtime did not start. `failedToStart` events carry this error; a call that waited too long for the runtime rejects with it. For `whenRunning()` with `failFast`: the version has failed and is not running.',
  CUTOVER_UNHANDLED_HOST_REQUEST: 'A module called `callHost`, and its config has no `onHostRequest`.',
  CUTOVER_TOO_MANY_STATES: 'A statechart has more reachable states than `limit`.',
  CUTOVER_UNSUPPORTED_MACHINE: '`pathsOf` cannot generate paths from the statechart as it is.',
  CUTOVER_STORE_FAILED: 'The store of a rollout cannot be locked, read or written, or holds something else.',
  CUTOVER_STORE_LOCKED: 'Another process, or another rollout in this process, has the store.',
  CUTOVER_FLEET_STATE: 'The order means nothing in the state of the fleet, or another one came first.',
  CUTOVER_FLEET_RECORD: 'The record of a fleet is damaged, or of a later format.',
  CUTOVER_FLEET_UNAVAILABLE: 'NATS did not answer, or refused the permission.',
  CUTOVER_MISSING_PACKAGE: 'An optional package is needed, and is not installed.',
  CUTOVER_INSPECTOR_FAILED: 'The inspector cannot listen, or the package `ws` is not installed.',
} as const

/** One of the codes of {@link ERROR_CODES}. */
export type ErrorCode = keyof typeof ERROR_CODES

/** Registered, so that all copies of this library and all realms in one process recognise each other's errors. */
const MARK = Symbol.for('cutover.error')

/** Optional fields of a {@link CutoverError}. */
export interface ErrorDetails {
  /** The version that the error is about, canonical SemVer. */
  readonly version?: string | undefined
  /** The underlying error. */
  readonly cause?: unknown
}

/**
 * The class of all errors of this library.
 *
 * `code` is a key of {@link ERROR_CODES} and is stable. `message` says what happened, to which version, and what to do; it
 * may change. `cause` is the underlying error, if there is one.
 */
export class CutoverError extends Error {
  /** Always `CutoverError`. */
  override readonly name = 'CutoverError'
  /** One of the keys of {@link ERROR_CODES}. */
  readonly code: ErrorCode
  /** The version that the error is about, canonical SemVer; absent if it is not about one version. */
  declare readonly version?: string

  constructor(code: ErrorCode, message: string, { version, cause }: ErrorDetails = {}) {
    super(message, cause === undefined ? undefined : { cause })
    this.code = code
    if (version !== undefined) this.version = version
    Object.defineProperty(this, MARK, { value: true })
  }
}

/**
 * Checks whether `error` comes from this library: from any copy in this process, or from a guest.
 *
 * Ignores the class, the `name` and the `code`, because any code can set them. Never throws.
 *
 * @param error - any thrown value
 * @param code - if given, the error must also have this code
 */
export function isCutoverError(error: unknown, code?: ErrorCode): error is CutoverError {
  // The mark must be the error's own: an object that inherits from a CutoverError does not count.
  if (!types.isNativeError(error) || !isMark(Object.getOwnPropertyDescriptor(error, MARK))) return false
  return code === undefined || Object.getOwnPropertyDescriptor(error, 'code')?.value === code
}

/** Assigning to the symbol creates an enumerable, writable property. The library defines one that is neither. */
function isMark(mark: PropertyDescriptor | undefined): boolean {
  return mark?.value === true && mark.enumerable === false && mark.writable === false && mark.configurable === false
}

/**
 * Converts any thrown value to an `Error` whose `name`, `message` and `String(error)` are strings. A value without these
 * becomes the `cause` of a new error. Never throws.
 */
export function asError(thrown: unknown): Error {
  if (!isError(thrown)) return new Error(describe(thrown), { cause: thrown })
  return isLegible(thrown) ? thrown : new Error(messageOf(thrown), { cause: thrown })
}

/** A sentence without its full stop, as a part of another one. */
export function withoutFullStop(sentence: string): string {
  return sentence.replace(/\.$/, '')
}

function isLegible(error: Error): boolean {
  try {
    return [error.name, error.message, String(error)].every(text => typeof text === 'string')
  } catch {
    return false
  }
}

function messageOf(error: Error): string {
  try {
    if (typeof error.message === 'string') return error.message
  } catch {}
  return 'an error without a readable message'
}

/** Describes any value in a message: strings are quoted, and texts are cut at 80 characters. Never throws. */
export function describe(value: unknown): string {
  let text: string
  if (typeof value === 'string') text = JSON.stringify(value)
  else if (typeof value === 'function') text = 'a function'
  else if (typeof value === 'object' && value !== null) text = isArray(value) ? 'an array' : 'an object'
  else if (typeof value === 'bigint') text = `${value}n`
  else text = String(value)
  return text.length > 80 ? `${text.slice(0, 77)}... (${text.length} characters)` : text
}

function isArray(value: object): boolean {
  try {
    return Array.isArray(value)
  } catch {
    // `Array.isArray` throws for a revoked proxy.
    return false
  }
}
