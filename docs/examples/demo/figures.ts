import { judge } from './judge.js'
import { answersOf, type Latency, latencyOf, longestPauses, type Span } from './measure.js'
import type { Run } from './run.js'
import type { Entry } from './timeline.js'

/** What the demo has to say, as plain JSON; times are in ms. */
export interface Figures {
  readonly from: string
  readonly to: string
  /** Every call was answered once, rightly, by a version that was active; and the switch took place, unless interrupted. */
  readonly ok: boolean
  readonly interrupted: boolean
  /** Whether `setVersion(to)` resolved. */
  readonly switched: boolean
  readonly calls: number
  /** By version. */
  readonly answeredBy: Readonly<Record<string, number>>
  readonly failed: number
  readonly lost: number
  readonly doubled: number
  readonly wrong: number
  /** How many calls failed, were lost or doubled, or were answered wrongly. */
  readonly bad: number
  readonly errors: Readonly<Record<string, number>>
  readonly longestPause: { readonly aroundSwitch: number | null; readonly otherwise: number | null }
  /** Before: answered before `setVersion(to)`. After: sent once it had resolved. During: the others. */
  readonly latency: { readonly before: Latency; readonly during: Latency; readonly after: Latency }
  readonly timeline: readonly Entry[]
}

export function figuresOf(run: Run): Figures {
  const { from, to, marks, wasInterrupted } = run
  const { answered, ...counts } = judge(run)
  const [ofOld, ofNew] = [answersOf(answered, from), answersOf(answered, to)]
  const switching = switchOf(run)
  // Until the new version has answered once, a caller still feels the switch.
  const felt = { begin: switching.begin, end: Math.max(switching.end, ofNew?.begin ?? switching.end) }
  const pauses = longestPauses(answered, felt)
  const switched = marks.resolved !== null
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

function switchOf({ marks }: Run): Span {
  return { begin: marks.called ?? Number.POSITIVE_INFINITY, end: marks.resolved ?? Number.POSITIVE_INFINITY }
}

/** What was seen of the switch from outside belongs among what was done and said. */
function timelineOf({ timeline, from, to }: Run, ofOld: Span | undefined, ofNew: Span | undefined): Entry[] {
  const saw = (text: string, at: number | undefined): Entry[] => (at === undefined ? [] : [{ at, kind: 'saw', text }])
  const seen = [
    ...saw(`first answer of ${from}`, ofOld?.begin),
    ...saw(`last answer of ${from}`, ofOld?.end),
    ...saw(`first answer of ${to}`, ofNew?.begin),
    ...saw(`last answer of ${to}`, ofNew?.end),
  ]
  return [...timeline.entries, ...seen].sort((a, b) => a.at - b.at)
}
