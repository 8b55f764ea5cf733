import type { CallsInFlight } from './callsInFlight.js'
import type { Endpoint } from './endpoint.js'
import type { MirroredCalls } from './mirroredCalls.js'

/** Where calls go, by version. If `active` is null, they wait. */
export interface Route {
  readonly active: string | null
  /** The version that also gets propagated calls, and its share of the others. */
  readonly next: string | null
  /** The percentage of the calls that go to the next version. @default 0 */
  readonly share?: number
  /** The versions that calls can be pinned to: each is running, or waited for. @default none */
  readonly inPlace?: readonly string[]
  /** Whether every call is rejected. */
  readonly closed: boolean
}

/** A version as the router sees it. */
export interface Backend<Req, Res> {
  readonly version: string
  readonly endpoint: Endpoint<Req, Res>
  readonly calls: CallsInFlight<Res>
  /** The calls that were propagated to it. @default none: nothing is propagated to it */
  readonly mirrored?: MirroredCalls<Req, Res>
}

/** Finds a version by its name. */
export type FindBackend<Req, Res> = (version: string) => Backend<Req, Res> | undefined
