import type { ComponentChildren } from 'preact'
import { useMemo } from 'preact/hooks'
import { activePaths, formatStateValue, formatTime, isAlive, type ViewModel } from '../data/index.js'
import type { ChartLayout } from './chartLayout.js'
import { DiagramButtons } from './diagramButtons.js'
import { internalTransitions } from './graph.js'
import { inferTransitions } from './inferTransitions.js'
import type { LayoutCache, LayoutResult } from './layoutCache.js'
import { StateList } from './stateList.js'
import { ZoomableChart } from './zoomableChart.js'

interface ChartPanelProps {
  readonly view: ViewModel
  readonly layouts: LayoutCache
  /** The buttons that choose another view. */
  readonly tabs: ComponentChildren
}

/** The statechart of the selected actor: its current state, or that of the selected entry of the log. */
export function ChartPanel({ view, layouts, tabs }: ChartPanelProps) {
  const actor = view.selectedId === undefined ? undefined : view.store.actors.get(view.selectedId)
  const past = view.selectedEntry?.sessionId === view.selectedId ? view.selectedEntry : undefined
  const entry = past ?? actor?.lastEntry
  const value = past === undefined ? actor?.snapshot.value : (past.snapshot?.value ?? past.before)
  const result = actor === undefined ? 'none' : layouts.get(actor.definition)
  const layout = typeof result === 'object' && 'chart' in result ? result : undefined
  const highlighted = useMemo(
    () =>
      layout === undefined || entry?.snapshot === undefined
        ? []
        : inferTransitions(layout.chart, entry.before, entry.snapshot.value, entry.event.type).map(({ id }) => id),
    [layout, entry, entry?.snapshot],
  )
  const text = formatStateValue(value)
  return (
    <section class="panel chart" aria-labelledby="chart-title">
      <header>
        <h2 id="chart-title" title={actor?.name}>
          {actor?.name ?? 'Statechart'}
        </h2>
        {text !== '' && (
          <span class="badge now" title={text}>
            {text}
          </span>
        )}
        {actor !== undefined && !isAlive(actor) && <span class="badge stopped">stopped</span>}
        {past !== undefined && <span class="badge past">as of {formatTime(past.time)}</span>}
        {layout !== undefined && (
          <DiagramButtons key={actor?.definition} chart={layout.chart} name={layout.chart.root.id} />
        )}
        {tabs}
      </header>
      {layout === undefined ? (
        <>
          <p class="empty">{emptyText(actor !== undefined, result)}</p>
          {actor?.definition !== undefined && result !== 'none' && (
            <StateList definition={actor.definition} active={activePaths(value)} />
          )}
        </>
      ) : (
        <>
          <RootTransitions layout={layout} highlighted={highlighted} />
          <ZoomableChart
            key={actor?.definition}
            layout={layout}
            active={activePaths(value)}
            highlighted={highlighted}
            step={entry?.seq ?? 0}
            label={`Statechart of ${actor?.name ?? ''}, in ${text}`}
          />
        </>
      )}
    </section>
  )
}

function emptyText(hasActor: boolean, result: LayoutResult): string {
  if (!hasActor) return 'No actors yet. They appear when the program creates them, or when you open a recording.'
  if (result === 'pending') return 'Drawing … These are its states.'
  if (typeof result === 'object') return 'This statechart cannot be drawn. These are its states.'
  return 'This actor has no statechart.'
}

/** The internal transitions of the root, which are possible in every state. */
function RootTransitions({
  layout,
  highlighted,
}: {
  readonly layout: ChartLayout
  readonly highlighted: readonly string[]
}) {
  const rows = internalTransitions(layout.chart.root)
  if (rows.length === 0) return null
  return (
    <ul class="root-transitions" aria-label="In every state">
      {rows.map(({ id, label }) => (
        <li key={id} class={highlighted.includes(id) ? 'highlighted' : ''}>
          {label}
        </li>
      ))}
    </ul>
  )
}
