import type { ReceivedRollout } from './receivedMessage.js'
import { asRecord, type UnknownRecord } from './unknownRecord.js'

/** The state of a rollout with its candidate. The last one has no end while it lasts. */
export interface RolloutSpan {
  readonly state: string
  readonly version: string
  /** The version that the candidate replaces; empty if there is none. */
  readonly replaces: string
  /** Such as `stepping at 5 %`. */
  readonly place: string
  readonly from: number
  to?: number
  /** The last findings of the judge in this state, as `RolloutStatus` has them. */
  judged: UnknownRecord | undefined
}

/** The end of one rollout. */
export interface RolloutMark {
  readonly time: number
  readonly version: string
  /** `promoted`, or an error code. */
  readonly outcome: string
  readonly reason: string
}

/** The row of the rollouts of one aggregate in the timeline. */
export interface RolloutLane {
  /** The id of the aggregate. */
  readonly id: string
  readonly spans: RolloutSpan[]
  /** The evidence from each time on, in percent of the limit, on a logarithmic scale. */
  readonly evidence: { readonly time: number; readonly count: number }[]
  readonly marks: RolloutMark[]
}

const MAX_LANES = 100
const MAX_SPANS = 400
const MAX_EVIDENCE = 2_000
const MAX_MARKS = 300
/** States without a candidate. */
const AT_REST: readonly string[] = ['idle', 'disposed']

/** The rollouts of every aggregate over time, in bounded memory. */
export class Rollouts {
  readonly lanes = new Map<string, RolloutLane>()

  /** Takes in where a rollout stands, and how it ended. */
  apply({ rollout: { status, ended } }: ReceivedRollout, time: number): void {
    const lane = this.#lane(status.id)
    enter(lane, status, time)
    if (ended === undefined) return
    const { version, outcome, reason } = ended
    const mark = { time, version: String(version), outcome: String(outcome), reason: String(reason ?? '') }
    push(lane.marks, mark, MAX_MARKS)
  }

  #lane(id: string): RolloutLane {
    const known = this.lanes.get(id)
    if (known !== undefined) return known
    const [oldest] = this.lanes.keys()
    if (this.lanes.size >= MAX_LANES && oldest !== undefined) this.lanes.delete(oldest)
    const lane: RolloutLane = { id, spans: [], evidence: [], marks: [] }
    this.lanes.set(id, lane)
    return lane
  }
}

/** The findings of the judge in words: `unknown: 1 of 40 calls of 2.0.0 failed, 2 of 760 of 1.0.0; evidence 3.2 of 1,000`. */
export function describeJudged(
  judged: UnknownRecord,
  { version, replaces }: Pick<RolloutSpan, 'version' | 'replaces'>,
): string {
  const calls = (tally: unknown) => `${format(asRecord(tally)['failures'])} of ${format(asRecord(tally)['calls'])}`
  const others = replaces === '' ? '' : `, ${calls(judged['active'])} of ${replaces}`
  const evidence = evidenceOf(judged)
  const against = evidence === undefined ? '' : `; evidence ${format(evidence)} of ${format(judged['limit'])}`
  return `${judged['verdict']}: ${calls(judged['candidate'])} calls of ${version} failed${others}${against}`
}

function enter({ spans, evidence }: RolloutLane, status: ReceivedRollout['rollout']['status'], time: number): void {
  const last = spans.at(-1)
  const { state, candidate, from: replaces } = status
  const judged = typeof status.progress === 'object' && status.progress !== null ? asRecord(status.progress) : undefined
  const place = placeOf(state, judged)
  const isAtRest = AT_REST.includes(state) || typeof candidate !== 'string'
  if (!isAtRest && last !== undefined && last.to === undefined && last.place === place && last.version === candidate) {
    last.judged = judged ?? last.judged
  } else {
    if (last !== undefined && last.to === undefined) last.to = Math.max(time, last.from)
    if (!isAtRest) {
      const span = { state, version: candidate, replaces: String(replaces ?? ''), place, from: time, judged }
      push(spans, span, MAX_SPANS)
    }
  }
  const count = judged === undefined || isAtRest ? 0 : percentOf(judged)
  if (evidence.at(-1)?.count !== count) push(evidence, { time, count }, MAX_EVIDENCE)
}

function placeOf(state: string, judged: UnknownRecord | undefined): string {
  const phase = judged?.['phase'] === 'crossing' ? ', crossing over' : ''
  return judged === undefined ? state : `${state} at ${format(judged['percent'])} %${phase}`
}

/** The evidence of the test that has most; undefined if there is none. JSON has null for Infinity. */
function evidenceOf(judged: UnknownRecord): number | undefined {
  const tests = Object.values(asRecord(judged['evidence'])).map(it =>
    it === null ? Number.POSITIVE_INFINITY : Number(it),
  )
  return tests.length === 0 ? undefined : Math.max(...tests)
}

function percentOf(judged: UnknownRecord): number {
  const part = Math.log1p(evidenceOf(judged) ?? 0) / Math.log1p(Number(judged['limit']))
  return part >= 0 ? Math.min(100, Math.round(part * 100)) : 0
}

function format(number: unknown): string {
  return Number(number ?? 0).toLocaleString('en-US', { maximumSignificantDigits: 3 })
}

function push<T>(list: T[], item: T, max: number): void {
  list.push(item)
  if (list.length > max) list.splice(0, Math.ceil(max / 10))
}
