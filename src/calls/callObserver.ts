import type { CallOptions } from '../contract/index.js'

/** Sees the calls that a router sends by its own choice, and how they end. Neither method may throw. */
export interface CallObserver {
  /**
   * A call is about to be sent.
   *
   * @param chance - how likely it was that the call goes to this version, 0 to 1
   * @returns the record of the call; null to leave it out
   */
  routed(version: string, chance: number, options: CallOptions | undefined): ObservedCall | null
}

/** The record of one call. */
export interface ObservedCall {
  /** The call was answered or has failed. Called once. */
  settled(failed: boolean): void
}
