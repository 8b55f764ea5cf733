import { useRef, useState } from 'preact/hooks'
import { useSize } from '../browser/index.js'
import type { Lane, Phase, Timeline, ViewModel } from '../data/index.js'
import { describeSpan, RolloutMarks, RolloutRow } from './rolloutRows.js'
import { AXIS_HEIGHT, Axis, LANE_HEIGHT, LaneRow, NAMES_WIDTH, SwitchMarks } from './timelineRows.js'
import { visibleLanes, visibleRange, visibleRollouts } from './timelineScale.js'

const LENGTHS = [
  [30_000, '30 s'],
  [120_000, '2 min'],
  [600_000, '10 min'],
  [Number.POSITIVE_INFINITY, 'all'],
] as const
const PHASES: readonly Phase[] = ['provisioned', 'starting', 'running', 'draining', 'terminating', 'stopped']
const MARGIN = 12

/** `Timeline of 2 versions, 1 switches, 1 swaps; 2.0.0 gets 10 % of new calls`. */
function describe(lanes: number, { switches, shares, rollouts }: Timeline): string {
  const swaps = switches.filter(({ isSwap }) => isSwap).length
  const current = shares.all.filter(({ to }) => to === undefined)
  const texts = current.map(({ version, percent }) => `; ${version} gets ${percent} % of new calls`)
  for (const { spans } of rollouts.lanes.values()) {
    const span = spans.at(-1)
    if (span !== undefined && span.to === undefined) texts.push(`; rollout of ${describeSpan(span)}`)
  }
  return `Timeline of ${lanes} versions, ${switches.length - swaps} switches, ${swaps} swaps${texts.join('')}`
}

/** The phases of every version, its shares of the calls, and the switches between versions. */
export function TimelinePanel({ view, now }: { readonly view: ViewModel; readonly now: number }) {
  const box = useRef<HTMLDivElement>(null)
  const [length, setLength] = useState(120_000)
  const { timeline, actors } = view.store
  const range = visibleRange(timeline, now, length)
  const lanes = visibleLanes(timeline.lanes.values(), range)
  const rollouts = visibleRollouts(timeline.rollouts.lanes.values(), range)
  const isVisible = ({ time }: { readonly time: number }) => time >= range.from && time <= range.to
  const width = Math.max(100, useSize(box).width - NAMES_WIDTH - MARGIN)
  const height = AXIS_HEIGHT + (lanes.length + rollouts.length) * LANE_HEIGHT
  const hasManyAggregates = new Set(lanes.map(({ parentId }) => parentId)).size > 1
  const maxCalls = Math.max(1, ...lanes.flatMap(({ calls }) => calls.map(({ count }) => count)))
  const nameOf = ({ version, parentId }: Lane) =>
    hasManyAggregates ? `${actors.get(parentId ?? '')?.name.replace(/^aggregate /, '') ?? ''} ${version}` : version
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
          <span>
            <i class="swatch share" />
            share of new calls
          </span>
          {rollouts.length > 0 && (
            <span>
              <i class="swatch evidence" />
              evidence against a candidate
            </span>
          )}
        </span>
        <select
          aria-label="Time range"
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
        {lanes.length + rollouts.length === 0 ? (
          <p class="empty">No versions yet. They appear with the first aggregate.</p>
        ) : (
          <svg
            role="img"
            aria-label={describe(lanes.length, timeline)}
            width={width + NAMES_WIDTH + MARGIN}
            height={height + 6}
          >
            <Axis range={range} width={width} height={height} />
            {lanes.map((lane, i) => (
              <LaneRow
                key={lane.sessionId}
                lane={lane}
                shares={timeline.shares.all}
                name={nameOf(lane)}
                range={range}
                width={width}
                maxCalls={maxCalls}
                index={i}
              />
            ))}
            {rollouts.map((lane, i) => (
              <RolloutRow key={lane.id} lane={lane} range={range} width={width} index={lanes.length + i} />
            ))}
            <RolloutMarks
              marks={rollouts.flatMap(({ marks }) => marks).filter(isVisible)}
              range={range}
              width={width}
              height={height}
            />
            <SwitchMarks switches={timeline.switches.filter(isVisible)} range={range} width={width} height={height} />
          </svg>
        )}
      </div>
    </section>
  )
}
