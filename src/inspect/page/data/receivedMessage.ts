import { asRecord, type UnknownRecord } from './unknownRecord.js'

/** A snapshot of an actor. Other programs may send more fields, or fewer. */
export interface ActorSnapshot {
  readonly status?: string
  readonly value?: unknown
  readonly context?: unknown
  readonly [key: string]: unknown
}

/** An event that was sent to an actor. */
export interface ActorEvent {
  readonly type: string
  readonly [key: string]: unknown
}

interface CommonFields {
  readonly sessionId: string
  readonly rootId?: string
  /** Milliseconds since 1970, as text. */
  readonly createdAt: string
}

/** An actor exists. */
export interface ReceivedActor extends CommonFields {
  readonly type: '@xstate.actor'
  readonly name: string
  readonly parentId?: string
  /** The config of its machine, as JSON text. */
  readonly definition?: string
  readonly snapshot?: ActorSnapshot
}

/** An event was sent to an actor. */
export interface ReceivedEvent extends CommonFields {
  readonly type: '@xstate.event'
  readonly event: ActorEvent
  readonly sourceId?: string
}

/** An actor has a new snapshot. */
export interface ReceivedSnapshot extends CommonFields {
  readonly type: '@xstate.snapshot'
  readonly event: ActorEvent
  readonly snapshot: ActorSnapshot
}

/** The status of an aggregate. The page reads the calls in flight from it. */
export interface ReceivedStatus {
  readonly type: '@cutover.status'
  readonly sessionId?: string
  readonly createdAt: string
  readonly status: {
    readonly waiting?: number
    readonly versions: readonly { readonly version: string; readonly inFlight: number }[]
  }
}

/** The metrics of an aggregate. */
interface ReceivedMetrics {
  readonly type: '@cutover.metrics'
  readonly sessionId?: string
  readonly createdAt: string
  readonly metrics: UnknownRecord
}

/** Where a rollout stands, and how it has just ended, if it has. */
export interface ReceivedRollout {
  readonly type: '@cutover.rollout'
  readonly sessionId?: string
  readonly createdAt: string
  readonly rollout: {
    readonly status: {
      readonly id: string
      readonly state: string
      readonly candidate?: unknown
      readonly from?: unknown
      readonly progress?: unknown
    }
    readonly ended?: UnknownRecord
  }
}

/** How many messages this page has missed since it connected. */
interface ReceivedDropCount {
  readonly type: '@cutover.dropped'
  readonly count: number
  readonly createdAt: string
}

/** A message that the page understands. */
export type ReceivedMessage =
  | ReceivedActor
  | ReceivedEvent
  | ReceivedSnapshot
  | ReceivedStatus
  | ReceivedMetrics
  | ReceivedRollout
  | ReceivedDropCount

const isObject = (value: unknown): value is UnknownRecord =>
  typeof value === 'object' && value !== null && !Array.isArray(value)
const isEvent = (value: unknown) => typeof asRecord(value)['type'] === 'string'
const hasSessionId = (it: UnknownRecord) => typeof it['sessionId'] === 'string'
const isVersionStatus = (value: unknown) => {
  const { version, inFlight } = asRecord(value)
  return typeof version === 'string' && typeof inFlight === 'number'
}

/** Whether a message of the type has the fields that the page needs. */
const VALIDATORS: Readonly<Record<string, (it: UnknownRecord) => boolean>> = {
  '@xstate.actor': hasSessionId,
  '@xstate.event': it => hasSessionId(it) && isEvent(it['event']),
  '@xstate.snapshot': it => hasSessionId(it) && isObject(it['snapshot']),
  '@cutover.metrics': it => isObject(it['metrics']),
  '@cutover.rollout': it => {
    const { status, ended } = asRecord(it['rollout'])
    const { id, state } = asRecord(status)
    return typeof id === 'string' && typeof state === 'string' && (ended === undefined || isObject(ended))
  },
  '@cutover.dropped': it => typeof it['count'] === 'number',
  '@cutover.status': ({ status }) => {
    const { versions } = asRecord(status)
    return Array.isArray(versions) && versions.every(isVersionStatus)
  },
}

/** Parses a message; undefined if the page does not understand it. */
export function parseMessage(json: string): ReceivedMessage | undefined {
  try {
    return toMessage(JSON.parse(json))
  } catch {
    return undefined
  }
}

/** Validates a parsed message, and fills in defaults for optional fields. */
export function toMessage(value: unknown): ReceivedMessage | undefined {
  if (!isObject(value) || typeof value['type'] !== 'string') return undefined
  if (VALIDATORS[value['type']]?.(value) !== true) return undefined
  const createdAt = String(value['createdAt'] ?? '')
  if (value['type'] === '@xstate.actor') {
    const { name, sessionId, parentId, definition, snapshot } = value
    return {
      ...value,
      createdAt,
      name: typeof name === 'string' ? name : sessionId,
      parentId: typeof parentId === 'string' ? parentId : undefined,
      definition: typeof definition === 'string' ? definition : undefined,
      snapshot: isObject(snapshot) ? snapshot : undefined,
    } as ReceivedActor
  }
  if (value['type'] === '@xstate.snapshot' && !isEvent(value['event'])) {
    return { ...value, createdAt, event: { type: '' } } as unknown as ReceivedSnapshot
  }
  return { ...value, createdAt } as unknown as ReceivedMessage
}

/** When a message was created, in ms; NaN if it does not say. */
export function timeOf(message: ReceivedMessage): number {
  return message.createdAt === '' ? Number.NaN : Number(message.createdAt)
}
