import type { Runtime } from '../contract/index.js'

/** Registered, so that aggregates of two copies of the library recognise each other. */
export const CONTAINS = Symbol.for('cutover.contains')

/** Whether `runtime` is the container, or in it, at any depth. Does not see an aggregate that another runtime wraps. */
export function contains(
  container: Runtime<never, unknown> & { [CONTAINS]?(runtime: unknown): boolean },
  runtime: unknown,
): boolean {
  return container === runtime || container[CONTAINS]?.(runtime) === true
}
