import type { AggregateMetrics, AggregateStatus } from '../../aggregate/index.js'
import type { Definitions } from './definitions.js'
import {
  type ActorAnnounced,
  type EventSent,
  type InspectorMessage,
  type MessagesDropped,
  type MetricsChanged,
  type RolloutChanged,
  type ShownRollout,
  type SnapshotTaken,
  STATELY_VERSION,
  type StatusChanged,
} from './messages.js'
import { type PlainDataLimits, toPlainData, truncate } from './plainData.js'
import type { ActorInfo, RecordedEvent } from './recordedEvent.js'
import { type Sanitize, sanitized } from './sanitize.js'
import { currentSnapshot, eventType, sanitizedEvent, sanitizedSnapshot, snapshotStatus } from './shownValues.js'

/** Tried in order, until the message fits. */
const MESSAGE_LIMITS: readonly Omit<PlainDataLimits, 'total'>[] = [
  { depth: 20, items: 1_000, characters: 16_384 },
  { depth: 12, items: 100, characters: 2_000 },
  { depth: 8, items: 30, characters: 300 },
  { depth: 5, items: 10, characters: 80 },
]

const TOO_LARGE = '[not shown: larger than maxMessageBytes]'

/** The options of the conversion of recorded events to messages. */
export interface SerializerOptions {
  readonly sanitize: Sanitize
  readonly maxMessageBytes: number
  readonly definitions: Definitions
}

/** Converts a recorded event to its message, as JSON text of limited size. Never throws. */
export function serialize(recorded: RecordedEvent, options: SerializerOptions): string {
  switch (recorded.type) {
    case '@xstate.actor':
      return serializeActor(recorded.actor, options)
    case '@xstate.event':
      return serializeEvent(recorded, options)
    case '@xstate.snapshot':
      return serializeSnapshot(recorded, options)
    case '@cutover.status':
      return serializeStatus(recorded, options)
    case '@cutover.metrics':
      return serializeMetrics(recorded, options)
    case '@cutover.rollout':
      return serializeRollout(recorded, options)
  }
}

/** The message that tells a client how many messages it has missed. */
export function serializeDropped(count: number): string {
  return JSON.stringify({ type: '@cutover.dropped', count, createdAt: `${Date.now()}` } satisfies MessagesDropped)
}

type Recorded<Type extends RecordedEvent['type']> = RecordedEvent & { readonly type: Type }

function serializeActor(actor: ActorInfo, options: SerializerOptions): string {
  const snapshot = actor.ref === undefined ? actor.lastSnapshot : currentSnapshot(actor.ref)
  const message: Omit<ActorAnnounced, 'definition'> = {
    ...commonFields(actor),
    type: '@xstate.actor',
    name: truncate(actor.name, 200),
    parentId: actor.parentId,
    snapshot: sanitizedSnapshot(snapshot, options.sanitize),
  }
  const json =
    shorten(message, options) ??
    shorten({ ...message, snapshot: withoutContext(snapshot) }, options) ??
    JSON.stringify({ ...message, snapshot: snapshotStatus(snapshot) })
  // The definition has a limit of its own: a truncated one could not be parsed.
  const definition = options.definitions.jsonOf(actor.config, actor.name)
  return `${json.slice(0, -1)},"definition":${JSON.stringify(definition)}}`
}

function serializeEvent(recorded: Recorded<'@xstate.event'>, options: SerializerOptions): string {
  const { type, event, sourceId } = recorded
  const shown = sanitizedEvent(event, options.sanitize)
  const message: EventSent = { ...commonFields(recorded), type, event: shown, sourceId }
  return shorten(message, options) ?? JSON.stringify({ ...message, event: eventType(event) })
}

function serializeSnapshot(recorded: Recorded<'@xstate.snapshot'>, options: SerializerOptions): string {
  const { type, event, snapshot } = recorded
  const message: SnapshotTaken = {
    ...commonFields(recorded),
    type,
    event: sanitizedEvent(event, options.sanitize),
    snapshot: sanitizedSnapshot(snapshot, options.sanitize),
  }
  const shorter = { ...message, event: eventType(event), snapshot: withoutContext(snapshot) }
  return (
    shorten(message, options) ??
    shorten(shorter, options) ??
    JSON.stringify({ ...shorter, snapshot: snapshotStatus(snapshot) })
  )
}

function serializeStatus(recorded: Recorded<'@cutover.status'>, options: SerializerOptions): string {
  const { type, sessionId, createdAt } = recorded
  const status = sanitized(recorded.status, 'status', options.sanitize) as AggregateStatus
  const message: StatusChanged = { type, sessionId, createdAt: `${createdAt}`, status }
  return shorten(message, options) ?? JSON.stringify({ ...message, status: TOO_LARGE })
}

function serializeMetrics(recorded: Recorded<'@cutover.metrics'>, options: SerializerOptions): string {
  const { type, sessionId, createdAt } = recorded
  const metrics = sanitized(recorded.metrics, 'metrics', options.sanitize) as AggregateMetrics
  const message: MetricsChanged = { type, sessionId, createdAt: `${createdAt}`, metrics }
  return shorten(message, options) ?? JSON.stringify({ ...message, metrics: TOO_LARGE })
}

function serializeRollout(recorded: Recorded<'@cutover.rollout'>, options: SerializerOptions): string {
  const { type, sessionId, createdAt } = recorded
  const rollout = sanitized(recorded.rollout, 'rollout', options.sanitize) as ShownRollout
  const message: RolloutChanged = { type, sessionId, createdAt: `${createdAt}`, rollout }
  return shorten(message, options) ?? JSON.stringify({ ...message, rollout: TOO_LARGE })
}

function commonFields({ sessionId, rootId, createdAt }: { sessionId: string; rootId: string; createdAt: number }) {
  return { sessionId, rootId, createdAt: `${createdAt}`, id: null, _version: STATELY_VERSION }
}

/** The message as JSON, shortened until it fits; undefined if it does not fit even with the smallest limits. */
function shorten(message: Partial<InspectorMessage>, { maxMessageBytes }: SerializerOptions): string | undefined {
  for (const limits of MESSAGE_LIMITS) {
    const result = toPlainData(message, { ...limits, total: maxMessageBytes })
    const json = result === undefined ? undefined : JSON.stringify(result.plain)
    if (json !== undefined && Buffer.byteLength(json) <= maxMessageBytes) return json
  }
  return undefined
}

function withoutContext(snapshot: unknown): Record<string, unknown> {
  return { ...snapshotStatus(snapshot, 'value'), context: TOO_LARGE }
}
