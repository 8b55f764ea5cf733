import type { CallObserver } from '../calls/index.js'

/**
 * The key of the method by which a rollout observes an aggregate. It is not registered, so a rollout and an aggregate of two
 * copies of the library do not fit.
 */
export const OBSERVE: unique symbol = Symbol('cutover.observe')

/** Follows one aggregate. */
export interface AggregateObserver {
  /** The aggregate, or one of its versions, has had an event, and its effects have been performed. */
  changed(): void
}

/** The end of an observation, and its calls. */
export interface Observation {
  /** Shows the calls to `observer` from now on; null: to nobody. Calls that are in flight already are not shown. */
  observeCalls(observer: CallObserver | null): void
  /** Ends the observation. */
  end(): void
}
