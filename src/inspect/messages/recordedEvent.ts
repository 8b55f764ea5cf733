import type { ActorRefLike } from 'xstate'
import type { AggregateStatus } from '../../status.js'

/** What is known of an actor, also when its announcement is gone from the history. */
export interface ActorFacts {
  readonly sessionId: string
  readonly rootId: string
  readonly parentId: string | undefined
  readonly name: string
  /** The config of its machine, if it is one. */
  readonly config: object | undefined
  readonly createdAt: number
  /** As long as it lives. */
  ref: ActorRefLike | undefined
  /** The last snapshot of one that has stopped. */
  last: unknown
}

/** What happened, by reference: made into a message only when somebody looks. */
export type Happening =
  | { readonly type: '@xstate.actor'; readonly actor: ActorFacts }
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
