import { asError, CutoverError, withoutFullStop } from '../contract/index.js'

/** Builds the error of a lost connection. @param cause - the fault; `undefined` if the other side closed the channel */
export function connectionLost(cause: Error | undefined): CutoverError {
  const why = cause === undefined ? 'the other side closed it' : cause.message
  return new CutoverError('CUTOVER_RUNTIME_LOST', `The connection ended: ${withoutFullStop(why)}.`, { cause })
}

/**
 * Builds the error of an answer that cannot be sent or read.
 *
 * @param guestVersion - the version that the guest runs, if known
 */
export function invalidAnswer(
  action: 'sent' | 'read',
  side: 'guest' | 'host',
  guestVersion: string | undefined,
  cause: Error,
): CutoverError {
  const version = side === 'guest' ? guestVersion : undefined
  const sender = version === undefined ? `the ${side}` : `version ${version}`
  return new CutoverError('CUTOVER_INVALID_ANSWER', `The answer of ${sender} cannot be ${action}: ${cause.message}`, {
    version,
    cause,
  })
}

/**
 * Builds the error of a request that cannot be sent or read.
 *
 * @param sender - the side that made the request
 * @param version - the version that the guest runs, if known
 */
export function invalidRequest(
  action: 'sent' | 'read',
  sender: 'guest' | 'host',
  version: string | undefined,
  error: unknown,
): CutoverError {
  const cause = asError(error)
  const guest = version === undefined ? 'the guest' : `version ${version}`
  const between = sender === 'host' ? `to ${guest}` : `of ${guest} to its host`
  const message = `The request ${between} cannot be ${action}: ${cause.message}`
  return new CutoverError('CUTOVER_INVALID_REQUEST', message, { version, cause })
}
