import { describeJudged, formatTime, type RolloutLane, type RolloutMark, type RolloutSpan } from '../data/index.js'
import { AXIS_HEIGHT, NAMES_WIDTH } from './timelineRows.js'
import { barsOf, callsPath, positionOf, type TimeRange } from './timelineScale.js'

const BAR_HEIGHT = 13
const EVIDENCE_HEIGHT = 9

interface RolloutRowProps {
  readonly lane: RolloutLane
  readonly range: TimeRange
  readonly width: number
  /** Its upper edge, in px. */
  readonly top: number
}

/** The rollouts of an aggregate: their states as a bar, and below the evidence that the candidate is worse. */
export function RolloutRow({ lane, range, width, top }: RolloutRowProps) {
  const { id, spans, evidence } = lane
  const y = top + 3
  const name = `rollout ${id}`
  return (
    <g data-rollout={id}>
      <text class="lane" x="12" y={y + 13}>
        {name.length > 18 ? `${name.slice(0, 17)}…` : name}
        <title>{name}</title>
      </text>
      {barsOf(spans, range, width).map(({ span, x, width }) => (
        <rect
          key={span.from}
          class={`bar rollout-${span.state}`}
          x={NAMES_WIDTH + x}
          y={y}
          width={width > 4 ? width - 1 : width}
          height={BAR_HEIGHT}
        >
          <title>{`${describeSpan(span)} since ${formatTime(span.from)}${judgedIn(span)}`}</title>
        </rect>
      ))}
      <path
        class="evidence"
        transform={`translate(${NAMES_WIDTH} ${y + BAR_HEIGHT + 1})`}
        d={callsPath(evidence, range, width, EVIDENCE_HEIGHT, 100)}
      />
    </g>
  )
}

/** A state with its candidate: `2.0.0: stepping at 5 %`. */
export function describeSpan({ version, place }: RolloutSpan): string {
  return `${version}: ${place}`
}

function judgedIn(span: RolloutSpan): string {
  return span.judged === undefined ? '' : `; ${describeJudged(span.judged, span)}`
}

interface RolloutMarksProps {
  readonly marks: readonly RolloutMark[]
  readonly range: TimeRange
  readonly width: number
  readonly height: number
}

/** A vertical line where a rollout has ended: its version stays, or is gone again. */
export function RolloutMarks({ marks, range, width, height }: RolloutMarksProps) {
  return (
    <>
      {marks.map(({ time, version, outcome, reason }) => {
        const x = NAMES_WIDTH + positionOf(time, range) * width
        const hasProved = outcome === 'promoted'
        return (
          <g key={`${time} ${version}`} class={hasProved ? 'rollout-end' : 'rollout-end failed'}>
            <title>{`${version} ${hasProved ? 'stays' : `is gone again (${outcome})`} at ${formatTime(time)}${reason && `: ${reason}`}`}</title>
            <line x1={x} x2={x} y1={AXIS_HEIGHT - 6} y2={height} />
            <circle cx={x} cy={AXIS_HEIGHT - 6} r="4" />
          </g>
        )
      })}
    </>
  )
}
