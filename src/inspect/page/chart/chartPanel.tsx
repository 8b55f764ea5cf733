import { useMemo } from 'preact/hooks'
import { activePaths, valueText } from '../data/stateValue.js'
import { isAlive } from '../data/store.js'
import type { Viewer } from '../data/viewModel.js'
import { clockText } from '../panels/rows.js'
import type { Drawing, Drawings } from './chartLayout.js'
import { DiagramButtons } from './diagramButtons.js'
import { rowsOf } from './graph.js'
import { transitionsTaken } from './inferTransitions.js'
import { Zoomable } from './zoomable.js'

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
        {drawing !== undefined && (
          <DiagramButtons key={actor?.definition} chart={drawing.chart} name={drawing.chart.root.id} />
        )}
      </header>
      {drawing === undefined ? (
        <p class="empty">{emptyText(actor !== undefined, drawn)}</p>
      ) : (
        <>
          <Reactions drawing={drawing} taken={taken} />
          <Zoomable
            key={actor?.definition}
            drawing={drawing}
            active={activePaths(value)}
            taken={taken}
            step={shown?.seq ?? 0}
            label={`Statechart of ${actor?.name ?? ''}, in ${text}`}
          />
        </>
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

/** What the machine does in every state, without leaving it. */
function Reactions({ drawing, taken }: { readonly drawing: Drawing; readonly taken: readonly string[] }) {
  const rows = rowsOf(drawing.chart.root)
  if (rows.length === 0) return null
  return (
    <ul class="reactions" aria-label="In every state">
      {rows.map(({ id, label }) => (
        <li key={id} class={taken.includes(id) ? 'taken' : ''}>
          {label}
        </li>
      ))}
    </ul>
  )
}
