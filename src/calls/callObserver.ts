import type { CallOptions } from '../contract/index.js'

/** Sees how the calls end that a router sends by its own choice. No method of it or of what it returns may throw. */
export interface CallObserver {
  /**
   * Calls go to this version from now on, until the route moves again.
   *
   * @param chance - how likely it is that a call goes there, above 0 and at most 1
   * @returns null to leave these calls out
   */
  routed(version: string, chance: number): RouteObserver | null
}

/** Sees the calls to one version on one route. One object sees all of them, so that a call allocates none. */
export interface RouteObserver extends ObservedCall {
  /** A call is about to be sent. Returns the observer of this call alone. @default the observer of the route sees it */
  readonly sent?: ((options: CallOptions | undefined) => ObservedCall) | undefined
}

/** Sees how calls end. */
export interface ObservedCall {
  /** A call was answered or has failed, and is not in flight any more. Called once for each call. */
  settled(failed: boolean, options: CallOptions | undefined): void
}
