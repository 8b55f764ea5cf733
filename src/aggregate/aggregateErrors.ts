/** The errors of the aggregate. Each says what happened, and what to do. */
import { CutoverError, describe } from '../contract/index.js'

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

/** The active version did not run in time. @param cause - its last failed start */
export function notRunning(version: string, timeout: number, cause: Error | undefined): CutoverError {
  const last =
    cause === undefined ? 'It has not said why' : `Its last start failed: ${cause.message.replace(/\.$/, '')}`
  const message = `Version ${version} is active, but did not run within ${timeout} ms (waitTimeout). ${last}. ${NAME_ANOTHER}`
  return new CutoverError('CUTOVER_NO_ACTIVE_VERSION', message, { version, cause })
}

/** The host of the active version has given up. @param cause - its last failed start */
export function givenUp(version: string, cause: Error | undefined): CutoverError {
  const last = cause === undefined ? '' : `: ${cause.message.replace(/\.$/, '')}`
  const message = `Version ${version} is active, but its host has given up starting it${last}. ${NAME_ANOTHER}`
  return new CutoverError('CUTOVER_NO_ACTIVE_VERSION', message, { version, cause })
}

const NAME_ANOTHER = 'Name another version with setVersion(), or restart this one with abort({ force: true }).'

export function noneAfterDispose(): CutoverError {
  return new CutoverError(
    'CUTOVER_NO_ACTIVE_VERSION',
    'No version is active: the aggregate was disposed of; make a new one.',
  )
}

export function tooManyWaiting(max: number): CutoverError {
  const message = `${max} calls wait for an active version already. Try again later, or raise maxWaitingCalls.`
  return new CutoverError('CUTOVER_TOO_MANY_WAITING_CALLS', message)
}

export function noSuchVersion(version: string, what: string): CutoverError {
  const message = `Version ${version} ${what}. Add it with addVersion(), or make it active or next with setVersion().`
  return new CutoverError('CUTOVER_NO_SUCH_VERSION', message, { version })
}

export function disposed(): CutoverError {
  return new CutoverError('CUTOVER_DISPOSED', 'The aggregate was disposed of; make a new one.')
}
