import { useMemo, useRef, useState } from 'preact/hooks'
import { ChartDrawing } from './chartDrawing.js'
import type { Drawing, Drawings } from './layout.js'
import { clockText } from './rows.js'
import { activePaths, valueText } from './stateValue.js'
import { isAlive } from './store.js'
import { transitionsTaken } from './taken.js'
import { useSize } from './useSize.js'
import type { Viewer } from './viewer.js'

/** The statechart of the actor that is looked at, now or at the chosen line of the log. */
export function ChartPanel({ viewer, drawings }: { readonly viewer: Viewer; readonly drawings: Drawings }) {
  const actor = viewer.selected === undefined ? undefined : viewer.store.actors.get(viewer.selected)
  const past = viewer.entry?.sessionId === viewer.selected ? viewer.entry : undefined
  const shown = past ?? actor?.last
  const value = past === undefined ? actor?.snapshot.value : (past.snapshot?.value ?? past.before)
  const drawn = actor === undefined ? 'none' : drawings.of(actor.definition)
  const drawing = typeof drawn === 'object' && 'chart' in drawn ? drawn : undefined
  const taken = useMemo(
    () =>
      drawing === undefined || shown?.snapshot === undefined
        ? []
        : transitionsTaken(drawing.chart, shown.before, shown.snapshot.value, shown.event.type).map(({ id }) => id),
    [drawing, shown, shown?.snapshot],
  )
  const text = valueText(value)
  return (
    <section class="panel chart" aria-labelledby="chart-title">
      <header>
        <h2 id="chart-title">{actor?.name ?? 'Statechart'}</h2>
        {text !== '' && <span class="badge now">{text}</span>}
        {actor !== undefined && !isAlive(actor) && <span class="badge stopped">stopped</span>}
        {past !== undefined && <span class="badge past">as of {clockText(past.time)}</span>}
      </header>
      {drawing === undefined ? (
        <p class="empty">{emptyText(actor !== undefined, drawn)}</p>
      ) : (
        <Zoomable
          key={actor?.definition}
          drawing={drawing}
          active={activePaths(value)}
          taken={taken}
          step={shown?.seq ?? 0}
          label={`Statechart of ${actor?.name ?? ''}, in ${text}`}
        />
      )}
    </section>
  )
}

function emptyText(hasActor: boolean, drawn: unknown): string {
  if (!hasActor) return 'No actor yet. They appear as soon as the program makes one, or open a recording.'
  if (drawn === 'pending') return 'Drawing …'
  if (typeof drawn === 'object') return 'This statechart cannot be drawn.'
  return 'This actor has no statechart.'
}

interface ZoomableProps {
  readonly drawing: Drawing
  readonly active: readonly string[]
  readonly taken: readonly string[]
  readonly step: number
  readonly label: string
}

function Zoomable({ drawing, active, taken, step, label }: ZoomableProps) {
  const box = useRef<HTMLDivElement>(null)
  const { width, height } = useSize(box)
  const [zoom, setZoom] = useState(1)
  const [pan, setPan] = useState({ x: 0, y: 0 })
  const drag = useRef<{ readonly x: number; readonly y: number } | undefined>(undefined)
  const fitting = Math.min(1.1, width / drawing.width, height / drawing.height)
  const scale = (fitting > 0 ? fitting : 1) * zoom
  const by = (factor: number) => setZoom(Math.min(8, Math.max(0.5, zoom * factor)))
  const fit = () => {
    setZoom(1)
    setPan({ x: 0, y: 0 })
  }
  const x = (width - drawing.width * scale) / 2 + pan.x
  const y = (height - drawing.height * scale) / 2 + pan.y
  return (
    <div class="canvas" ref={box}>
      <svg
        role="img"
        aria-label={label}
        width={width}
        height={height}
        onWheel={event => {
          event.preventDefault()
          by(event.deltaY < 0 ? 1.15 : 1 / 1.15)
        }}
        onPointerDown={event => {
          drag.current = { x: event.clientX - pan.x, y: event.clientY - pan.y }
          event.currentTarget.setPointerCapture(event.pointerId)
        }}
        onPointerMove={event => {
          const from = drag.current
          if (from !== undefined) setPan({ x: event.clientX - from.x, y: event.clientY - from.y })
        }}
        onPointerUp={() => {
          drag.current = undefined
        }}
      >
        <g transform={`translate(${x} ${y}) scale(${scale})`}>
          <ChartDrawing drawing={drawing} active={active} taken={taken} step={step} />
        </g>
      </svg>
      <div class="zoom">
        <button type="button" aria-label="Zoom in" onClick={() => by(1.25)}>
          +
        </button>
        <button type="button" aria-label="Zoom out" onClick={() => by(0.8)}>
          −
        </button>
        <button type="button" onClick={fit}>
          Fit
        </button>
      </div>
    </div>
  )
}
