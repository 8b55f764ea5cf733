import { type Role, roleOf, stateOf } from '../../machines/index.js'
import type { CallCounts } from '../calls/index.js'
import { byPrecedence, type PoolStatus } from '../contract/index.js'
import type { ControlPlane } from './controlPlane.js'
import type { VersionCounts } from './versionCounts.js'

/** How long calls took, in ms: those that were answered or have failed. Percentiles are exact to 1 %. */
export interface DurationMetrics {
  /** How many calls were measured. */
  readonly count: number
  /** The mean. */
  readonly mean: number
  /** Half of the calls took at most this long. */
  readonly p50: number
  /** 90 % of the calls took at most this long. */
  readonly p90: number
  /** 99 % of the calls took at most this long. */
  readonly p99: number
  /** The longest. */
  readonly max: number
}

/** How calls ended that no version got. */
export interface UnsentMetrics {
  /** Calls that have failed. */
  readonly failed: number
  /** The same by error code. */
  readonly failures: Readonly<Record<string, number>>
  /** Calls that rejected because their caller had given them up: their signal had fired. */
  readonly givenUp: number
}

/** How calls to one version ended. `calls` is the sum of `answered`, `failed`, `givenUp`, `cutOff` and `inFlight`. */
export interface CallMetrics extends UnsentMetrics {
  /** Calls that were sent to the version. */
  readonly calls: number
  /** Calls that were answered. */
  readonly answered: number
  /** Calls that rejected with `CUTOVER_VERSION_STOPPED`, because the version left. */
  readonly cutOff: number
  /** Calls that have not ended. */
  readonly inFlight: number
  /** How long they took. Null without the option `durations`, and before the first call has ended. */
  readonly durations: DurationMetrics | null
}

/** How calls ended that were propagated to a version. */
export interface MirroredMetrics extends CallMetrics {
  /** Requests that were not mirrored, because too many mirrored calls were unanswered. */
  readonly skipped: number
}

/** The figures of one version. Its own are those of the calls that the aggregate sent there by its own choice. */
export interface VersionMetrics extends CallMetrics {
  /** Canonical SemVer. */
  readonly version: string
  /** Its role; null if it is not in place, or has left. */
  readonly role: Role | null
  /** Waiting calls that name this version. */
  readonly waiting: number
  /** How often its runtime went down while it was running, and had to start again. */
  readonly restarts: number
  /** Calls that named this version. */
  readonly pinned: CallMetrics
  /** How its pool is doing; null if it is not a pool. */
  readonly pool: PoolStatus | null
  /** Calls that were propagated to this version. */
  readonly mirrored: MirroredMetrics
}

/** The figures of an aggregate, as plain JSON. Counters only grow. */
export interface AggregateMetrics {
  /** The id of the aggregate. */
  readonly id: string
  /** The versions in the aggregate, and the last 16 that left. Ascending by SemVer precedence. */
  readonly versions: readonly VersionMetrics[]
  /** Calls that wait, for any version. */
  readonly waiting: number
  /** Calls that ended before a version got them. */
  readonly unsent: UnsentMetrics
}

export function metricsOf<Req, Res>(id: string, control: ControlPlane<Req, Res>): AggregateMetrics {
  const { router, counts } = control
  const versions = counts
    .entries()
    .sort(([a], [b]) => byPrecedence(a, b))
    .map(([version, its]) => versionMetrics(version, its, control))
  return { id, versions, waiting: router.waiting, unsent: unsentMetrics(router.unsent) }
}

function versionMetrics<Req, Res>(
  version: string,
  counts: VersionCounts,
  control: ControlPlane<Req, Res>,
): VersionMetrics {
  const { context } = control.snapshot
  const { active, next, leaving } = context
  const isPlaced = [active, next, leaving].includes(version) && stateOf(context, version) !== undefined
  const hosted = control.hosted(version)
  const pinned = hosted?.calls.pinnedCount ?? 0
  return {
    version,
    role: isPlaced ? roleOf(context, version) : null,
    ...callMetrics(counts.calls, (hosted?.calls.count ?? 0) - pinned),
    waiting: control.router.waitingFor(version),
    restarts: counts.restarts,
    pool: hosted?.poolStatus ?? null,
    pinned: callMetrics(counts.pinned, pinned),
    mirrored: { ...callMetrics(counts.mirrored, hosted?.mirrored.count ?? 0), skipped: counts.mirrored.skipped },
  }
}

function callMetrics(counts: CallCounts, inFlight: number): CallMetrics {
  const { answered, cutOff, givenUp } = counts
  const ended = unsentMetrics(counts)
  const calls = answered + ended.failed + cutOff + givenUp + inFlight
  return { calls, answered, ...ended, cutOff, inFlight, durations: durationMetrics(counts) }
}

function unsentMetrics({ failures, givenUp }: CallCounts): UnsentMetrics {
  let failed = 0
  for (const count of failures.values()) failed += count
  return { failed, failures: Object.fromEntries(failures), givenUp }
}

function durationMetrics({ durations }: CallCounts): DurationMetrics | null {
  if (durations === undefined) return null
  const ms = (ns: number) => ns / 1e6
  const percentile = (percent: number) => ms(durations.percentile(percent))
  return {
    count: durations.count,
    mean: ms(durations.mean),
    p50: percentile(50),
    p90: percentile(90),
    p99: percentile(99),
    max: ms(durations.max),
  }
}
