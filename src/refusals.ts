/** The errors of the aggregate that more than one place gives: what happened, and what to do. */
import { CutoverError } from './errors.js'

export function noActiveVersion(what: string): CutoverError {
  return new CutoverError(
    'CUTOVER_NO_ACTIVE_VERSION',
    `${what} Add the wanted version and call start(), or name another one with setVersion().`,
  )
}

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
