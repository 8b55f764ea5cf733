/** What the walks note down of everything that happens, for the invariants to judge. */
import type { Handover, VersionPair } from 'cutover'
import type { WalkHost } from './walkHost.js'

/** What an aggregate is made with, and how the walk ends. Times in ms. */
export interface WalkOptions {
  readonly handover: Handover
  readonly drainTimeout: number
  readonly stopTimeout: number
  readonly waitTimeout: number
  readonly maxWaitingCalls: number
  readonly logger: 'listens' | 'throws'
  /** The statecharts are inspected, which takes time. */
  readonly inspects: boolean
  /** Before the aggregate is disposed of, every call that hangs is answered. */
  readonly answersAtEnd: boolean
}

/** How a promise was settled. */
export type Outcome = { readonly value: unknown } | { readonly error: unknown }

/** A call from its caller's side. */
export interface CallRecord {
  /** Its place in the order of arrival. */
  readonly number: number
  readonly request: string
  readonly signal: AbortSignal | undefined
  readonly madeAt: number
  /** Not from within an event, nor from within a host. */
  readonly isPlain: boolean
  /** How many calls waited when it was made. */
  readonly waitingBefore: number
  /** The active version that it was sent to. */
  sentTo: WalkHost | null
  /** How often that had died by then. */
  deathsBefore: number
  activeSends: number
  nextSends: number
  /** The hosts that it reached, in order. */
  readonly reached: WalkHost[]
  /** What the active version made of it. */
  answer: Outcome | null
  outcome: Outcome | null
  settlements: number
}

/** Any other promise that the aggregate gave. */
export interface PromiseRecord {
  readonly of: 'setVersion' | 'stop' | 'dispose' | 'whenRunning' | 'getInfo' | 'abort'
  readonly signal: AbortSignal | undefined
  /** Of `whenRunning`: the version that it waits for; null for whichever is active. */
  readonly version: string | null
  /** The host of the active version when it was asked for. */
  readonly active: WalkHost | null
  /** The hosts that were up when it was asked for. */
  readonly up: readonly WalkHost[]
  /** Of `setVersion`: the first pair in place, once all was settled. Of `whenRunning`: the versions seen running. Of `stop`:
   * the state, once all was down. */
  readonly seen: (VersionPair | string)[]
  /** Of `whenRunning`: at some moment its version was wanted neither as active nor as next. */
  wasUnwanted: boolean
  outcome: Outcome | null
}

/** A call went out to a host. */
export interface Sent {
  readonly call: CallRecord
  readonly host: WalkHost
  readonly role: Role
  /** The aggregate is running, and so is its active version. */
  readonly isServing: boolean
}

/** What the aggregate passes on to hosts at once, besides calls. */
export type Ask = 'getInfo' | 'abort' | 'updateCapabilityTEE'

/** What a host is to the aggregate; `leaving` was active, `none` is neither there yet nor there any more. */
export type Role = 'active' | 'next' | 'leaving' | 'none'

/** An event that subscribers must hear; `mark` is what tells it from all others of its type. */
export interface Expected {
  readonly type: string
  readonly mark: unknown
}
