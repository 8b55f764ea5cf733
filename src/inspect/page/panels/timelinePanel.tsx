import { useRef, useState } from 'preact/hooks'
import { useSize } from '../browser/index.js'
import type { Phase, Timeline, ViewModel } from '../data/index.js'
import { type OrderedLane, orderLanes } from './laneRows.js'
import { describeSpan, RolloutMarks, RolloutRow } from './rolloutRows.js'
import { AXIS_HEIGHT, Axis, heightOf, LANE_HEIGHT, LaneRow, NAMES_WIDTH, SwitchMarks } from './timelineRows.js'
import { visibleLanes, visibleRange, visibleRollouts } from './timelineScale.js'

const LENGTHS = [
  [30_000, '30 s'],
  [120_000, '2 min'],
  [600_000, '10 min'],
  [Number.POSITIVE_INFINITY, 'all'],
] as const
const PHASES: readonly Phase[] = ['provisioned', 'starting', 'running', 'draining', 'terminating', 'stopped']
const MARGIN = 12

/** `Timeline of 2 versions, 4 instances, 1 switches, 1 swaps; 2.0.0 gets 10 % of new calls`. */
function describe(rows: readonly OrderedLane[], { switches, shares, rollouts }: Timeline): string {
  const swaps = switches.filter(({ isSwap }) => isSwap).length
  const current = shares.all.filter(({ to }) => to === undefined)
  const texts = current.map(({ version, percent }) => `; ${version} gets ${percent} % of new calls`)
  for (const { spans } of rollouts.lanes.values()) {
    const span = spans.at(-1)
    if (span !== undefined && span.to === undefined) texts.push(`; rollout of ${describeSpan(span)}`)
  }
  const instances = rows.filter(({ lane }) => lane.isInstance).length
  const versions = `${rows.length - instances} versions${instances === 0 ? '' : `, ${instances} instances`}`
  return `Timeline of ${versions}, ${switches.length - swaps} switches, ${swaps} swaps${texts.join('')}`
}

/** The phases of every version and of the instances of its pool, its shares of the calls, and the switches between versions. */
export function TimelinePanel({ view, now }: { readonly view: ViewModel; readonly now: number }) {
  const box = useRef<HTMLDivElement>(null)
  const [length, setLength] = useState(120_000)
  const { timeline, actors } = view.store
  const range = visibleRange(timeline, now, length)
  const rows = orderLanes(visibleLanes(timeline.lanes.values(), range), actors)
  const rollouts = visibleRollouts(timeline.rollouts.lanes.values(), range)
  const isVisible = ({ time }: { readonly time: number }) => time >= range.from && time <= range.to
  const width = Math.max(100, useSize(box).width - NAMES_WIDTH - MARGIN)
  const tops = [AXIS_HEIGHT]
  for (const row of rows) tops.push((tops.at(-1) ?? 0) + heightOf(row))
  const bottom = tops.at(-1) ?? 0
  const height = bottom + rollouts.length * LANE_HEIGHT
  const maxCalls = Math.max(1, ...rows.flatMap(({ lane }) => lane.calls.map(({ count }) => count)))
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
        {rows.length + rollouts.length === 0 ? (
          <p class="empty">No versions yet. They appear with the first aggregate.</p>
        ) : (
          <svg
            role="img"
            aria-label={describe(rows, timeline)}
            width={width + NAMES_WIDTH + MARGIN}
            height={height + 6}
          >
            <Axis range={range} width={width} height={height} />
            {rows.map((row, i) => (
              <LaneRow
                key={row.lane.sessionId}
                row={row}
                shares={timeline.shares.all}
                range={range}
                width={width}
                maxCalls={maxCalls}
                top={tops[i] ?? 0}
              />
            ))}
            {rollouts.map((lane, i) => (
              <RolloutRow key={lane.id} lane={lane} range={range} width={width} top={bottom + i * LANE_HEIGHT} />
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
