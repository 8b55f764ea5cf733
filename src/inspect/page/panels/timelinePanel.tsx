import { useRef, useState } from 'preact/hooks'
import { useSize } from '../browser/useSize.js'
import type { Lane, Phase, Switch } from '../data/timeline.js'
import type { Viewer } from '../data/viewModel.js'
import { clockText } from './rows.js'
import { callsPath, cut, lanesIn, placeOf, type Range, rangeOf, ticksIn } from './timelineScale.js'

const LENGTHS = [
  [30_000, '30 s'],
  [120_000, '2 min'],
  [600_000, '10 min'],
  [Number.POSITIVE_INFINITY, 'all'],
] as const
const PHASES: readonly Phase[] = ['provisioned', 'starting', 'running', 'draining', 'terminating', 'stopped']
const LANE = 30
const BAR = 13
const CALLS = 9
const NAMES = 150
const AXIS = 22

/** What every version did, and when one took over from another. */
export function TimelinePanel({ viewer, now }: { readonly viewer: Viewer; readonly now: number }) {
  const box = useRef<HTMLDivElement>(null)
  const [length, setLength] = useState(120_000)
  const { timeline, actors } = viewer.store
  const range = rangeOf(timeline, now, length)
  const lanes = lanesIn(timeline.lanes.values(), range)
  const width = Math.max(100, useSize(box).width - NAMES - 12)
  const isOfMany = new Set(lanes.map(({ parentId }) => parentId)).size > 1
  const most = Math.max(1, ...lanes.flatMap(({ calls }) => calls.map(({ count }) => count)))
  const nameOf = ({ version, parentId }: Lane) =>
    isOfMany ? `${actors.get(parentId ?? '')?.name.replace(/^aggregate /, '') ?? ''} ${version}` : version
  return (
    <section class="panel timeline" aria-labelledby="timeline-title">
      <header>
        <h2 id="timeline-title">Versions</h2>
        <span class="legend">
          {PHASES.map(phase => (
            <span key={phase}>
              <i class={`swatch ${phase}`} />
              {phase}
            </span>
          ))}
          <span>
            <i class="swatch calls" />
            calls in flight
          </span>
        </span>
        <select
          aria-label="How much of the past"
          value={String(length)}
          onChange={event => setLength(Number(event.currentTarget.value))}
        >
          {LENGTHS.map(([ms, text]) => (
            <option key={text} value={String(ms)}>
              {text}
            </option>
          ))}
        </select>
      </header>
      <div class="scroll" ref={box}>
        {lanes.length === 0 ? (
          <p class="empty">No versions. The bars appear with the first aggregate.</p>
        ) : (
          <svg
            role="img"
            aria-label={`Timeline of ${lanes.length} versions, ${timeline.switches.length} switches`}
            width={width + NAMES + 12}
            height={AXIS + lanes.length * LANE + 6}
          >
            <Axis range={range} width={width} height={AXIS + lanes.length * LANE} />
            {lanes.map((lane, i) => (
              <Bar
                key={lane.sessionId}
                lane={lane}
                name={nameOf(lane)}
                range={range}
                width={width}
                most={most}
                row={i}
              />
            ))}
            <Switches
              switches={timeline.switches.filter(({ time }) => time >= range.from && time <= range.to)}
              range={range}
              width={width}
              height={AXIS + lanes.length * LANE}
            />
          </svg>
        )}
      </div>
    </section>
  )
}

function Axis({ range, width, height }: { readonly range: Range; readonly width: number; readonly height: number }) {
  return (
    <>
      {ticksIn(range, width / 110).map(time => {
        const x = NAMES + placeOf(time, range) * width
        const text = clockText(time)
        return (
          <g key={time} class="tick">
            <line x1={x} x2={x} y1={AXIS - 6} y2={height} />
            {x < NAMES + width - 40 && (
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

interface BarProps {
  readonly lane: Lane
  readonly name: string
  readonly range: Range
  readonly width: number
  readonly most: number
  readonly row: number
}

function Bar({ lane, name, range, width, most, row }: BarProps) {
  const y = AXIS + row * LANE + 3
  const inFlight = lane.calls.at(-1)?.count ?? 0
  return (
    <g data-version={lane.version}>
      <text class="lane" x="12" y={y + 13}>
        {name.length > 18 ? `${name.slice(0, 17)}…` : name}
        <title>{name}</title>
      </text>
      {inFlight > 0 && (
        <text class="calls" x={NAMES - 10} y={y + 13} text-anchor="end">
          {inFlight} {inFlight === 1 ? 'call' : 'calls'}
        </text>
      )}
      {lane.spans.map(span => {
        const part = cut(span, range)
        if (part === undefined) return null
        const [from, to] = [placeOf(part.from, range) * width, placeOf(part.to, range) * width]
        return (
          <rect
            key={span.from}
            class={`bar ${span.phase}`}
            x={NAMES + from}
            y={span.phase === 'stopped' ? y + BAR / 2 - 1 : y}
            width={Math.max(1, to - from)}
            height={span.phase === 'stopped' ? 2 : BAR}
          >
            <title>{`${lane.version}: ${span.phase} since ${clockText(span.from)}`}</title>
          </rect>
        )
      })}
      <path
        class="in-flight"
        transform={`translate(${NAMES} ${y + BAR + 1})`}
        d={callsPath(lane.calls, range, width, CALLS, most)}
      />
    </g>
  )
}

interface SwitchesProps {
  readonly switches: readonly Switch[]
  readonly range: Range
  readonly width: number
  readonly height: number
}

function Switches({ switches, range, width, height }: SwitchesProps) {
  return (
    <>
      {switches.map(({ time, from, to, sessionId }) => {
        const x = NAMES + placeOf(time, range) * width
        return (
          <g key={`${sessionId} ${time}`} class="switch">
            <title>{`${from} → ${to} at ${clockText(time)}`}</title>
            <line x1={x} x2={x} y1={AXIS - 6} y2={height} />
            <path d={`M${x - 5} ${AXIS - 10}h10l-5 6z`} />
          </g>
        )
      })}
    </>
  )
}
