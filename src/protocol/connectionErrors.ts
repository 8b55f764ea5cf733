import { asError, CutoverError } from '../contract/index.js'

/** Builds the error of a lost connection. @param cause - the fault; `undefined` if the other side closed the channel */
export function connectionLost(cause: Error | undefined): CutoverError {
  const why = cause === undefined ? 'the other side closed it' : cause.message
  return new CutoverError('CUTOVER_RUNTIME_LOST', `The connection ended: ${why.replace(/\.$/, '')}.`, { cause })
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

/** Builds the error for a request that cannot be sent. */
export function invalidRequest(error: unknown): CutoverError {
  const cause = asError(error)
  return new CutoverError('CUTOVER_INVALID_REQUEST', `The request cannot be sent: ${cause.message}`, { cause })
}
