import type { Lane, Span, Timeline } from '../data/timeline.js'

/** The part of time that is shown. */
export interface Range {
  readonly from: number
  readonly to: number
}

/** What of the timeline is shown: the last `length` ms until `now`, or less if there is less. */
export function rangeOf({ first }: Pick<Timeline, 'first'>, now: number, length: number): Range {
  const from = Math.max(Number.isNaN(first) ? now : first, now - length)
  return { from, to: Math.max(now, from + 1_000) }
}

/** Where a time is, from 0 to 1; beyond, if it is not shown. */
export function placeOf(time: number, { from, to }: Range): number {
  return (time - from) / (to - from)
}

/** A span as far as it is in the range. */
export function cut({ from, to = Number.POSITIVE_INFINITY }: Span, range: Range): Range | undefined {
  const part = { from: Math.max(from, range.from), to: Math.min(to, range.to) }
  return part.to > part.from ? part : undefined
}

/** The versions with something to show in the range besides having stopped before. */
export function lanesIn(lanes: Iterable<Lane>, range: Range): Lane[] {
  return [...lanes].filter(({ spans }) =>
    spans.some(span => span.phase !== 'stopped' && cut(span, range) !== undefined),
  )
}

const STEPS = [50, 100, 250, 500, 1_000, 2_000, 5_000, 10_000, 15_000, 30_000, 60_000, 120_000, 300_000, 600_000]

/** Round times in the range, at most `most` of them. */
export function ticksIn({ from, to }: Range, most: number): number[] {
  const least = (to - from) / Math.max(1, most)
  const step = STEPS.find(it => it >= least) ?? Math.ceil(least / 3_600_000) * 3_600_000
  const first = Math.ceil(from / step) * step
  return Array.from({ length: Math.max(0, Math.floor((to - first) / step) + 1) }, (_, i) => first + i * step)
}

/** The calls in flight as an SVG path that rises and falls in steps, in a bar of this size. */
export function callsPath(calls: Lane['calls'], range: Range, width: number, height: number, most: number): string {
  const x = (time: number) => Math.max(0, Math.min(1, placeOf(time, range))) * width
  const y = (count: number) => height - (Math.min(count, most) / Math.max(1, most)) * height
  const steps = calls.map(({ time, count }, i) => `L${x(time)} ${y(calls[i - 1]?.count ?? 0)}L${x(time)} ${y(count)}`)
  const last = y(calls.at(-1)?.count ?? 0)
  return calls.length === 0
    ? ''
    : `M${x(calls[0]?.time ?? 0)} ${height}${steps.join('')}L${width} ${last}L${width} ${height}Z`
}
