import { memo } from 'preact/compat'
import type { Box, ChartLayout, StateLayout } from './chartLayout.js'
import {
  type Arrow,
  internalTransitions,
  LABEL_HEIGHT,
  labelLines,
  PADDING,
  ROW_HEIGHT,
  TITLE_HEIGHT,
} from './graph.js'

/** The layout to draw, and the parts of it to highlight. */
export interface ChartDrawingProps {
  readonly layout: ChartLayout
  /** The paths of the active states. */
  readonly active: readonly string[]
  /** The ids of the last transitions. */
  readonly highlighted: readonly string[]
  /** Changes with each event, so that the glow of a repeated transition starts again. */
  readonly step: number
}

/** A statechart as SVG. */
export const ChartDrawing = memo(Shapes, (a, b) => {
  const isEqual = (x: readonly string[], y: readonly string[]) => x.join('\n') === y.join('\n')
  const isSameDrawing = a.layout === b.layout && a.step === b.step
  return isSameDrawing && isEqual(a.active, b.active) && isEqual(a.highlighted, b.highlighted)
})

function Shapes({ layout, active, highlighted, step }: ChartDrawingProps) {
  const activePaths = new Set(active)
  const highlightedIds = new Set(highlighted)
  function isHighlighted({ arrow }: ChartLayout['arrows'][number]): boolean {
    return arrow.transitions.some(({ id }) => highlightedIds.has(id))
  }
  // SVG draws in order, so the highlighted arrows come last.
  const arrows = layout.arrows.toSorted((a, b) => Number(isHighlighted(a)) - Number(isHighlighted(b)))
  return (
    <>
      <defs>
        {['plain', 'highlighted'].map(kind => (
          <marker
            key={kind}
            id={`arrowhead-${kind}`}
            class={`arrowhead ${kind}`}
            viewBox="0 0 8 8"
            refX="7.5"
            refY="4"
            markerWidth="8"
            markerHeight="8"
            markerUnits="userSpaceOnUse"
            orient="auto"
          >
            <path d="M0 0.5L8 4L0 7.5z" />
          </marker>
        ))}
      </defs>
      {layout.states.map(it => (
        <StateBox key={it.state.path} {...it} isActive={activePaths.has(it.state.path)} />
      ))}
      {layout.initialDots.map(({ x, y, width }) => (
        <circle key={`${x} ${y}`} class="initial-dot" cx={x + width / 2} cy={y + width / 2} r={width / 2} />
      ))}
      {layout.initialPaths.map(path => (
        <path key={path} class="edge" d={path} marker-end="url(#arrowhead-plain)" />
      ))}
      {arrows.map(it => (
        <g key={it.arrow.id} class={isHighlighted(it) ? 'arrow highlighted' : 'arrow'}>
          <path
            class="edge"
            d={it.path}
            marker-end={`url(#arrowhead-${isHighlighted(it) ? 'highlighted' : 'plain'})`}
          />
          {isHighlighted(it) && <path key={step} class="glow" d={it.path} />}
        </g>
      ))}
      {layout.states.map(it => (
        <StateText
          key={it.state.path}
          {...it}
          isActive={activePaths.has(it.state.path)}
          highlightedIds={highlightedIds}
        />
      ))}
      {arrows.map(
        ({ arrow, label }) =>
          label && <ArrowLabel key={arrow.id} arrow={arrow} box={label} highlightedIds={highlightedIds} />,
      )}
    </>
  )
}

interface StateProps extends StateLayout {
  readonly isActive: boolean
}

function StateBox({ state, box: { x, y, width, height }, rows: start, isActive }: StateProps) {
  const isRoot = state.parent === undefined
  const classes = ['state', state.type, ...(isActive ? ['active'] : []), ...(isRoot ? ['root'] : [])]
  const rowCount = isRoot ? 0 : internalTransitions(state).length
  const hasChildren = state.children.length > 0
  const titleEnd = y + TITLE_HEIGHT - 1
  return (
    <g class={classes.join(' ')} data-state={state.path}>
      <title>{[state.id, state.description].filter(Boolean).join('\n')}</title>
      <rect x={x} y={y} width={width} height={height} rx="7" />
      {state.type === 'final' && (
        <rect class="inner" x={x + 3} y={y + 3} width={width - 6} height={height - 6} rx="5" />
      )}
      {rowCount > 0 && !hasChildren && <line class="title-rule" x1={x} x2={x + width} y1={titleEnd} y2={titleEnd} />}
      {rowCount > 0 && hasChildren && (
        <line
          class="rows-rule"
          x1={start.x + 4}
          x2={start.x + 4}
          y1={start.y + 3}
          y2={start.y + 4 + rowCount * ROW_HEIGHT}
        />
      )}
    </g>
  )
}

interface StateTextProps extends StateProps {
  readonly highlightedIds: ReadonlySet<string>
}

/** Drawn above the arrows, so that no arrow crosses the text. */
function StateText({ state, box: { x, y, width }, rows: start, isActive, highlightedIds }: StateTextProps) {
  const rows = state.parent === undefined ? [] : internalTransitions(state)
  const type = state.type === 'atomic' || state.type === 'compound' ? '' : state.type
  return (
    <g class={isActive ? 'state-text active' : 'state-text'}>
      <text class="title" x={x + PADDING} y={y + TITLE_HEIGHT / 2 + 4.5}>
        {state.key}
      </text>
      {type !== '' && (
        <text class="state-type" x={x + width - 10} y={y + TITLE_HEIGHT / 2 + 4} text-anchor="end">
          {type}
        </text>
      )}
      {rows.map(({ id, label, description }, i) => (
        <text
          key={id}
          class={highlightedIds.has(id) ? 'transition highlighted' : 'transition'}
          x={start.x + PADDING}
          y={start.y + 2 + (i + 0.72) * ROW_HEIGHT}
        >
          {label}
          {description !== undefined && <title>{description}</title>}
        </text>
      ))}
    </g>
  )
}

interface ArrowLabelProps {
  readonly arrow: Arrow
  readonly box: Box
  readonly highlightedIds: ReadonlySet<string>
}

function ArrowLabel({ arrow, box: { x, y, width, height }, highlightedIds }: ArrowLabelProps) {
  return (
    <g class="label">
      <rect x={x} y={y} width={width} height={height} rx="3" />
      {labelLines(arrow).map(({ transition: { id, description }, text }, i) => (
        <text
          key={`${id} ${text}`}
          class={highlightedIds.has(id) ? 'highlighted' : ''}
          x={x + width / 2}
          y={y + (i + 0.78) * LABEL_HEIGHT}
          text-anchor="middle"
        >
          {text}
          {description !== undefined && <title>{description}</title>}
        </text>
      ))}
    </g>
  )
}
