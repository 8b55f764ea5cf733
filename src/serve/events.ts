import type { AggregateStatus } from '../aggregate/index.js'
import type { PoolStatus } from '../contract/index.js'
import type { RolloutStatus, RolloutStep } from '../rollout/index.js'

/** A line of the log. */
export interface LogLine {
  /** ISO 8601 */
  readonly time: string
  readonly text: string
}

/** A copy was made, and its rollout begins. */
export interface Released {
  readonly type: 'released'
  readonly version: string
  readonly path: string
  readonly files: number
  readonly bytes: number
  readonly leftOut: readonly string[]
  /** The check that the new version must pass first: a path, or a module. */
  readonly verify: string | null
  readonly steps: readonly RolloutStep[]
  /** ms */
  readonly soak: number
  readonly instances: number
}

/** How a command ended. */
export type Done =
  | { readonly type: 'done'; readonly ok: true; readonly text: string; readonly warning?: string | undefined }
  | { readonly type: 'done'; readonly ok: false; readonly code: string; readonly text: string }

/** An event that a service sends to a command, as one line of JSON. The last one is `done`. */
export type ServeEvent =
  | Released
  | { readonly type: 'rollout'; readonly status: RolloutStatus }
  | { readonly type: 'log'; readonly line: LogLine }
  | { readonly type: 'status'; readonly status: ServeStatus }
  | Done

/** One version of the application. */
export interface ServedVersion {
  /** Its version string. */
  readonly version: string
  /** `active`, `next`, or null while it leaves. */
  readonly role: 'active' | 'next' | null
  /** The state of its machine, as `aggregate.status()` gives it. */
  readonly state: AggregateStatus['versions'][number]['state']
  /** `draining`, `terminating` or `gaveUp`; null in any other state. */
  readonly phase: AggregateStatus['versions'][number]['phase']
  /** Its part of the requests, in percent. */
  readonly share: number
  /** How many requests are under way. */
  readonly inFlight: number
  /** How many requests it has got so far. */
  readonly requests: number
  /** Requests that were answered with 500 or more, or not at all. */
  readonly failed: number
  /** How often all its processes were down. */
  readonly restarts: number
  /** How many of its processes are up; null without processes. */
  readonly processes: PoolStatus | null
  /** The message of its last failure; null if there was none. */
  readonly lastError: string | null
}

/** Where a service stands, as `cutover status --json` prints it. */
export interface ServeStatus {
  /** The process that holds the listener. */
  readonly pid: number
  /** Where it listens; null before that, and while it ends. */
  readonly url: string | null
  /** The page that shows the state diagrams. */
  readonly inspector: string | null
  /** ISO 8601 */
  readonly since: string
  /** The path that SIGHUP deploys. */
  readonly path: string | null
  /** The version that gets the requests; null if there is none. */
  readonly active: string | null
  /** All versions that run, or leave. */
  readonly versions: readonly ServedVersion[]
  /** The rollout under way, or the last one. */
  readonly rollout: RolloutStatus
  /** The releases on the disk, from old to new. */
  readonly releases: readonly string[]
}
