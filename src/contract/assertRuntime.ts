import { asError, CutoverError, describe } from './errors.js'
import type { Runtime } from './runtime.js'

const METHODS = [
  'getActiveVersion',
  'getInfo',
  'getCapabilityTEE',
  'updateCapabilityTEE',
  'call',
  'watchEvents',
  'start',
  'abort',
  'stop',
] as const satisfies readonly (keyof Runtime)[]

/**
 * Checks that `value` implements {@link Runtime}.
 *
 * @throws CutoverError `CUTOVER_INVALID_RUNTIME`, naming the missing members
 */
export function assertRuntime(value: unknown): asserts value is Runtime {
  if (typeof value !== 'object' || value === null) {
    throw new CutoverError(
      'CUTOVER_INVALID_RUNTIME',
      `runtime must be a Runtime object, got ${describe(value)}. Give what a provisioner makes, or implement Runtime.`,
    )
  }
  const id = member(value, 'id')
  if (typeof id !== 'string') {
    throw new CutoverError(
      'CUTOVER_INVALID_RUNTIME',
      `runtime.id must be a string, got ${describe(id)}. Give it the id of the aggregate.`,
    )
  }
  const missing = METHODS.filter(method => typeof member(value, method) !== 'function')
  if (missing.length > 0) {
    throw new CutoverError(
      'CUTOVER_INVALID_RUNTIME',
      `runtime lacks ${missing.join('(), ')}(). Implement all methods of Runtime.`,
    )
  }
}

/** Reads a member of a user's object, whose getter may throw. */
function member(value: object, name: string): unknown {
  try {
    return (value as Record<string, unknown>)[name]
  } catch (cause) {
    const message = `runtime.${name} throws when it is read: ${asError(cause).message}. Make it a plain member.`
    throw new CutoverError('CUTOVER_INVALID_RUNTIME', message, { cause })
  }
}
