/** The messages between the demo and the nodes of its fleet. */
import type { FleetNodeSnapshot } from 'cutover/fleet'
import type { CallCounts } from '../countCalls.js'
import type { HostName } from '../markdown.js'

/** The configuration of a node, as a JSON file. Times in ms. */
export interface NodeSetup {
  /** The address of the server. */
  readonly server: string
  readonly fleet: string
  readonly host: HostName
  readonly instances: number
  readonly concurrency: number
  readonly from: string
  readonly to: string
  /** Renders as `to`, and fails on some documents. */
  readonly broken: string
  /** How long a share of the calls goes to a new version. */
  readonly step: number
  readonly documents: readonly { readonly path: string; readonly digests: readonly (readonly [string, string])[] }[]
}

/** The message that a node sends again and again. */
export interface NodeFigures {
  readonly type: 'figures'
  readonly snapshot: FleetNodeSnapshot | null
  /** The version that serves. */
  readonly active: string | null
  readonly settled: number
  /** Failed because the demo made them fail. */
  readonly hurt: number
}

/** The message that a node sends at its end. */
export interface NodeEnd {
  readonly type: 'end'
  readonly calls: number
  readonly hurt: number
  readonly counts: CallCounts
}

/** `broken`: the broken version has failed first. `exited`: the process has ended. */
export type NodeMessage =
  | NodeFigures
  | NodeEnd
  | { readonly type: 'tries'; readonly version: string }
  | { readonly type: 'broken' | 'exited' }

/** The times of the heartbeats of the demo, in ms: a node that was cut off is missed soon, and a busy one is not. */
export const HEARTBEATS = { heartbeat: 400, heartbeatTimeout: 2_000 } as const
