import type { StepReport } from 'cutover/rollout'
import { type CallCounts, countCalls } from '../countCalls.js'
import type { Call } from '../load.js'
import { BROKEN, OUTAGE } from '../markdown.js'
import type { Fault } from '../options.js'
import type { Move } from './course.js'
import type { RolloutRun } from './run.js'

/** The results of a rollout, as plain JSON; times in ms. */
export interface RolloutResults extends CallCounts {
  readonly fault: Fault
  readonly from: string
  readonly to: string
  /** Whether that happened which should have happened, and every other call got one correct answer. */
  readonly ok: boolean
  readonly interrupted: boolean
  /** `promoted`, or the code of the error of `to()`. */
  readonly outcome: string
  /** The outcome that the fault should have. */
  readonly expected: string
  readonly reason: string | null
  /** The version that serves at the end. */
  readonly active: string | null
  readonly calls: number
  /** By version. */
  readonly answeredBy: Readonly<Record<string, number>>
  /** Calls that failed because the demo made them fail, by version. Not in `failed`. */
  readonly hurt: Readonly<Record<string, number>>
  readonly steps: readonly StepReport[]
  readonly timeline: readonly Move[]
}

/** The error that the demo brings about, and how the rollout should end. */
const EXPECTED: Readonly<Record<Fault, { readonly error: string | null; readonly outcome: string }>> = {
  none: { error: null, outcome: 'promoted' },
  break: { error: BROKEN, outcome: 'CUTOVER_REJECTED' },
  'break after': { error: BROKEN, outcome: 'CUTOVER_ROLLED_BACK' },
  outage: { error: OUTAGE, outcome: 'promoted' },
}

export function rolloutResultsOf(run: RolloutRun): RolloutResults {
  const { fault, from, to, ending, active, course, wasInterrupted } = run
  const expected = EXPECTED[fault]
  const isHurt = ({ outcome, version }: Call) =>
    outcome !== null &&
    'error' in outcome &&
    isCausedByDemo(outcome.error, expected.error) &&
    canHurt(fault, version, to)
  const hurt = run.calls.filter(isHurt)
  const hurtBy = countBy(hurt, [from, to])
  const { answered, ...counts } = countOthers(run, new Set(hurt))
  const isAsExpected =
    ending.outcome === expected.outcome &&
    active === (expected.outcome === 'promoted' ? to : from) &&
    hurtAsExpected(fault, hurtBy, from, to)
  return {
    fault,
    from,
    to,
    ok: counts.bad === 0 && (wasInterrupted || isAsExpected),
    interrupted: wasInterrupted,
    outcome: ending.outcome,
    expected: expected.outcome,
    reason: ending.reason,
    active,
    calls: run.calls.length,
    answeredBy: countBy(
      answered.map(({ answer }) => answer),
      [from, to],
    ),
    hurt: hurtBy,
    ...counts,
    steps: ending.steps,
    timeline: course.moves,
  }
}

/** Errors of other processes are copies, so only the text can be compared. */
function isCausedByDemo(error: unknown, message: string | null): boolean {
  return message !== null && error instanceof Error && error.message.includes(message)
}

function canHurt(fault: Fault, version: string | null, to: string): boolean {
  return fault === 'outage' || version === to
}

function hurtAsExpected(fault: Fault, hurt: Readonly<Record<string, number>>, from: string, to: string): boolean {
  if (fault === 'none') return true
  const isHurt = (version: string) => (hurt[version] ?? 0) > 0
  return isHurt(to) && (fault !== 'outage' || isHurt(from))
}

function countBy(calls: readonly { readonly version: string | null }[], versions: readonly string[]) {
  const count = (version: string) => calls.filter(call => call.version === version).length
  return Object.fromEntries(versions.map(version => [version, count(version)]))
}

/** Counts what went wrong, besides the calls that the demo made fail. */
function countOthers({ calls, executions, course, from, ending, to }: RolloutRun, hurt: ReadonlySet<Call>) {
  const served = servedAt(course.moves, ending.outcome === 'promoted')
  const isServing = (version: string, sent: number, at: number) =>
    version === to ? at >= served.newFrom && sent <= served.newUntil : version === from && sent <= served.oldUntil
  return countCalls(calls, executions, isServing, call => hurt.has(call))
}

/** When each version served, in ms since the start. */
function servedAt(moves: readonly Move[], isPromoted: boolean) {
  const first = (...states: Move['state'][]) => moves.find(({ state }) => states.includes(state))?.at
  const never = Number.POSITIVE_INFINITY
  return {
    newFrom: first('stepping', 'promoting') ?? never,
    newUntil: first('rejecting') ?? never,
    oldUntil: isPromoted ? (first('finishing') ?? never) : never,
  }
}
