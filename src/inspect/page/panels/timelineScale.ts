import { formatShare, type Lane, type RolloutLane, type Share, type Span, type Timeline } from '../data/index.js'

/** The visible part of the timeline, in ms since 1970. */
export interface TimeRange {
  readonly from: number
  readonly to: number
}

type Interval = Pick<Span, 'from' | 'to'>

/** The last `length` ms until `now`, at least one second, and not from before the first message. */
export function visibleRange({ first }: Pick<Timeline, 'first'>, now: number, length: number): TimeRange {
  const from = Math.max(Number.isNaN(first) ? now : first, now - length)
  return { from, to: Math.max(now, from + 1_000) }
}

/** The position of a time in the range, from 0 to 1. */
export function positionOf(time: number, { from, to }: TimeRange): number {
  return (time - from) / (to - from)
}

/** The part of a span that is in the range; undefined if there is none. */
function clip({ from, to = Number.POSITIVE_INFINITY }: Interval, range: TimeRange): TimeRange | undefined {
  const part = { from: Math.max(from, range.from), to: Math.min(to, range.to) }
  return part.to > part.from ? part : undefined
}

/** A part of a bar, in px from the left end of the timeline. */
export interface Bar<T = Span> {
  readonly span: T
  readonly x: number
  readonly width: number
}

/** A shorter phase could not be seen. */
const MIN_BAR_WIDTH = 3

/**
 * The visible parts of a bar, without gaps. A short one is made wide enough to be seen, at the expense of the next, or of
 * the one before it at the right end.
 */
export function barsOf<T extends Interval>(spans: readonly T[], range: TimeRange, width: number): Bar<T>[] {
  const parts = spans.flatMap(span => {
    const part = clip(span, range)
    return part === undefined ? [] : [{ span, part }]
  })
  const minWidth = Math.min(MIN_BAR_WIDTH, width / Math.max(1, parts.length))
  const starts: number[] = []
  for (const { part } of parts) {
    const earliest = starts.length === 0 ? 0 : (starts.at(-1) ?? 0) + minWidth
    starts.push(Math.max(positionOf(part.from, range) * width, earliest))
  }
  const lastEnd = positionOf(parts.at(-1)?.part.to ?? range.to, range) * width
  const right = Math.min(width, Math.max(lastEnd, (starts.at(-1) ?? 0) + minWidth))
  const xs = starts.map((start, i) => Math.min(start, right - (starts.length - i) * minWidth))
  return parts.map(({ span }, i) => ({ span, x: xs[i] ?? 0, width: (xs[i + 1] ?? right) - (xs[i] ?? 0) }))
}

/** A share in the timeline, in px from the left end. */
export interface ShareMark {
  readonly share: Share
  readonly x: number
  readonly width: number
  /** Absent without room for it. */
  readonly label?: { readonly text: string; readonly x: number; readonly width: number }
}

const LABEL_MARGIN = 4
const LABEL_CHARACTER_WIDTH = 6.2

/**
 * The visible shares of a version, oldest first, each wide enough to be seen. A label begins with its share and may be
 * longer, but does not reach the next label or share: the last share always has one, and is moved left at the right end.
 */
export function shareMarks(
  { parentId, version, spans }: Lane,
  shares: readonly Share[],
  range: TimeRange,
  width: number,
): ShareMark[] {
  const stop = spans.find(({ phase }) => phase === 'stopped')?.from ?? Number.POSITIVE_INFINITY
  const life = { from: spans[0]?.from ?? stop, to: stop }
  const marks: ShareMark[] = []
  let right = width
  for (const share of shares.toReversed()) {
    if (share.sessionId !== parentId || share.version !== version) continue
    const lived = clip(share, life)
    const part = lived === undefined ? undefined : clip(lived, range)
    if (part === undefined) continue
    const x = Math.min(positionOf(part.from, range) * width, width - MIN_BAR_WIDTH)
    const end = Math.min(width, positionOf(part.to, range) * width)
    const text = formatShare(share.percent)
    const labelWidth = text.length * LABEL_CHARACTER_WIDTH + 2 * LABEL_MARGIN
    const labelX = marks.length === 0 ? Math.min(x, width - labelWidth) : x
    const hasRoom = labelX + labelWidth <= right
    right = Math.min(x, hasRoom ? labelX : x)
    const label = hasRoom ? { label: { text, x: labelX, width: labelWidth } } : {}
    marks.push({ share, x, width: Math.max(MIN_BAR_WIDTH, end - x), ...label })
  }
  return marks.reverse()
}

/** The lanes of the versions that were not stopped for the whole range. */
export function visibleLanes(lanes: Iterable<Lane>, range: TimeRange): Lane[] {
  return [...lanes].filter(({ spans }) =>
    spans.some(span => span.phase !== 'stopped' && clip(span, range) !== undefined),
  )
}

/** The rollouts that were under way in the range. */
export function visibleRollouts(lanes: Iterable<RolloutLane>, range: TimeRange): RolloutLane[] {
  return [...lanes].filter(({ spans }) => spans.some(span => clip(span, range) !== undefined))
}

const TICK_STEPS = [50, 100, 250, 500, 1_000, 2_000, 5_000, 10_000, 15_000, 30_000, 60_000, 120_000, 300_000, 600_000]

/** Round times in the range, at most `max` of them. */
export function ticksIn({ from, to }: TimeRange, max: number): number[] {
  const minStep = (to - from) / Math.max(1, max)
  const step = TICK_STEPS.find(it => it >= minStep) ?? Math.ceil(minStep / 3_600_000) * 3_600_000
  const first = Math.ceil(from / step) * step
  return Array.from({ length: Math.max(0, Math.floor((to - first) / step) + 1) }, (_, i) => first + i * step)
}

/**
 * The calls in flight as an SVG path with steps.
 *
 * @param max - the number of calls that fills the height
 */
export function callsPath(calls: Lane['calls'], range: TimeRange, width: number, height: number, max: number): string {
  const x = (time: number) => Math.max(0, Math.min(1, positionOf(time, range))) * width
  const y = (count: number) => height - (Math.min(count, max) / Math.max(1, max)) * height
  const steps = calls.map(({ time, count }, i) => `L${x(time)} ${y(calls[i - 1]?.count ?? 0)}L${x(time)} ${y(count)}`)
  const last = y(calls.at(-1)?.count ?? 0)
  return calls.length === 0
    ? ''
    : `M${x(calls[0]?.time ?? 0)} ${height}${steps.join('')}L${width} ${last}L${width} ${height}Z`
}
