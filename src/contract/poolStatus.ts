/** How a pool is doing, as plain JSON. */
export interface PoolStatus {
  /** The state of its statechart: `full` or `degraded` while it takes calls. */
  readonly state: 'provisioned' | 'starting' | 'full' | 'degraded' | 'restarting' | 'gaveUp' | 'stopping' | 'stopped'
  /** How many instances are up. */
  readonly up: number
  /** How many instances there are. */
  readonly size: number
}

/** The key of the method that gives the status of a pool. It is registered, so that it works between two copies of the library. */
export const POOL_STATUS = Symbol.for('cutover.poolStatus')

/** A runtime that is a pool. */
export interface Pooled {
  /** Returns how the pool is doing. */
  [POOL_STATUS]?(): PoolStatus
}
