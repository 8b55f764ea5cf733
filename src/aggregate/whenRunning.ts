import type { AggregateSnapshot } from '../../machines/index.js'
import { disposed, hasFailed, noSuchVersion, withFailure } from './aggregateErrors.js'
import type { ControlPlane } from './controlPlane.js'
import { isExpected, isServing } from './snapshotQueries.js'

/** The condition that ends the wait of `whenRunning()`. */
export interface WaitFor {
  /** Canonical; null for the active version. */
  readonly version: string | null
  readonly failFast: boolean
  readonly signal: AbortSignal | undefined
}

/** Waits until a version runs, cannot run any more, or, with `failFast`, has failed. @returns the version that runs */
export async function whenRunning<Req, Res>(
  control: ControlPlane<Req, Res>,
  { version, failFast, signal }: WaitFor,
): Promise<string> {
  const failed = (awaited: string | null) => {
    const failure = awaited === null ? undefined : control.failureOf(awaited)
    return awaited === null || failure === undefined ? undefined : hasFailed(awaited, failure)
  }
  const outcomeIn = (snapshot: AggregateSnapshot): string | Error | undefined => {
    const awaited = version ?? snapshot.context.active
    if (awaited !== null && isServing(snapshot, awaited)) return awaited
    if (version !== null && !isExpected(snapshot, version)) {
      return noSuchVersion(version, 'is neither active nor next, nor wanted')
    }
    return failFast ? failed(awaited) : undefined
  }
  try {
    const outcome = (await control.untilDefined(outcomeIn, signal)) ?? disposed()
    if (typeof outcome === 'string') return outcome
    throw outcome
  } catch (reason) {
    const awaited = version ?? control.snapshot.context.active
    const hasFired = signal?.aborted === true && reason === signal.reason
    throw hasFired && awaited !== null ? withFailure(reason, control.failureOf(awaited)) : reason
  }
}
