import type { ActorRefLike } from 'xstate'
import type { AggregateMetrics, AggregateStatus } from '../../aggregate/index.js'
import type { ShownRollout } from './messages.js'

/** The facts about an actor that the inspector keeps, also after the history has dropped its announcement. */
export interface ActorInfo {
  readonly sessionId: string
  readonly rootId: string
  readonly parentId: string | undefined
  readonly name: string
  /** The config of its machine, if the actor is a machine. */
  readonly config: object | undefined
  readonly createdAt: number
  /** The actor itself, until it stops. */
  ref: ActorRefLike | undefined
  /** Its last snapshot, once it has stopped. */
  lastSnapshot: unknown
}

/** Something that happened, held by reference. It becomes a message when a client reads it. */
export type RecordedEvent =
  | { readonly type: '@xstate.actor'; readonly actor: ActorInfo }
  | {
      readonly type: '@xstate.event'
      readonly event: unknown
      readonly sessionId: string
      readonly rootId: string
      readonly sourceId: string | undefined
      readonly createdAt: number
    }
  | {
      readonly type: '@xstate.snapshot'
      readonly event: unknown
      readonly snapshot: unknown
      readonly sessionId: string
      readonly rootId: string
      readonly createdAt: number
    }
  | {
      readonly type: '@cutover.status'
      readonly sessionId: string | undefined
      readonly status: AggregateStatus
      readonly createdAt: number
    }
  | {
      readonly type: '@cutover.metrics'
      readonly sessionId: string | undefined
      readonly metrics: AggregateMetrics
      readonly createdAt: number
    }
  | {
      readonly type: '@cutover.rollout'
      readonly sessionId: string | undefined
      readonly rollout: ShownRollout
      readonly createdAt: number
    }
