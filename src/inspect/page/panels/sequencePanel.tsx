import type { ComponentChildren } from 'preact'
import { useRef } from 'preact/hooks'
import { useSize } from '../browser/index.js'
import { formatStateValue, formatTime, type ViewModel } from '../data/index.js'
import { ListPanel, ListRow, type ListRows } from './listPanel.js'
import { logRows } from './logRows.js'
import { type Lifeline, MAX_ARROWS, type SequenceArrow, sequenceOf } from './sequence.js'

const ROW_HEIGHT = 30
const HEAD_HEIGHT = 36
const TIME_WIDTH = 72
const MIN_COLUMN_WIDTH = 80
/** The height of an arrow in its row. The event's type is above it. */
const ARROW_Y = 21
const LOOP_WIDTH = 22
/** How far the event's type may be wider than its arrow, on each side. */
const LABEL_OVERHANG = 12

/** The events of the log as a sequence diagram: a lifeline for each actor, and an arrow for each event. */
export function SequencePanel({ view, tabs }: { readonly view: ViewModel; readonly tabs: ComponentChildren }) {
  const box = useRef<HTMLDivElement>(null)
  const { width } = useSize(box)
  const entries = () => logRows(view.store.entries, view.search, view.onlySelected ? view.selectedId : undefined)
  const shown = entries()
  const { lifelines } = sequenceOf(shown, view.store, view.selectedEntry)
  const columnWidth = Math.max(MIN_COLUMN_WIDTH, Math.floor((width - TIME_WIDTH - 16) / Math.max(1, lifelines.length)))
  const read = (): ListRows<SequenceArrow> => {
    const { arrows } = sequenceOf(entries(), view.store, view.selectedEntry)
    return { rows: arrows, selected: arrows.findIndex(({ entry }) => entry === view.selectedEntry) }
  }
  const onKey = (key: string): boolean => {
    if (key !== 'Escape' || view.selectedEntry === undefined) return false
    view.selectEntry(undefined)
    return true
  }
  return (
    <div class="sequence-area" ref={box}>
      <ListPanel
        id="sequence"
        kind="sequence"
        title="Sequence"
        count={shown.length > MAX_ARROWS ? `${MAX_ARROWS} of ${shown.length} events` : shown.length}
        role="listbox"
        rowHeight={ROW_HEIGHT}
        followsEnd
        head={<Heads lifelines={lifelines} columnWidth={columnWidth} />}
        headHeight={HEAD_HEIGHT}
        contentWidth={TIME_WIDTH + lifelines.length * columnWidth}
        read={read}
        select={arrow => view.selectEntry(arrow?.entry)}
        onKey={onKey}
        row={(arrow, index, count) => (
          <ArrowRow
            key={arrow.entry.seq}
            arrow={arrow}
            index={index}
            count={count}
            columns={lifelines.length}
            columnWidth={columnWidth}
            view={view}
          />
        )}
        empty={view.search === '' ? 'No events yet.' : 'No event has all these words.'}
      >
        {tabs}
      </ListPanel>
    </div>
  )
}

/** The names of the lifelines. They stay in view. */
function Heads({ lifelines, columnWidth }: { readonly lifelines: readonly Lifeline[]; readonly columnWidth: number }) {
  return (
    <div
      class="lifelines"
      role="presentation"
      style={{ height: `${HEAD_HEIGHT}px`, width: `${TIME_WIDTH + lifelines.length * columnWidth}px` }}
    >
      {lifelines.map(({ name, version, title }) => (
        <span key={title} title={title} style={{ width: `${columnWidth}px` }}>
          {name}
          {version !== undefined && <small>{version}</small>}
        </span>
      ))}
    </div>
  )
}

interface ArrowRowProps {
  readonly arrow: SequenceArrow
  readonly index: number
  readonly count: number
  readonly columns: number
  readonly columnWidth: number
  readonly view: ViewModel
}

function ArrowRow({ arrow: { entry, from, to }, index, count, columns, columnWidth, view }: ArrowRowProps) {
  const x = (column: number) => TIME_WIDTH + (column + 0.5) * columnWidth
  const [start, end] = [x(from), x(to)]
  const left = Math.min(start, end)
  const type = entry.event.type === '' ? 'snapshot' : entry.event.type
  const state = formatStateValue(entry.snapshot?.value)
  const sender = from === to ? 'itself' : (entry.sourceName ?? 'the program')
  return (
    <ListRow
      id={`sequence-${index}`}
      kind={type.startsWith('xstate.') ? 'sequence-arrow internal' : 'sequence-arrow'}
      height={ROW_HEIGHT}
      isSelected={entry === view.selectedEntry}
      title={`${formatTime(entry.time)} ${type}: from ${sender} to ${entry.name}${state === '' ? '' : ` → ${state}`}`}
      onClick={() => view.selectEntry(entry === view.selectedEntry ? undefined : entry)}
      position={{ index, count }}
    >
      <span class="time">{formatTime(entry.time).slice(3)}</span>
      <svg aria-hidden="true" width={TIME_WIDTH + columns * columnWidth} height={ROW_HEIGHT}>
        {Array.from({ length: columns }, (_, column) => (
          <line key={x(column)} class="lifeline" x1={x(column)} x2={x(column)} y1="0" y2={ROW_HEIGHT} />
        ))}
        <path class="line" d={arrowPath(start, end)} />
        <path class="head" d={`M${end} ${ARROW_Y}l${end > start ? -7 : 7} -4v8z`} />
      </svg>
      <span
        class={from === to ? 'type own' : 'type'}
        style={
          from === to
            ? { left: `${left + LOOP_WIDTH + 4}px`, maxWidth: `${columnWidth - LOOP_WIDTH}px` }
            : { left: `${left - LABEL_OVERHANG}px`, width: `${Math.abs(end - start) + 2 * LABEL_OVERHANG}px` }
        }
      >
        {type}
      </span>
    </ListRow>
  )
}

/** A line, or a loop from a lifeline to itself. */
function arrowPath(start: number, end: number): string {
  if (start !== end) return `M${start} ${ARROW_Y}H${end}`
  return `M${start} ${ARROW_Y - 12}h${LOOP_WIDTH}v12h${-LOOP_WIDTH}`
}
