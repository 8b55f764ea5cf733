import type { AggregateStatus } from '../../status.js'
import type { Sanitize, SanitizedKind } from '../options.js'
import type { Definitions } from './definitions.js'
import {
  type ActorAnnounced,
  type EventSent,
  type InspectorMessage,
  type MessagesDropped,
  PROTOCOL_VERSION,
  type SnapshotTaken,
  type StatusChanged,
} from './messages.js'
import { cut, type Limits, toPlain } from './plainData.js'
import type { ActorFacts, Happening } from './recordedEvent.js'
import { sanitized } from './sanitize.js'

/** Ever less, until the message is small enough. */
const LIMITS: readonly Omit<Limits, 'total'>[] = [
  { depth: 20, items: 1_000, characters: 16_384 },
  { depth: 12, items: 100, characters: 2_000 },
  { depth: 8, items: 30, characters: 300 },
  { depth: 5, items: 10, characters: 80 },
]

/** What XState itself puts into a snapshot; all else is the user's. */
const STRUCTURE: readonly string[] = ['status', 'value', 'tags', 'historyValue', 'children']
const KINDS: readonly string[] = ['context', 'input', 'output', 'error'] satisfies SanitizedKind[]

const TOO_LARGE = '[not shown: larger than maxMessageBytes]'

/** How messages become texts: sanitized, safe whatever they hold, and of a limited size. */
export interface SerializerOptions {
  readonly sanitize: Sanitize
  readonly maxMessageBytes: number
  readonly definitions: Definitions
}

/** The text of the message that tells of it. Never throws. */
export function textOf(happening: Happening, options: SerializerOptions): string {
  switch (happening.type) {
    case '@xstate.actor':
      return actorText(happening.actor, options)
    case '@xstate.event': {
      const { event, sourceId } = happening
      const message: EventSent = {
        ...base(happening),
        type: happening.type,
        event: shownEvent(event, options),
        sourceId,
      }
      return bounded(message, options) ?? bare({ ...message, event: onlyType(event) })
    }
    case '@xstate.snapshot': {
      const { event, snapshot } = happening
      const message: SnapshotTaken = {
        ...base(happening),
        type: happening.type,
        event: shownEvent(event, options),
        snapshot: shownSnapshot(snapshot, options),
      }
      const shorter = { ...message, event: onlyType(event), snapshot: withoutContent(snapshot) }
      return (
        bounded(message, options) ?? bounded(shorter, options) ?? bare({ ...shorter, snapshot: onlyStatus(snapshot) })
      )
    }
    case '@cutover.status':
      return statusText(happening, options)
  }
}

/** The text that says how many messages a viewer has missed. */
export function droppedText(count: number): string {
  return JSON.stringify({ type: '@cutover.dropped', count, createdAt: `${Date.now()}` } satisfies MessagesDropped)
}

function actorText(actor: ActorFacts, options: SerializerOptions): string {
  const snapshot = actor.ref === undefined ? actor.last : snapshotOf(actor.ref)
  const message: Omit<ActorAnnounced, 'definition'> = {
    ...base(actor),
    type: '@xstate.actor',
    name: cut(actor.name, 200),
    parentId: actor.parentId,
    snapshot: shownSnapshot(snapshot, options),
  }
  const shorter = { ...message, snapshot: withoutContent(snapshot) }
  const text =
    bounded(message, options) ?? bounded(shorter, options) ?? bare({ ...message, snapshot: onlyStatus(snapshot) })
  // The definition has a limit of its own: cut, it would be of no use.
  const definition = options.definitions.textOf(actor.config, actor.name)
  return `${text.slice(0, -1)},"definition":${JSON.stringify(definition)}}`
}

function statusText(happening: Happening & { readonly type: '@cutover.status' }, options: SerializerOptions): string {
  const { type, sessionId, createdAt } = happening
  const status = sanitized(happening.status, 'status', options.sanitize) as AggregateStatus
  const message: StatusChanged = { type, sessionId, createdAt: `${createdAt}`, status }
  return bounded(message, options) ?? bare({ ...message, status: TOO_LARGE })
}

function base({ sessionId, rootId, createdAt }: { sessionId: string; rootId: string; createdAt: number }) {
  return { sessionId, rootId, createdAt: `${createdAt}`, id: null, _version: PROTOCOL_VERSION }
}

/** The message's text, as much of it as has room; undefined when even the least is too large. */
function bounded(message: Partial<InspectorMessage>, { maxMessageBytes }: SerializerOptions): string | undefined {
  for (const limits of LIMITS) {
    const content = toPlain(message, { ...limits, total: maxMessageBytes })
    const text = content === undefined ? undefined : JSON.stringify(content.plain)
    if (text !== undefined && Buffer.byteLength(text) <= maxMessageBytes) return text
  }
  return undefined
}

/** All that is in it is known to be small and harmless. */
function bare(message: object): string {
  return JSON.stringify(message)
}

function shownEvent(event: unknown, options: SerializerOptions): unknown {
  const shown = sanitized(event, 'event', options.sanitize)
  // Viewers look for an object with a type, whatever was made of it.
  return typeof shown === 'object' && shown !== null ? shown : { ...onlyType(event), note: shown }
}

function shownSnapshot(snapshot: unknown, options: SerializerOptions): unknown {
  const content = fieldsOf(snapshot)
  const shown = content?.map(([key, value]) => {
    if (STRUCTURE.includes(key) || value === undefined) return [key, value]
    return [key, sanitized(value, (KINDS.includes(key) ? key : 'context') as SanitizedKind, options.sanitize)]
  })
  return shown === undefined ? undefined : Object.fromEntries(shown)
}

/** Of the snapshot as XState writes it to JSON: without its machine and its functions. */
function fieldsOf(snapshot: unknown): [string, unknown][] | undefined {
  if (typeof snapshot !== 'object' || snapshot === null) return undefined
  try {
    const { toJSON } = snapshot as { readonly toJSON?: unknown }
    return Object.entries(typeof toJSON === 'function' ? toJSON.call(snapshot) : snapshot)
  } catch {
    return Object.entries(onlyStatus(snapshot))
  }
}

function withoutContent(snapshot: unknown): Record<string, unknown> {
  return { ...onlyStatus(snapshot), value: read(snapshot, 'value'), context: TOO_LARGE }
}

function onlyStatus(snapshot: unknown): Record<string, unknown> {
  const status = read(snapshot, 'status')
  return { status: typeof status === 'string' ? cut(status, 80) : 'active' }
}

function onlyType(event: unknown): { readonly type: string } {
  const type = read(event, 'type')
  return { type: typeof type === 'string' ? cut(type, 200) : '' }
}

function snapshotOf(ref: { getSnapshot(): unknown }): unknown {
  try {
    return ref.getSnapshot()
  } catch {
    return undefined
  }
}

function read(value: unknown, key: string): unknown {
  try {
    return (value as Record<string, unknown> | null | undefined)?.[key]
  } catch {
    return undefined
  }
}
