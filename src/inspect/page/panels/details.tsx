import { valueText } from '../data/stateValue.js'
import type { Viewer } from '../data/viewModel.js'
import { shownSnapshot } from './orderedSnapshot.js'
import { clockText, jsonText } from './rows.js'

/** What is known of the line or the actor that is looked at. */
export function Details({ viewer }: { readonly viewer: Viewer }) {
  const { entry } = viewer
  const actor = viewer.selected === undefined ? undefined : viewer.store.actors.get(viewer.selected)
  const title = entry === undefined ? (actor?.name ?? 'Details') : entry.event.type || 'snapshot'
  return (
    <section class="panel details" aria-labelledby="details-title">
      <header>
        <h2 id="details-title">{title}</h2>
        {entry !== undefined && (
          <button type="button" class="small" onClick={() => viewer.look(undefined)}>
            Back to now
          </button>
        )}
      </header>
      {/* biome-ignore lint/a11y/noNoninteractiveTabindex: it scrolls, also by keyboard */}
      <div class="scroll" tabIndex={0}>
        {entry === undefined && actor === undefined && <p class="empty">Choose an actor or an event.</p>}
        {entry === undefined && actor !== undefined && (
          <>
            <Fact name="Session" value={actor.sessionId} />
            <Fact name="Status" value={actor.snapshot.status ?? 'active'} />
            <Fact name="State" value={valueText(actor.snapshot.value) || '–'} />
            <Json name="Snapshot" value={shownSnapshot(actor.snapshot)} />
          </>
        )}
        {entry !== undefined && (
          <>
            <Fact name="At" value={clockText(entry.time)} />
            <Fact name="Actor" value={`${entry.name} (${entry.sessionId})`} />
            {entry.sourceName !== undefined && <Fact name="From" value={entry.sourceName} />}
            <Fact name="State" value={stateText(valueText(entry.before), valueText(entry.snapshot?.value))} />
            <Json name="Event" value={entry.event} />
            {entry.snapshot !== undefined && <Json name="Snapshot" value={shownSnapshot(entry.snapshot)} />}
          </>
        )}
      </div>
    </section>
  )
}

/** Where it was, and where it is if it moved. */
function stateText(before: string, after: string): string {
  if (after === '' || after === before) return before || '–'
  return before === '' ? after : `${before} → ${after}`
}

function Fact({ name, value }: { readonly name: string; readonly value: string }) {
  return (
    <p class="fact">
      <span>{name}</span> {value}
    </p>
  )
}

function Json({ name, value }: { readonly name: string; readonly value: unknown }) {
  return (
    <>
      <h3>{name}</h3>
      <pre data-json={name.toLowerCase()}>{jsonText(value)}</pre>
    </>
  )
}
