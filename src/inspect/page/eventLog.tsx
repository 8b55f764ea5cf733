import { clockText, leafText, logRows, shortName } from './rows.js'
import { valueText } from './stateValue.js'
import type { Entry } from './store.js'
import type { Viewer } from './viewer.js'
import { moved, VirtualList } from './virtualList.js'

const ROW = 24

/** The log of events. */
export function EventLog({ viewer }: { readonly viewer: Viewer }) {
  const look = () => {
    const rows = logRows(viewer.store.entries, viewer.search, viewer.onlySelected ? viewer.selected : undefined)
    return { rows, active: viewer.entry === undefined ? -1 : rows.indexOf(viewer.entry) }
  }
  const { rows, active } = look()
  const onKey = (key: string, page: number): boolean => {
    // Of now, not of the last frame: keys may come faster than frames.
    const { rows, active } = look()
    const to = moved(key, active, rows.length, page)
    if (to !== undefined) viewer.look(rows[to])
    else if (key === 'Escape' && viewer.entry !== undefined) viewer.look(undefined)
    else return false
    return true
  }
  return (
    <section class="panel log" aria-labelledby="log-title">
      <header>
        <h2 id="log-title">Events</h2>
        <span class="count">{rows.length}</span>
        <label class="check">
          <input
            type="checkbox"
            checked={viewer.onlySelected}
            onChange={event => viewer.set({ onlySelected: event.currentTarget.checked })}
          />
          This actor
        </label>
        <input
          id="search"
          type="search"
          placeholder="Search  /"
          aria-label="Search events"
          value={viewer.search}
          onInput={event => viewer.set({ search: event.currentTarget.value })}
        />
      </header>
      <VirtualList
        id="log"
        role="listbox"
        label="Events"
        count={rows.length}
        rowHeight={ROW}
        active={active}
        follows
        onKey={onKey}
        row={index => <Row key={rows[index]?.seq} index={index} entry={rows[index]} viewer={viewer} />}
      />
      {rows.length === 0 && (
        <p class="empty">{viewer.search === '' ? 'No events yet.' : 'No event has these words.'}</p>
      )}
    </section>
  )
}

interface RowProps {
  readonly index: number
  readonly entry: Entry | undefined
  readonly viewer: Viewer
}

function Row({ index, entry, viewer }: RowProps) {
  if (entry === undefined) return null
  const to = entry.snapshot === undefined ? '' : valueText(entry.snapshot.value)
  const hasMoved = to !== '' && to !== valueText(entry.before)
  const type = entry.event.type === '' ? 'snapshot' : entry.event.type
  return (
    // biome-ignore lint/a11y/useKeyWithClickEvents: the list has the keys
    // biome-ignore lint/a11y/useFocusableInteractive: the list has the focus
    <div
      id={`log-${index}`}
      role="option"
      aria-selected={entry === viewer.entry}
      class={`row entry${type.startsWith('xstate.') ? ' internal' : ''}`}
      style={{ height: `${ROW}px` }}
      title={`${clockText(entry.time)} ${entry.name}: ${type}${to === '' ? '' : ` → ${to}`}`}
      onClick={() => viewer.look(entry === viewer.entry ? undefined : entry)}
    >
      <span class="time">{clockText(entry.time).slice(3)}</span>
      <span class="name">{shortName(entry.name)}</span>
      <span class="type">{type}</span>
      <span class="state">{hasMoved ? `→ ${leafText(entry.snapshot?.value)}` : ''}</span>
    </div>
  )
}
