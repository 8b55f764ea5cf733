import type { AggregateMetrics, AggregateStatus } from '../../aggregate/index.js'
import type { RolloutStatus } from '../../rollout/index.js'

/** The version of `@statelyai/inspect` that defines the `@xstate.*` messages. */
export const STATELY_VERSION = '0.7.2'

/** The fields of every message about an actor. */
export interface ActorMessage {
  /** The actor's session id. */
  readonly sessionId: string
  /** The session id of the root of the actor's system. */
  readonly rootId: string
  /** When it happened: milliseconds since 1970, as text. */
  readonly createdAt: string
  /** Always null, as in the messages of Stately's inspector. */
  readonly id: null
  /** The version of `@statelyai/inspect` that defines this message. */
  readonly _version: string
}

/** An actor exists. A client that missed messages may get it again, with a newer snapshot. */
export interface ActorAnnounced extends ActorMessage {
  /** The kind of message. */
  readonly type: '@xstate.actor'
  /** The actor's id, or the id of its machine if the actor was given none. */
  readonly name: string
  /** The session id of the actor that spawned it; absent for a root. */
  readonly parentId?: string | undefined
  /** The config of its machine, as JSON text. */
  readonly definition: string
  /** Its latest snapshot. */
  readonly snapshot?: unknown
}

/** An event was sent to an actor. */
export interface EventSent extends ActorMessage {
  /** The kind of message. */
  readonly type: '@xstate.event'
  /** The event. */
  readonly event: unknown
  /** The session id of the sender, if an actor sent it. */
  readonly sourceId?: string | undefined
}

/** An actor processed an event and has a new snapshot. */
export interface SnapshotTaken extends ActorMessage {
  /** The kind of message. */
  readonly type: '@xstate.snapshot'
  /** The event that led to the snapshot. */
  readonly event: unknown
  /** The snapshot. */
  readonly snapshot: unknown
}

/** The status of an aggregate that was given to `watch` has changed. Only our own page reads this message. */
export interface StatusChanged {
  /** The kind of message. */
  readonly type: '@cutover.status'
  /** The session id of the aggregate's actor, if the aggregate is inspected too. */
  readonly sessionId?: string | undefined
  /** When the status was read: milliseconds since 1970, as text. */
  readonly createdAt: string
  /** The status. */
  readonly status: AggregateStatus
}

/** The metrics of an aggregate that was given to `watch` have changed. Only our own page reads this message. */
export interface MetricsChanged {
  /** The kind of message. */
  readonly type: '@cutover.metrics'
  /** The session id of the aggregate's actor, if the aggregate is inspected too. */
  readonly sessionId?: string | undefined
  /** When the metrics were read: milliseconds since 1970, as text. */
  readonly createdAt: string
  /** The metrics. */
  readonly metrics: AggregateMetrics
}

/** A rollout, and how it has just ended, if it has. */
export interface ShownRollout {
  /** Where it stands. */
  readonly status: RolloutStatus
  /** Only if a version has just proved itself, or is gone again. */
  readonly ended?: RolloutEnd | undefined
}

/** The end of one rollout. */
export interface RolloutEnd {
  /** Canonical SemVer of the candidate. */
  readonly version: string
  /** `promoted`: the version stays. Else the code of the error that `to()` rejects with. */
  readonly outcome: string
  /** Why it does not stay, or stays although it should not; null otherwise. */
  readonly reason: string | null
}

/** A rollout that was given to `watch` has changed. Only our own page reads this message. */
export interface RolloutChanged {
  /** The kind of message. */
  readonly type: '@cutover.rollout'
  /** The session id of the rollout's actor, if the rollout is inspected too. */
  readonly sessionId?: string | undefined
  /** When the status was read: milliseconds since 1970, as text. */
  readonly createdAt: string
  /** The rollout. */
  readonly rollout: ShownRollout
}

/** This client was too slow and missed messages. Only our own page reads this message. */
export interface MessagesDropped {
  /** The kind of message. */
  readonly type: '@cutover.dropped'
  /** How many messages this client has missed since it connected. */
  readonly count: number
  /** When the gap was noticed: milliseconds since 1970, as text. */
  readonly createdAt: string
}

/** A message of the inspector to a client. Each is one WebSocket message of JSON text. */
export type InspectorMessage =
  | ActorAnnounced
  | EventSent
  | SnapshotTaken
  | StatusChanged
  | MetricsChanged
  | RolloutChanged
  | MessagesDropped
