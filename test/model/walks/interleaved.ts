import fc, { type IRawProperty } from 'fast-check'
import { walks } from './arbitraries.js'
import { take } from './walk.js'

/** Several users, the hosts, the callers and the clock act at once, in any order: the invariants hold. */
export function interleaved(): IRawProperty<unknown> {
  return fc.asyncProperty(walks, fc.scheduler(), take) as IRawProperty<unknown>
}
