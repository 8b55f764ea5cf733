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
  readonly version: string
  /** `active`, `next`, or null while it leaves. */
  readonly role: 'active' | 'next' | null
  readonly state: AggregateStatus['versions'][number]['state']
  readonly phase: AggregateStatus['versions'][number]['phase']
  /** Its part of the requests, in percent. */
  readonly share: number
  readonly inFlight: number
  readonly requests: number
  /** Requests that were answered with 500 or more, or not at all. */
  readonly failed: number
  /** How often all its processes were down. */
  readonly restarts: number
  readonly processes: PoolStatus | null
  readonly lastError: string | null
}

/** Where a service stands, as `cutover status --json` prints it. */
export interface ServeStatus {
  readonly pid: number
  /** Where it listens; null before that, and while it ends. */
  readonly url: string | null
  /** The page that shows the state diagrams. */
  readonly inspector: string | null
  /** ISO 8601 */
  readonly since: string
  /** The path that SIGHUP deploys. */
  readonly path: string | null
  readonly active: string | null
  readonly versions: readonly ServedVersion[]
  readonly rollout: RolloutStatus
  /** The releases on the disk, from old to new. */
  readonly releases: readonly string[]
}
