import { CutoverError } from '../errors.js'

/** A connection has ended. @param cause - what the other side did wrong; undefined when it has closed the channel */
export function connectionLost(cause: Error | undefined): CutoverError {
  const why = cause === undefined ? 'the other side closed it' : cause.message
  return new CutoverError('CUTOVER_RUNTIME_LOST', `The connection ended: ${why.replace(/\.$/, '')}.`, { cause })
}

/**
 * An answer of the guest, or of the host, cannot be sent or read.
 *
 * @param guestVersion - the version that the guest runs, if that is known
 */
export function invalidAnswer(
  deed: 'sent' | 'read',
  of: 'guest' | 'host',
  guestVersion: string | undefined,
  cause: Error,
): CutoverError {
  const version = of === 'guest' ? guestVersion : undefined
  const who = version === undefined ? `the ${of}` : `version ${version}`
  return new CutoverError('CUTOVER_INVALID_ANSWER', `The answer of ${who} cannot be ${deed}: ${cause.message}`, {
    version,
    cause,
  })
}
