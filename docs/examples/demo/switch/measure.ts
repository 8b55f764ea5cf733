import type { Answered } from '../countCalls.js'

/** The time from sending to the answer, in ms; null without calls. */
export interface Latency {
  readonly calls: number
  readonly p50: number | null
  readonly p99: number | null
}

/** A time span, in ms since the start. */
export interface Span {
  readonly begin: number
  readonly end: number
}

/** The longest time between two answers, in ms; null with fewer than two. */
export interface Pauses {
  readonly within: number | null
  readonly otherwise: number | null
}

export function latencyOf(answered: readonly Answered[]): Latency {
  const times = answered.map(({ sent, at }) => at - sent).sort((a, b) => a - b)
  return { calls: times.length, p50: percentile(times, 0.5), p99: percentile(times, 0.99) }
}

/** A pause that overlaps the span counts as within it. */
export function longestPauses(answered: readonly Answered[], span: Span): Pauses {
  const times = timesOf(answered)
  const pauses = times.slice(1).map((end, index) => ({ begin: times[index] ?? end, end }))
  const touches = ({ begin, end }: Span) => end >= span.begin && begin <= span.end
  return {
    within: longest(pauses.filter(touches)),
    otherwise: longest(pauses.filter(pause => !touches(pause))),
  }
}

/** The span from the first to the last answer of a version; undefined without answers. */
export function answersOf(answered: readonly Answered[], version: string): (Span & { count: number }) | undefined {
  const times = timesOf(answered.filter(({ answer }) => answer.version === version))
  const [begin, end] = [times[0], times.at(-1)]
  return begin === undefined || end === undefined ? undefined : { begin, end, count: times.length }
}

function timesOf(answered: readonly Answered[]): number[] {
  return answered.map(({ at }) => at).sort((a, b) => a - b)
}

function longest(spans: readonly Span[]): number | null {
  return spans.length === 0 ? null : spans.reduce((max, { begin, end }) => Math.max(max, end - begin), 0)
}

/** By nearest rank, so the result is a measured time. */
function percentile(ascending: readonly number[], share: number): number | null {
  return ascending[Math.max(0, Math.ceil(ascending.length * share) - 1)] ?? null
}
