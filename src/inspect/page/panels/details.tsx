import {
  describeCalls,
  describeJudged,
  describeRole,
  formatJson,
  formatStateValue,
  formatTime,
  metricsOfVersion,
  roleOf,
  type ViewModel,
  versionOf,
} from '../data/index.js'
import { orderedSnapshot } from './orderedSnapshot.js'

/** The details of the selected entry of the log, or else of the selected actor. */
export function Details({ view }: { readonly view: ViewModel }) {
  const entry = view.selectedEntry
  const actor = view.selectedId === undefined ? undefined : view.store.actors.get(view.selectedId)
  const role = actor === undefined ? undefined : roleOf(actor, view.store)
  const metrics = metricsOfVersion(view.store.metrics.get(actor?.parentId ?? ''), versionOf(actor?.name ?? '') ?? '')
  const rollout = view.store.timeline.rollouts.lanes
    .get(/^rollout (.+)$/.exec(actor?.name ?? '')?.[1] ?? '')
    ?.spans.at(-1)
  const title = entry === undefined ? (actor?.name ?? 'Details') : entry.event.type || 'snapshot'
  return (
    <section class="panel details" aria-labelledby="details-title">
      <header>
        <h2 id="details-title" title={title}>
          {title}
        </h2>
        {entry !== undefined && (
          <button type="button" class="small" onClick={() => view.selectEntry(undefined)}>
            Back to now
          </button>
        )}
      </header>
      {/* biome-ignore lint/a11y/noNoninteractiveTabindex: it scrolls, also by keyboard */}
      <div class="scroll" tabIndex={0}>
        {entry === undefined && actor === undefined && <p class="empty">Select an actor or an event.</p>}
        {entry === undefined && actor !== undefined && (
          <>
            <Field name="Session" value={actor.sessionId} />
            <Field name="Status" value={actor.snapshot.status ?? 'active'} />
            <Field name="State" value={formatStateValue(actor.snapshot.value) || '–'} />
            {role !== undefined && <Field name="Role" value={describeRole(role)} />}
            {metrics !== undefined && <Field name="Calls" value={describeCalls(metrics)} />}
            {rollout?.judged !== undefined && <Field name="Judged" value={describeJudged(rollout.judged, rollout)} />}
            <Json name="Snapshot" value={orderedSnapshot(actor.snapshot)} />
            {rollout?.judged !== undefined && <Json name="Judged" value={rollout.judged} />}
            {metrics !== undefined && <Json name="Metrics" value={metrics} />}
          </>
        )}
        {entry !== undefined && (
          <>
            <Field name="At" value={formatTime(entry.time)} />
            <Field name="Actor" value={`${entry.name} (${entry.sessionId})`} />
            {entry.sourceName !== undefined && <Field name="From" value={entry.sourceName} />}
            <Field
              name="State"
              value={stateChange(formatStateValue(entry.before), formatStateValue(entry.snapshot?.value))}
            />
            <Json name="Event" value={entry.event} />
            {entry.snapshot !== undefined && <Json name="Snapshot" value={orderedSnapshot(entry.snapshot)} />}
          </>
        )}
      </div>
    </section>
  )
}

/** `before → after`, or one state if it did not change. */
function stateChange(before: string, after: string): string {
  if (after === '' || after === before) return before || '–'
  return before === '' ? after : `${before} → ${after}`
}

function Field({ name, value }: { readonly name: string; readonly value: string }) {
  return (
    <p class="field">
      <span>{name}</span> {value}
    </p>
  )
}

function Json({ name, value }: { readonly name: string; readonly value: unknown }) {
  return (
    <>
      <h3>{name}</h3>
      <pre data-json={name.toLowerCase()}>{formatJson(value)}</pre>
    </>
  )
}
