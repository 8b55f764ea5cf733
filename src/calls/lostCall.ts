import { CutoverError, withoutFullStop } from '../contract/index.js'

/** The error of a call whose runtime died. @param cause - how it died */
export function lostCall(version: string, cause: Error): CutoverError {
  const message = `Version ${version} was lost while it had the call: ${withoutFullStop(cause.message)}. Call again if the request may run twice.`
  return new CutoverError('CUTOVER_RUNTIME_LOST', message, { version, cause })
}
