import { postponed } from '../../machines/index.js'
import {
  disposed,
  givenUp,
  noActiveVersion,
  noSuchVersion,
  notRunning,
  pinnedNotRunning,
  tooManyWaiting,
} from './aggregateErrors.js'
import type { ControlFacts } from './controlFacts.js'

/** The limits of waiting calls. */
interface WaitLimits {
  readonly waitTimeout: number
  readonly maxWaitingCalls: number
}

/** The errors of calls that no version gets, for the router. Each names the version it is about, and its last failure. */
export function callErrors<Req, Res>(control: ControlFacts<Req, Res>, { waitTimeout, maxWaitingCalls }: WaitLimits) {
  const hasGivenUp = (version: string) => control.versionActor(version)?.getSnapshot().value === 'gaveUp'
  const pinned = (version: string, what: string) => pinnedNotRunning(version, what, control.failureOf(version))
  return {
    timedOut: () => timedOut(control, waitTimeout),
    tooMany: () => tooManyWaiting(maxWaitingCalls),
    closed: disposed,
    /** Calls would wait for a version whose host has given up (rule 15). */
    hopeless: () => {
      const { active } = control.snapshot.context
      return active !== null && hasGivenUp(active) ? givenUp(active, control.failureOf(active)) : undefined
    },
    pins: {
      gone: (version: string) => noSuchVersion(version, 'is neither active nor next, or leaves'),
      timedOut: (version: string) => pinned(version, `did not run within ${waitTimeout} ms (waitTimeout)`),
      hopeless: (version: string) =>
        hasGivenUp(version) ? pinned(version, 'does not run, and its host has given up starting it') : undefined,
    },
  }
}

function timedOut<Req, Res>(control: ControlFacts<Req, Res>, waitTimeout: number): Error {
  const { context } = control.snapshot
  const { active, wanted } = context
  if (active !== null) return notRunning(active, waitTimeout, control.failureOf(active))
  const isMissing = wanted.active !== null && postponed(context).includes(wanted.active)
  const missing = isMissing ? ` Version ${wanted.active} has not been added.` : ''
  return noActiveVersion(`No version became active within ${waitTimeout} ms (waitTimeout).${missing}`)
}
