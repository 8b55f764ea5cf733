import { type ErrorFacts, postponed, type VersionPair, type VersionState, versionsOf } from '../../machines/index.js'
import { byPrecedence } from '../contract/index.js'
import type { VersionSnapshot } from './controlFacts.js'
import type { ControlPlane } from './controlPlane.js'

/**
 * The top states of the aggregate's statechart, and `disposing`, which is a part of its `stopping`. Every call is rejected
 * in `disposing` and `disposed`.
 */
export type AggregateState = 'stopped' | 'running' | 'stopping' | 'disposing' | 'disposed'

/** The status of one version in the aggregate. */
export interface VersionStatus {
  /** Canonical SemVer. */
  readonly version: string
  /** Its state. */
  readonly state: VersionState
  /**
   * While stopping: `draining` while calls in flight finish, `terminating` once the host was asked to stop. While starting:
   * `gaveUp` if the host does not try again by itself.
   */
  readonly phase: 'draining' | 'terminating' | 'gaveUp' | null
  /** Calls in flight on this version. */
  readonly inFlight: number
  /** Its last failure, until it runs again: a failed start, its death, or the end of its host's event stream. */
  readonly lastError: ErrorFacts | null
}

/** The current state and the wanted pair, as plain JSON. */
export interface AggregateStatus extends VersionPair {
  /** The id of the aggregate. */
  readonly id: string
  /** Its top state. */
  readonly state: AggregateState
  /** While running: `settled`, or the step in progress. */
  readonly phase: 'settled' | 'stoppingActive' | 'stoppingNext' | 'retiring' | null
  /** The pair that `setVersion` or `swap` last asked for. */
  readonly wanted: VersionPair
  /** The wanted versions that the aggregate does not have: it starts each as soon as you add it. */
  readonly postponed: readonly string[]
  /** The percentage of new calls that goes to the next version while that is running. */
  readonly share: number
  /** Ascending by SemVer precedence. */
  readonly versions: readonly VersionStatus[]
  /** Calls in flight on all versions. */
  readonly inFlight: number
  /** Calls that wait for a running active version. */
  readonly waiting: number
}

export function statusOf<Req, Res>(id: string, control: ControlPlane<Req, Res>): AggregateStatus {
  const { value, context } = control.snapshot
  const { active, next, wanted, share } = context
  const known = versionsOf(context).sort(byPrecedence)
  const versions = known.map(version => versionStatus(version, control))
  const inFlight = versions.reduce((sum, version) => sum + version.inFlight, 0)
  const missing = value === 'disposed' ? [] : postponed(context)
  return {
    id,
    ...phaseOf(value),
    active,
    next,
    wanted,
    postponed: missing,
    share,
    versions,
    inFlight,
    waiting: control.router.waiting,
  }
}

function versionStatus<Req, Res>(version: string, control: ControlPlane<Req, Res>): VersionStatus {
  const snapshot = control.versionSnapshot(version)
  const inFlight = control.hosted(version)?.calls.count ?? 0
  return { version, ...versionPhaseOf(snapshot?.value), inFlight, lastError: snapshot?.context.lastError ?? null }
}

/** A version whose actor has stopped is about to leave. */
function versionPhaseOf(value: VersionSnapshot['value'] = 'stopped'): Pick<VersionStatus, 'state' | 'phase'> {
  if (typeof value !== 'string') return { state: 'stopping', phase: value.stopping }
  if (value === 'gaveUp') return { state: 'starting', phase: value }
  return { state: value === 'stopped' ? 'stopping' : value, phase: null }
}

function phaseOf(value: ControlPlane<unknown, unknown>['snapshot']['value']): Pick<AggregateStatus, 'state' | 'phase'> {
  if (typeof value === 'string') return { state: value, phase: null }
  if ('running' in value) {
    if (value.running === 'reconciling') throw new Error('The aggregate machine rests in reconciling.')
    return { state: 'running', phase: value.running }
  }
  return { state: value.stopping === 'disposing' ? 'disposing' : 'stopping', phase: null }
}
