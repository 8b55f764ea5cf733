import type { RuntimeEvent } from './runtime.js'

/** The channels of `node:diagnostics_channel` that this library publishes to. */
export const CALL_CHANNEL = 'cutover.call'
export const SWITCH_CHANNEL = 'cutover.switch'
export const EVENT_CHANNEL = 'cutover.event'
export const INSTANCE_CHANNEL = 'cutover.instance'

/** Why a call went to its version: it is the active one, the next one, which has a share, or the one that the call named. */
export type CallRole = 'active' | 'next' | 'pinned'

/**
 * A call, as the tracing channel `cutover.call` tells of it: one object for all events of the call. It holds neither the request nor
 * the answer.
 */
export interface CallMessage {
  /** The id of the aggregate. */
  readonly aggregate: string
  /** The version that got the call; null until it is sent. A call that is refused, or given up while it waits, keeps null. */
  readonly version: string | null
  /** Null as long as `version` is. */
  readonly role: CallRole | null
  /**
   * The trace that the call belongs to, from its options. A subscriber of `start` may set it: then the runtime gets that one.
   */
  traceparent: string | undefined
  /** The reason of the rejection, from the event `error` on. */
  readonly error?: unknown
}

/** A message of the channel `cutover.switch`: another version serves than before. */
export interface SwitchMessage {
  /** The id of the aggregate. */
  readonly aggregate: string
  /** The version that served before; null if none has. */
  readonly from: string | null
  /** The version that serves now. */
  readonly to: string
  /** Whether `from` stays up as next. */
  readonly swapped: boolean
  /** How long no version served although one was wanted, in ms; 0 for a swap and an overlap. */
  readonly duration: number
}

/** A message of the channel `cutover.event`: a version has emitted an event. */
export interface EventMessage {
  /** The id of the aggregate. */
  readonly aggregate: string
  /** The version whose event it is. */
  readonly version: string
  /** Its role; `leaving` once it is being torn down. */
  readonly role: 'active' | 'next' | 'leaving'
  /** The event, as `watchEvents()` emits it. */
  readonly event: RuntimeEvent
}

/** A message of the channel `cutover.instance`: an instance of a pool has emitted an event. */
export interface InstanceMessage {
  /** The id of the runtime, which is that of its aggregate. */
  readonly runtime: string
  /** The version of the pool. */
  readonly version: string
  /** The number of the instance, from 0. */
  readonly instance: number
  /** The event of the instance. The events of its pool are on `cutover.event`. */
  readonly event: RuntimeEvent
}
