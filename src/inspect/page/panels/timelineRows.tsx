import { formatTime, type Share, type Switch } from '../data/index.js'
import type { OrderedLane } from './laneRows.js'
import { barsOf, callsPath, positionOf, shareMarks, type TimeRange, ticksIn } from './timelineScale.js'

export const LANE_HEIGHT = 30
/** An instance of a pool has neither calls nor a share. */
const INSTANCE_HEIGHT = 17
export const NAMES_WIDTH = 150
export const AXIS_HEIGHT = 22
const BAR_HEIGHT = 13
const INSTANCE_BAR_HEIGHT = 9
/** How far a lane is right of the one that it is below. */
const INDENT = 10
const CALLS_HEIGHT = 9
/** Above the bar, so that it hides no phase. */
const SHARE_HEIGHT = 3
/** Less than the bar, so that the phases below it can be seen. */
const SHARE_LABEL_HEIGHT = 11
/** Between two phases, whose colours may be as bright as each other. */
const BAR_GAP = 1

interface ScaleProps {
  readonly range: TimeRange
  readonly width: number
  readonly height: number
}

/** The time axis, with a line for each tick. */
export function Axis({ range, width, height }: ScaleProps) {
  return (
    <>
      {ticksIn(range, width / 110).map(time => {
        const x = NAMES_WIDTH + positionOf(time, range) * width
        const text = formatTime(time)
        return (
          <g key={time} class="tick">
            <line x1={x} x2={x} y1={AXIS_HEIGHT - 6} y2={height} />
            <line class="mark" x1={x} x2={x} y1={AXIS_HEIGHT - 6} y2={AXIS_HEIGHT - 2} />
            {x < NAMES_WIDTH + width - 40 && (
              <text x={x} y="11" text-anchor="middle">
                {range.to - range.from < 4_000 ? text : text.slice(0, 8)}
              </text>
            )}
          </g>
        )
      })}
    </>
  )
}

/** The height of a lane, in px. */
export function heightOf({ lane }: OrderedLane): number {
  return lane.isInstance ? INSTANCE_HEIGHT : LANE_HEIGHT
}

interface LaneRowProps {
  readonly row: OrderedLane
  readonly shares: readonly Share[]
  readonly range: TimeRange
  readonly width: number
  /** The number of calls that fills the height. */
  readonly maxCalls: number
  /** Its upper edge, in px. */
  readonly top: number
}

/**
 * A version: its name, its phases as a bar, above the bar its share of new calls, and below its calls in flight. An instance of a pool
 * has a smaller bar and nothing else.
 */
export function LaneRow({ row, shares, range, width, maxCalls, top }: LaneRowProps) {
  const { lane, name, depth } = row
  const y = top + 3
  const inFlight = lane.calls.at(-1)?.count ?? 0
  const room = 18 - depth
  const barHeight = lane.isInstance ? INSTANCE_BAR_HEIGHT : BAR_HEIGHT
  return (
    <g {...(lane.isInstance ? { 'data-instance': lane.version } : { 'data-version': lane.version })}>
      <text class="lane" x={12 + depth * INDENT} y={y + barHeight}>
        {name.length > room ? `${name.slice(0, room - 1)}…` : name}
        <title>{name}</title>
      </text>
      {inFlight > 0 && (
        <text class="calls" x={NAMES_WIDTH - 10} y={y + 13} text-anchor="end">
          {inFlight} {inFlight === 1 ? 'call' : 'calls'}
        </text>
      )}
      {barsOf(lane.spans, range, width).map(bar => (
        <rect
          key={bar.span.from}
          class={`bar ${bar.span.phase}`}
          x={NAMES_WIDTH + bar.x}
          y={bar.span.phase === 'stopped' ? y + barHeight / 2 - 1 : y}
          width={bar.width > 2 * BAR_GAP + 2 ? bar.width - BAR_GAP : bar.width}
          height={bar.span.phase === 'stopped' ? 2 : barHeight}
        >
          <title>{`${name}: ${bar.span.phase} since ${formatTime(bar.span.from)}`}</title>
        </rect>
      ))}
      {shareMarks(lane, shares, range, width).map(({ share, x, width, label }) => (
        <g key={share.from} class="share">
          <title>{shareTitle(share)}</title>
          <rect class="line" x={NAMES_WIDTH + x} y={y - SHARE_HEIGHT} width={width} height={SHARE_HEIGHT} />
          {label !== undefined && (
            <>
              <rect class="label" x={NAMES_WIDTH + label.x} y={y} width={label.width} height={SHARE_LABEL_HEIGHT} />
              <text x={NAMES_WIDTH + label.x + label.width / 2} y={y + 9.5} text-anchor="middle">
                {label.text}
              </text>
            </>
          )}
        </g>
      ))}
      <path
        class="in-flight"
        transform={`translate(${NAMES_WIDTH} ${y + BAR_HEIGHT + 1})`}
        d={callsPath(lane.calls, range, width, CALLS_HEIGHT, maxCalls)}
      />
    </g>
  )
}

function shareTitle({ version, percent, from, to }: Share): string {
  const until = to === undefined ? '' : ` until ${formatTime(to)}`
  return `${version}: ${percent} % of new calls since ${formatTime(from)}${until}`
}

interface SwitchMarksProps extends ScaleProps {
  readonly switches: readonly Switch[]
}

/** A vertical line for each switch, with a triangle on it, or two for a swap. */
export function SwitchMarks({ switches, range, width, height }: SwitchMarksProps) {
  return (
    <>
      {switches.map(({ time, from, to, isSwap, sessionId }) => {
        const x = NAMES_WIDTH + positionOf(time, range) * width
        return (
          <g key={`${sessionId} ${time} ${to}`} class={isSwap ? 'switch swap' : 'switch'}>
            <title>
              {isSwap ? `Swap: ${to} active, ${from} next` : `${from} → ${to}`} at {formatTime(time)}
            </title>
            <line x1={x} x2={x} y1={AXIS_HEIGHT - 6} y2={height} />
            <path d={isSwap ? swapMark(x) : `M${x - 5} ${AXIS_HEIGHT - 10}h10l-5 6z`} />
          </g>
        )
      })}
    </>
  )
}

/** Two triangles beside the line: one up, one down. */
function swapMark(x: number): string {
  return `M${x - 9} ${AXIS_HEIGHT - 4}h8l-4 -7zM${x + 1} ${AXIS_HEIGHT - 11}h8l-4 7z`
}
