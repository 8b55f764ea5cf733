import {
  formatLeafStates,
  formatStateValue,
  formatTime,
  type LogEntry,
  shortName,
  type ViewModel,
} from '../data/index.js'
import { ListPanel, ListRow, type ListRows } from './listPanel.js'
import { logRows } from './logRows.js'

const LOG_ROW_HEIGHT = 24

/** The log of events. */
export function EventLog({ view }: { readonly view: ViewModel }) {
  const read = (): ListRows<LogEntry> => {
    const rows = logRows(view.store.entries, view.search, view.onlySelected ? view.selectedId : undefined)
    return { rows, selected: view.selectedEntry === undefined ? -1 : rows.indexOf(view.selectedEntry) }
  }
  const onKey = (key: string): boolean => {
    if (key !== 'Escape' || view.selectedEntry === undefined) return false
    view.selectEntry(undefined)
    return true
  }
  return (
    <ListPanel
      id="log"
      kind="log"
      title="Events"
      checkbox={{ text: 'This actor', isOn: view.onlySelected, set: onlySelected => view.set({ onlySelected }) }}
      role="listbox"
      rowHeight={LOG_ROW_HEIGHT}
      followsEnd
      read={read}
      select={entry => view.selectEntry(entry)}
      onKey={onKey}
      row={(entry, index, count) => <EntryRow key={entry.seq} index={index} count={count} entry={entry} view={view} />}
      empty={view.search === '' ? 'No events yet.' : 'No event has all these words.'}
    >
      <input
        id="search"
        type="search"
        placeholder="Search  /"
        aria-label="Search events"
        value={view.search}
        onInput={event => view.set({ search: event.currentTarget.value })}
      />
    </ListPanel>
  )
}

interface EntryRowProps {
  readonly index: number
  readonly count: number
  readonly entry: LogEntry
  readonly view: ViewModel
}

function EntryRow({ index, count, entry, view }: EntryRowProps) {
  const newState = entry.snapshot === undefined ? '' : formatStateValue(entry.snapshot.value)
  const hasChanged = newState !== '' && newState !== formatStateValue(entry.before)
  const type = entry.event.type === '' ? 'snapshot' : entry.event.type
  return (
    <ListRow
      id={`log-${index}`}
      kind={type.startsWith('xstate.') ? 'log-entry internal' : 'log-entry'}
      height={LOG_ROW_HEIGHT}
      isSelected={entry === view.selectedEntry}
      title={`${formatTime(entry.time)} ${entry.name}: ${type}${newState === '' ? '' : ` → ${newState}`}`}
      onClick={() => view.selectEntry(entry === view.selectedEntry ? undefined : entry)}
      position={{ index, count }}
    >
      <span class="time">{formatTime(entry.time).slice(3)}</span>
      <span class="name">{shortName(entry.name)}</span>
      <span class="type">{type}</span>
      <span class="state">{hasChanged ? `→ ${formatLeafStates(entry.snapshot?.value)}` : ''}</span>
    </ListRow>
  )
}
