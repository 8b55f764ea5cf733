/** The results of the demo of a fleet. */
import type { CallCounts } from '../countCalls.js'
import type { Deployment } from './deploy.js'
import type { FleetRun } from './run.js'

/** The results, as plain JSON; times in ms. */
export interface FleetResults extends CallCounts {
  readonly server: string
  readonly nodes: number
  readonly from: string
  readonly to: string
  readonly broken: string
  /** Whether the good version stays, the broken one never left its wave, and every other call got one correct answer. */
  readonly ok: boolean
  readonly interrupted: boolean
  readonly deployments: readonly Deployment[]
  /** From the first failure of the broken version until all nodes were back; null if it did not get so far. */
  readonly back: number | null
  readonly calls: number
  /** Failed because the demo made them fail. Not in `failed`. */
  readonly hurt: number
  /** The version that each node serves at the end. */
  readonly serving: Readonly<Record<string, string | null>>
}

export function fleetResultsOf(run: FleetRun): FleetResults {
  const { server, from, to, broken, deployments, ends, serving, brokenAt, backAt, wasInterrupted } = run
  const sum = (of: (end: (typeof ends)[number]) => number) => ends.reduce((total, end) => total + of(end), 0)
  const [good, bad] = deployments
  const isAsExpected =
    good?.outcome === 'permanent' &&
    bad?.outcome === 'halted' &&
    bad.wave === 1 &&
    bad.triedBy.join() === bad.firstWave.join() &&
    Object.values(serving).every(version => version === to)
  const wrong = sum(({ counts }) => counts.bad)
  return {
    server,
    nodes: ends.length,
    from,
    to,
    broken,
    ok: wrong === 0 && (wasInterrupted || isAsExpected),
    interrupted: wasInterrupted,
    deployments,
    back: brokenAt === null || backAt === null ? null : backAt - brokenAt,
    calls: sum(({ calls }) => calls),
    hurt: sum(({ hurt }) => hurt),
    serving,
    failed: sum(({ counts }) => counts.failed),
    lost: sum(({ counts }) => counts.lost),
    doubled: sum(({ counts }) => counts.doubled),
    wrong: sum(({ counts }) => counts.wrong),
    bad: wrong,
    errors: Object.assign({}, ...ends.map(({ counts }) => counts.errors)),
  }
}
