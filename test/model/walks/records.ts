/** The facts that a walk records, for the invariants. */
import type { Handover, VersionPair } from 'cutover'
import type { WalkHost } from './walkHost.js'

/** The options of the aggregate, and how the walk ends. Times in ms. */
export interface WalkOptions {
  readonly handover: Handover
  readonly drainTimeout: number
  readonly stopTimeout: number
  readonly waitTimeout: number
  readonly maxWaitingCalls: number
  readonly logger: 'listens' | 'throws'
  /** Whether the statecharts are inspected, which is slow. */
  readonly inspects: boolean
  /** Whether calls have keys. Without them a share is all or nothing, so that a walk can be replayed. */
  readonly hasKeys: boolean
  /** Whether the outcomes of propagated calls are compared. */
  readonly compares: boolean
  /** Whether every pending call is answered before `dispose()`. */
  readonly answersAtEnd: boolean
}

/** The outcome of a promise. */
export type Outcome = { readonly value: unknown } | { readonly error: unknown }

/** A call, as its caller sees it. */
export interface CallRecord {
  /** Its position in the order of arrival. */
  readonly number: number
  readonly request: string
  readonly signal: AbortSignal | undefined
  /** The only version that may get it; null for any. */
  readonly pin: string | null
  readonly madeAt: number
  /** Whether it was made neither inside an event nor inside a host. */
  readonly isPlain: boolean
  /** The number of calls that waited when it was made. */
  readonly waitingBefore: number
  /** The host that got it and answers it. */
  sentTo: WalkHost | null
  /** How often that host had died by then. */
  deathsBefore: number
  /** How often it was sent to the version that answers it, and how often to the other one. */
  sends: number
  mirrors: number
  /** The hosts that got it, in order. */
  readonly reached: WalkHost[]
  /** The answer of the active version. */
  answer: Outcome | null
  outcome: Outcome | null
  settlements: number
}

/** Any other promise of the aggregate. */
export interface PromiseRecord {
  readonly of: 'setVersion' | 'swap' | 'stop' | 'dispose' | 'whenRunning' | 'getInfo' | 'abort'
  readonly signal: AbortSignal | undefined
  /** For `whenRunning`: the version that it waits for; null for the active one. */
  readonly version: string | null
  /** The host of the active version when the method was called. */
  readonly active: WalkHost | null
  /** The hosts that were started and had not left when the method was called. */
  readonly up: readonly WalkHost[]
  /**
   * For `setVersion`: the first pair in place when the aggregate was settled. For `whenRunning`: the versions that were
   * running. For `stop`: the state when all versions were stopped. For `swap`: the pair after it, or the code that refuses it.
   */
  readonly seen: (VersionPair | string)[]
  /** For `whenRunning`: whether at some moment its version was wanted neither as active nor as next. */
  wasUnwanted: boolean
  outcome: Outcome | null
}

/** A call that was sent to a host. */
export interface Sent {
  readonly call: CallRecord
  readonly host: WalkHost
  readonly role: Role
  /** Whether the aggregate is running, and its version too. */
  readonly isUp: boolean
  /** Whether it was sent to another version before, which answers it. */
  readonly isMirror: boolean
  /** The share of the next version, in percent; 0 while that is not running. */
  readonly share: number
}

/** The methods that the aggregate forwards to hosts at once, besides `call()`. */
export type ForwardedMethod = 'getInfo' | 'abort' | 'updateCapabilityTEE'

/** The role of a host; `leaving` was active before; `none` is not in the aggregate, or not started. */
export type Role = 'active' | 'next' | 'leaving' | 'none'

/** An event that subscribers must receive. `identity` tells it from others of the same type. */
export interface Expected {
  readonly type: string
  readonly identity: unknown
}
