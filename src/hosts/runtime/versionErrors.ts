/** The errors of a runtime, each a sentence that begins with its version. */
import { CutoverError } from '../../contract/index.js'

/** The runtime did not start. */
export function startFailed(version: string, what: string, cause: unknown): CutoverError {
  return new CutoverError('CUTOVER_START_FAILED', `Version ${version} ${what}`, { version, cause })
}

/** The runtime does not have the call any more, or takes none. */
export function runtimeLost(version: string, what: string, cause?: unknown): CutoverError {
  return new CutoverError('CUTOVER_RUNTIME_LOST', `Version ${version} ${what}`, { version, cause })
}
