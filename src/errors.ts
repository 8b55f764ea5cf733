/**
 * The one table of error codes: code → what leads to it, in Markdown. `docs/errors.md` says the same, and adds what to do;
 * a test holds it to that.
 */
export const ERROR_CODES = {
  CUTOVER_INVALID_VERSION:
    'The text is not strictly SemVer: a range, a partial version such as `1.2`, a leading `v`, too long, or no string at all.',
  CUTOVER_INVALID_OPTION: 'An option, or the config of a runtime, has a value that it cannot have.',
  CUTOVER_INVALID_RUNTIME:
    'The object given to `addVersion` lacks a method of `Runtime`, or a module has no function `call`.',
  CUTOVER_RUNTIME_MISMATCH: "The runtime's `id` is not that of the aggregate.",
  CUTOVER_DUPLICATE_VERSION: 'The version is in the aggregate already; build metadata does not distinguish.',
  CUTOVER_NO_SUCH_VERSION:
    'The version is not in the aggregate; or, for `version()`, neither active nor next; or, for `whenRunning()`, not wanted.',
  CUTOVER_VERSION_IN_USE: '`removeVersion` was asked for a version that is wanted, or that is still stopping.',
  CUTOVER_NO_ACTIVE_VERSION:
    'No version is active; for a call: none was running within `waitTimeout`, or the host of the active one has given up.',
  CUTOVER_VERSION_STOPPED: 'The version left before it answered the call, and `drainTimeout` had passed.',
  CUTOVER_CALL_TIMEOUT: 'The runtime had the call, and did not answer it within `callTimeout`.',
  CUTOVER_TOO_MANY_WAITING_CALLS:
    '`maxWaitingCalls` calls wait already for a version to become active, or for a module to come up.',
  CUTOVER_DISPOSED: 'The aggregate was disposed of.',
  CUTOVER_RUNTIME_LOST: 'The runtime stopped, or was restarted, while it had the call, or before it took it.',
  CUTOVER_ABORTED: 'The runtime was asked with abort() to interrupt the work at hand, and the call was part of it.',
  CUTOVER_INVALID_REQUEST: 'The request cannot be sent to where the runtime runs.',
  CUTOVER_START_FAILED:
    'The runtime did not come up: in `failedToStart` events, and for calls that waited for it too long.',
  CUTOVER_UNHANDLED_HOST_REQUEST: 'A module used `callHost`, and its config has no `onHostRequest`.',
  CUTOVER_TOO_MANY_STATES: 'A statechart has more reachable states than `limit`.',
  CUTOVER_UNSUPPORTED_MACHINE: 'Paths cannot be generated from a statechart as it is.',
  CUTOVER_INSPECTOR_FAILED: 'The inspector cannot listen, or the package `ws` is not installed.',
} as const

/** One of the codes of {@link ERROR_CODES}. */
export type ErrorCode = keyof typeof ERROR_CODES

/** Shared by all copies of this library in one process, so that each recognises the other's errors. */
const MARK = Symbol.for('cutover.error')

/** What an error may carry besides its message. */
export interface ErrorDetails {
  /** The version it is about, canonical SemVer. */
  readonly version?: string | undefined
  /** What led to it. */
  readonly cause?: unknown
}

/**
 * The one class of errors that this library makes.
 *
 * `code` is one of the keys of {@link ERROR_CODES} and is stable; `message` says what happened, to which version, and
 * what to do, and may change; `cause` is the error behind it, where there is one.
 */
export class CutoverError extends Error {
  /** Always `CutoverError`. */
  override readonly name = 'CutoverError'
  /** Which of the {@link ERROR_CODES} it is. */
  readonly code: ErrorCode
  /** The version it is about, canonical SemVer; absent when it is about none. */
  declare readonly version?: string

  constructor(code: ErrorCode, message: string, { version, cause }: ErrorDetails = {}) {
    super(message, cause === undefined ? undefined : { cause })
    this.code = code
    if (version !== undefined) this.version = version
    Object.defineProperty(this, MARK, { value: true })
  }
}

/**
 * Tells whether `error` was made by this library, by any copy of it in this process.
 *
 * @param error - anything that was thrown
 * @param code - when given, the error must have this code as well
 */
export function isCutoverError(error: unknown, code?: ErrorCode): error is CutoverError {
  if (typeof error !== 'object' || error === null || !(MARK in error)) return false
  return code === undefined || ('code' in error && error.code === code)
}

/** Whatever was thrown, as an `Error`. */
export function asError(thrown: unknown): Error {
  return thrown instanceof Error ? thrown : new Error(describe(thrown), { cause: thrown })
}

/** A short text for any value in a message: quoted strings, cut at 80 characters. */
export function describe(value: unknown): string {
  let text: string
  if (typeof value === 'string') text = JSON.stringify(value)
  else if (typeof value === 'function') text = 'a function'
  else if (Array.isArray(value)) text = 'an array'
  else if (typeof value === 'object' && value !== null) text = 'an object'
  else if (typeof value === 'bigint') text = `${value}n`
  else text = String(value)
  return text.length > 80 ? `${text.slice(0, 77)}... (${text.length} characters)` : text
}
