import { memo } from 'preact/compat'
import type { Box, Drawing, DrawnState } from './chartLayout.js'
import { type Arrow, LABEL_HEIGHT, linesOf, PADDING, ROW_HEIGHT, rowsOf, TITLE_HEIGHT } from './graph.js'

/** What is drawn, and what of it is lit. */
export interface ChartDrawingProps {
  readonly drawing: Drawing
  /** The paths of the active states. */
  readonly active: readonly string[]
  /** The ids of the transitions taken last. */
  readonly taken: readonly string[]
  /** Changes with each transition, so that the same one glows again. */
  readonly step: number
}

/** A statechart as SVG. */
export const ChartDrawing = memo(Shapes, (a, b) => {
  const same = (x: readonly string[], y: readonly string[]) => x.join('\n') === y.join('\n')
  return a.drawing === b.drawing && a.step === b.step && same(a.active, b.active) && same(a.taken, b.taken)
})

function Shapes({ drawing, active, taken, step }: ChartDrawingProps) {
  const lit = new Set(active)
  const glowing = new Set(taken)
  const arrows = drawing.arrows.toSorted((a, b) => Number(isTaken(a)) - Number(isTaken(b)))
  function isTaken({ arrow }: Drawing['arrows'][number]): boolean {
    return arrow.transitions.some(({ id }) => glowing.has(id))
  }
  return (
    <>
      <defs>
        {['plain', 'taken'].map(kind => (
          <marker
            key={kind}
            id={`head-${kind}`}
            class={`head ${kind}`}
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
      {drawing.states.map(it => (
        <StateBox key={it.state.path} {...it} isLit={lit.has(it.state.path)} />
      ))}
      {drawing.dots.map(({ x, y, width }) => (
        <circle key={`${x} ${y}`} class="dot" cx={x + width / 2} cy={y + width / 2} r={width / 2} />
      ))}
      {drawing.starts.map(path => (
        <path key={path} class="edge" d={path} marker-end="url(#head-plain)" />
      ))}
      {arrows.map(it => (
        <g key={it.arrow.id} class={isTaken(it) ? 'arrow taken' : 'arrow'}>
          <path class="edge" d={it.path} marker-end={`url(#head-${isTaken(it) ? 'taken' : 'plain'})`} />
          {isTaken(it) && <path key={step} class="glow" d={it.path} />}
        </g>
      ))}
      {drawing.states.map(it => (
        <StateText key={it.state.path} {...it} isLit={lit.has(it.state.path)} glowing={glowing} />
      ))}
      {arrows.map(({ arrow, label }) => label && <Label key={arrow.id} arrow={arrow} box={label} glowing={glowing} />)}
    </>
  )
}

interface StateProps extends DrawnState {
  readonly isLit: boolean
}

function StateBox({ state, box: { x, y, width, height }, rows: place, isLit }: StateProps) {
  const kinds = ['state', state.type, ...(isLit ? ['lit'] : []), ...(state.parent === undefined ? ['root'] : [])]
  const rows = state.parent === undefined ? 0 : rowsOf(state).length
  const [isRuled, isBeside] = [rows > 0 && state.children.length === 0, rows > 0 && state.children.length > 0]
  return (
    <g class={kinds.join(' ')} data-state={state.path}>
      <title>{[state.id, state.description].filter(Boolean).join('\n')}</title>
      <rect x={x} y={y} width={width} height={height} rx="7" />
      {state.type === 'final' && (
        <rect class="inner" x={x + 3} y={y + 3} width={width - 6} height={height - 6} rx="5" />
      )}
      {isRuled && <line class="rule" x1={x} x2={x + width} y1={y + TITLE_HEIGHT - 1} y2={y + TITLE_HEIGHT - 1} />}
      {isBeside && (
        <line class="beside" x1={place.x + 4} x2={place.x + 4} y1={place.y + 3} y2={place.y + 4 + rows * ROW_HEIGHT} />
      )}
    </g>
  )
}

interface StateTextProps extends StateProps {
  readonly glowing: ReadonlySet<string>
}

/** Above the arrows, so that none runs through it. */
function StateText({ state, box: { x, y, width }, rows: place, isLit, glowing }: StateTextProps) {
  const rows = state.parent === undefined ? [] : rowsOf(state)
  const badge = state.type === 'atomic' || state.type === 'compound' ? '' : state.type
  return (
    <g class={isLit ? 'state-text lit' : 'state-text'}>
      <text class="title" x={x + PADDING} y={y + TITLE_HEIGHT / 2 + 4.5}>
        {state.key}
      </text>
      {badge !== '' && (
        <text class="kind" x={x + width - 10} y={y + TITLE_HEIGHT / 2 + 4} text-anchor="end">
          {badge}
        </text>
      )}
      {rows.map(({ id, label, description }, i) => (
        <text
          key={id}
          class={glowing.has(id) ? 'line taken' : 'line'}
          x={place.x + PADDING}
          y={place.y + 2 + (i + 0.72) * ROW_HEIGHT}
        >
          {label}
          {description !== undefined && <title>{description}</title>}
        </text>
      ))}
    </g>
  )
}

interface LabelProps {
  readonly arrow: Arrow
  readonly box: Box
  readonly glowing: ReadonlySet<string>
}

function Label({ arrow, box: { x, y, width, height }, glowing }: LabelProps) {
  return (
    <g class="label">
      <rect x={x} y={y} width={width} height={height} rx="3" />
      {linesOf(arrow).map(({ transition: { id, description }, text }, i) => (
        <text
          key={`${id} ${text}`}
          class={glowing.has(id) ? 'taken' : ''}
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
