import type { CallCounts } from '../countCalls.js'
import { checkCalls } from './checkCalls.js'
import { answersOf, type Latency, latencyOf, longestPauses, type Span } from './measure.js'
import type { Run } from './run.js'
import type { TimelineEntry } from './timeline.js'

/** The results of a run, as plain JSON; times in ms. */
export interface Results extends CallCounts {
  readonly from: string
  readonly to: string
  /** Every call got one correct answer from an active version, and the switch happened unless the run was interrupted. */
  readonly ok: boolean
  readonly interrupted: boolean
  /** Whether `setVersion(to)` resolved. */
  readonly switched: boolean
  readonly calls: number
  /** By version. */
  readonly answeredBy: Readonly<Record<string, number>>
  readonly longestPause: { readonly aroundSwitch: number | null; readonly otherwise: number | null }
  /** Before: answered before `setVersion(to)`. After: sent once it had resolved. During: all others. */
  readonly latency: { readonly before: Latency; readonly during: Latency; readonly after: Latency }
  readonly timeline: readonly TimelineEntry[]
}

export function resultsOf(run: Run): Results {
  const { from, to, switchTimes, wasInterrupted } = run
  const { answered, ...counts } = checkCalls(run)
  const [ofOld, ofNew] = [answersOf(answered, from), answersOf(answered, to)]
  const switching = switchSpan(run)
  // A caller notices the switch until the new version has answered once.
  const noticed = { begin: switching.begin, end: Math.max(switching.end, ofNew?.begin ?? switching.end) }
  const pauses = longestPauses(answered, noticed)
  const switched = switchTimes.resolved !== null
  return {
    from,
    to,
    ok: counts.bad === 0 && (switched || wasInterrupted),
    interrupted: wasInterrupted,
    switched,
    calls: run.calls.length,
    answeredBy: { [from]: ofOld?.count ?? 0, [to]: ofNew?.count ?? 0 },
    ...counts,
    longestPause: { aroundSwitch: pauses.within, otherwise: pauses.otherwise },
    latency: {
      before: latencyOf(answered.filter(({ at }) => at < switching.begin)),
      during: latencyOf(answered.filter(({ sent, at }) => at >= switching.begin && sent <= switching.end)),
      after: latencyOf(answered.filter(({ sent }) => sent > switching.end)),
    },
    timeline: timelineOf(run, ofOld, ofNew),
  }
}

function switchSpan({ switchTimes: { called, resolved } }: Run): Span {
  return { begin: called ?? Number.POSITIVE_INFINITY, end: resolved ?? Number.POSITIVE_INFINITY }
}

/** Merges the answers, as callers observed them, into the recorded timeline. */
function timelineOf({ timeline, from, to }: Run, ofOld: Span | undefined, ofNew: Span | undefined): TimelineEntry[] {
  const observed = (text: string, at: number | undefined): TimelineEntry[] =>
    at === undefined ? [] : [{ at, kind: 'observed', text }]
  const answers = [
    ...observed(`first answer of ${from}`, ofOld?.begin),
    ...observed(`last answer of ${from}`, ofOld?.end),
    ...observed(`first answer of ${to}`, ofNew?.begin),
    ...observed(`last answer of ${to}`, ofNew?.end),
  ]
  return [...timeline.entries, ...answers].sort((a, b) => a.at - b.at)
}
