/** The errors of the aggregate. Each says what happened, and what to do. */
import { asError, CutoverError, describe, withoutFullStop } from '../contract/index.js'
import { isError, tagOf } from '../support/index.js'

export function runtimeMismatch(version: string, its: string, ours: string): CutoverError {
  const message =
    `The runtime of version ${version} has id ${describe(its)}, the aggregate ${describe(ours)}. ` +
    'Provision it with the id of the aggregate.'
  return new CutoverError('CUTOVER_RUNTIME_MISMATCH', message, { version })
}

export function duplicateVersion(version: string): CutoverError {
  const remedy = 'Take it out with removeVersion() if it never ran, else switch away from it.'
  return new CutoverError('CUTOVER_DUPLICATE_VERSION', `Version ${version} is there already. ${remedy}`, { version })
}

export function containsItself(version: string): CutoverError {
  const message = `The runtime of version ${version} is this aggregate, or an aggregate that holds it: a call would never end. Provision a runtime for it.`
  return new CutoverError('CUTOVER_INVALID_RUNTIME', message, { version })
}

export function versionInUse(version: string, what: string): CutoverError {
  return new CutoverError('CUTOVER_VERSION_IN_USE', `Version ${version} ${what}`, { version })
}

export function noActiveVersion(what: string): CutoverError {
  return new CutoverError(
    'CUTOVER_NO_ACTIVE_VERSION',
    `${what} Add the wanted version and call start(), or name another one with setVersion().`,
  )
}

/** `whenRunning({ failFast: true })` does not wait for a version that has failed. @param cause - its last failure */
export function hasFailed(version: string, cause: Error): CutoverError {
  const remedy = 'Its host may try again: wait without failFast, or name another version with setVersion().'
  const message = `Version ${version} is not running, and its last failure was: ${withoutFullStop(cause.message)}. ${remedy}`
  return new CutoverError('CUTOVER_START_FAILED', message, { version, cause })
}

/** The event stream of a host ended, so nobody will hear whether the host is up. */
export function eventsLost(version: string, how: string, thrown: unknown): CutoverError {
  const cause = thrown === undefined ? undefined : asError(thrown)
  const why = cause === undefined ? '' : `: ${withoutFullStop(cause.message)}`
  const remedy = 'Switch away from it, then add it again with a new runtime.'
  const message = `The events of the host of version ${version} ${how}${why}. The version counts as stopped. ${remedy}`
  return new CutoverError('CUTOVER_RUNTIME_LOST', message, { version, cause })
}

/**
 * The reason of a signal that ended the wait for a version: a copy with the last failure of the version as its `cause`. The
 * caller's own reason stays untouched. Without a failure, or for a reason that cannot carry it, the reason itself.
 */
export function withFailure(reason: unknown, cause: Error | undefined): unknown {
  if (cause === undefined || !isError(reason)) return reason
  try {
    const { name, message } = reason
    if (tagOf(reason) === 'DOMException') return withCause(new DOMException(message, name), cause)
    const copy = Object.setPrototypeOf(new Error(message), Object.getPrototypeOf(reason))
    return withCause(Object.defineProperties(copy, Object.getOwnPropertyDescriptors(reason)), cause)
  } catch {
    return reason
  }
}

function withCause<E extends Error>(error: E, cause: Error): E {
  return Object.defineProperty(error, 'cause', { value: cause, writable: true, configurable: true, enumerable: false })
}

/** A swap in the middle of a switch, or of an aggregate that does not run. */
export function notSettled(what: string): CutoverError {
  const remedy = 'Wait for setVersion() to resolve, then swap.'
  return new CutoverError('CUTOVER_NOT_SETTLED', `The aggregate cannot swap: ${what}. ${remedy}`)
}

/** @param version - the next version, if there is one */
export function noNextVersion(what: string, version?: string): CutoverError {
  const remedy = 'Name one with setVersion(active, next), and wait for it with whenRunning().'
  return new CutoverError('CUTOVER_NO_NEXT_VERSION', `${what} ${remedy}`, { version })
}

/** The active version did not run in time. @param cause - its last failure */
export function notRunning(version: string, timeout: number, cause: Error | undefined): CutoverError {
  const last = cause === undefined ? 'It has not said why' : `Its last failure was: ${withoutFullStop(cause.message)}`
  const message = `Version ${version} is active, but did not run within ${timeout} ms (waitTimeout). ${last}. ${NAME_ANOTHER}`
  return new CutoverError('CUTOVER_NO_ACTIVE_VERSION', message, { version, cause })
}

/** The host of the active version has given up. @param cause - its last failure */
export function givenUp(version: string, cause: Error | undefined): CutoverError {
  const last = cause === undefined ? '' : `: ${withoutFullStop(cause.message)}`
  const message = `Version ${version} is active, but its host has given up starting it${last}. ${NAME_ANOTHER}`
  return new CutoverError('CUTOVER_NO_ACTIVE_VERSION', message, { version, cause })
}

/** A call names a version that does not run. @param cause - its last failed start */
export function pinnedNotRunning(version: string, what: string, cause: Error | undefined): CutoverError {
  const last = cause === undefined ? '' : `: ${withoutFullStop(cause.message)}`
  const message = `Version ${version}, which the call names, ${what}${last}. Wait for it with whenRunning({ version }), or call without version.`
  return new CutoverError('CUTOVER_NOT_RUNNING', message, { version, cause })
}

const NAME_ANOTHER = 'Name another version with setVersion(), or restart this one with abort({ force: true }).'

export function noneAfterDispose(): CutoverError {
  return new CutoverError(
    'CUTOVER_NO_ACTIVE_VERSION',
    'No version is active: the aggregate was disposed of; make a new one.',
  )
}

/** `setVersion(…, { requireKnown: true })` names versions that would be postponed. */
export function notKnown(versions: readonly string[]): CutoverError {
  const [version = ''] = versions
  const which = versions.length === 1 ? `Version ${version} is` : `Versions ${versions.join(' and ')} are`
  const message =
    `${which} not in the aggregate, or leaving it; setVersion() with requireKnown changed nothing. ` +
    'Add it with addVersion() first; to use a version again that leaves, add it with a new runtime once it has left.'
  return new CutoverError('CUTOVER_NO_SUCH_VERSION', message, { version })
}

export function tooManyWaiting(max: number): CutoverError {
  const message = `${max} calls are already waiting for an active version. Try again later, or raise maxWaitingCalls.`
  return new CutoverError('CUTOVER_TOO_MANY_WAITING_CALLS', message)
}

export function noSuchVersion(version: string, what: string): CutoverError {
  const message = `Version ${version} ${what}. Add it with addVersion(), or make it active or next with setVersion().`
  return new CutoverError('CUTOVER_NO_SUCH_VERSION', message, { version })
}

export function disposed(): CutoverError {
  return new CutoverError('CUTOVER_DISPOSED', 'The aggregate was disposed of; make a new one.')
}
