import type { AggregateStatus } from '../../status.js'

/** The version of `@statelyai/inspect` whose messages these are. */
export const PROTOCOL_VERSION = '0.7.2'

/** What all messages about an actor have. */
export interface ActorMessage {
  /** The actor it is about. */
  readonly sessionId: string
  /** The root of the actor's system. */
  readonly rootId: string
  /** When it happened, in ms since 1970, as text. */
  readonly createdAt: string
  /** Always null: Stately's inspector gives its messages none either. */
  readonly id: null
  /** The version of `@statelyai/inspect` whose messages these are. */
  readonly _version: string
}

/** There is an actor. One may be announced again, with a newer snapshot, to a viewer that has missed something. */
export interface ActorAnnounced extends ActorMessage {
  /** Which message it is. */
  readonly type: '@xstate.actor'
  /** The actor's id, or that of its machine if it was given none. */
  readonly name: string
  /** The actor that made it; absent for a root. */
  readonly parentId?: string | undefined
  /** The config of its machine as JSON text. */
  readonly definition: string
  /** Its latest snapshot. */
  readonly snapshot?: unknown
}

/** An event was sent to an actor. */
export interface EventSent extends ActorMessage {
  /** Which message it is. */
  readonly type: '@xstate.event'
  /** The event. */
  readonly event: unknown
  /** The actor that sent it, if it was one. */
  readonly sourceId?: string | undefined
}

/** An actor has taken an event, and this is how it stands now. */
export interface SnapshotTaken extends ActorMessage {
  /** Which message it is. */
  readonly type: '@xstate.snapshot'
  /** The event that led to it. */
  readonly event: unknown
  /** The snapshot. */
  readonly snapshot: unknown
}

/** How an aggregate stands, which was given to `watch`. Only our own page knows this message; others pass over it. */
export interface StatusChanged {
  /** Which message it is. */
  readonly type: '@cutover.status'
  /** The aggregate's actor, if the inspector sees it too. */
  readonly sessionId?: string | undefined
  /** When it was so, in ms since 1970, as text. */
  readonly createdAt: string
  /** How it stands. */
  readonly status: AggregateStatus
}

/** This viewer was too slow. Only our own page knows this message; others pass over it. */
export interface MessagesDropped {
  /** Which message it is. */
  readonly type: '@cutover.dropped'
  /** How many messages this viewer has missed so far, all together. */
  readonly count: number
  /** When it was noticed, in ms since 1970, as text. */
  readonly createdAt: string
}

/** What a viewer is sent, each as JSON text in one WebSocket message. */
export type InspectorMessage = ActorAnnounced | EventSent | SnapshotTaken | StatusChanged | MessagesDropped
