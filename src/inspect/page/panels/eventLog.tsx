import { valueText } from '../data/stateValue.js'
import type { Entry } from '../data/store.js'
import type { Viewer } from '../data/viewModel.js'
import { ListPanel, ListRow, type Look } from './listPanel.js'
import { clockText, leafText, logRows, shortName } from './rows.js'

const ROW = 24

/** The log of events. */
export function EventLog({ viewer }: { readonly viewer: Viewer }) {
  const look = (): Look<Entry> => {
    const rows = logRows(viewer.store.entries, viewer.search, viewer.onlySelected ? viewer.selected : undefined)
    return { rows, active: viewer.entry === undefined ? -1 : rows.indexOf(viewer.entry) }
  }
  const onKey = (key: string): boolean => {
    if (key !== 'Escape' || viewer.entry === undefined) return false
    viewer.look(undefined)
    return true
  }
  return (
    <ListPanel
      id="log"
      kind="log"
      title="Events"
      check={{ text: 'This actor', isOn: viewer.onlySelected, set: onlySelected => viewer.set({ onlySelected }) }}
      role="listbox"
      rowHeight={ROW}
      follows
      look={look}
      choose={entry => viewer.look(entry)}
      onKey={onKey}
      row={(entry, index, of) => <Row key={entry.seq} index={index} of={of} entry={entry} viewer={viewer} />}
      empty={viewer.search === '' ? 'No events yet.' : 'No event has these words.'}
    >
      <input
        id="search"
        type="search"
        placeholder="Search  /"
        aria-label="Search events"
        value={viewer.search}
        onInput={event => viewer.set({ search: event.currentTarget.value })}
      />
    </ListPanel>
  )
}

interface RowProps {
  readonly index: number
  readonly of: number
  readonly entry: Entry
  readonly viewer: Viewer
}

function Row({ index, of, entry, viewer }: RowProps) {
  const to = entry.snapshot === undefined ? '' : valueText(entry.snapshot.value)
  const hasMoved = to !== '' && to !== valueText(entry.before)
  const type = entry.event.type === '' ? 'snapshot' : entry.event.type
  return (
    <ListRow
      id={`log-${index}`}
      kind={type.startsWith('xstate.') ? 'entry internal' : 'entry'}
      height={ROW}
      isChosen={entry === viewer.entry}
      title={`${clockText(entry.time)} ${entry.name}: ${type}${to === '' ? '' : ` → ${to}`}`}
      choose={() => viewer.look(entry === viewer.entry ? undefined : entry)}
      place={{ index, of }}
    >
      <span class="time">{clockText(entry.time).slice(3)}</span>
      <span class="name">{shortName(entry.name)}</span>
      <span class="type">{type}</span>
      <span class="state">{hasMoved ? `→ ${leafText(entry.snapshot?.value)}` : ''}</span>
    </ListRow>
  )
}
