/** Where a node of a fleet stands, as plain JSON. */
import type { FleetLinkSnapshot, FleetSnapshot } from '../../../machines/index.js'
import type { NodeState } from '../record/nodeEntry.js'
import { isRolling, type Wanted } from '../record/wanted.js'

/** The states of a node. */
export type FleetNodeState = 'joining' | NodeState | 'announcing' | 'leaving' | 'left'

/** The states of its link to the fleet. `away`: the server is; `listening`: it does not judge other nodes yet. */
export type FleetLinkState = 'opening' | 'waiting' | 'away' | 'listening' | 'judging' | 'closed'

/** Where a node of a fleet stands, as plain JSON. */
export interface FleetNodeSnapshot {
  /** The name of the fleet. */
  readonly fleet: string
  /** The name of the node. */
  readonly node: string
  /** The state of the node. */
  readonly state: FleetNodeState
  /** The state of its link to the fleet. */
  readonly link: FleetLinkState
  /** The version that has proved itself on this node, canonical SemVer; null if none has. */
  readonly version: string | null
  /** The version that it has to run; null if the fleet has no record. */
  readonly target: string | null
  /** Why it does not run what it should, why it left, why the link is not open, or why the newest record is refused. */
  readonly reason: string | null
  /** The last record of the fleet that could be read; null before the first one. */
  readonly wanted: Wanted | null
  /** Whether the newest record cannot be read, and changes nothing. */
  readonly refused: boolean
}

export function nodeSnapshot(
  { fleet, node }: { readonly fleet: string; readonly node: string },
  { value, context }: FleetSnapshot,
  link: FleetLinkSnapshot,
  wanted: Wanted | null,
): FleetNodeSnapshot {
  return {
    fleet,
    node,
    state: value,
    link: linkStateOf(link),
    version: context.version,
    target: context.assignment?.version ?? null,
    reason: context.refused ?? context.reason ?? link.context.reason,
    wanted,
    refused: context.refused !== null,
  }
}

function linkStateOf({ value }: FleetLinkSnapshot): FleetLinkState {
  return typeof value === 'string' ? value : value.open
}

/** Where a fleet stands as a whole. */
export type FleetState = 'empty' | 'rolling' | 'paused' | 'permanent' | 'halted'

export function fleetStateOf(wanted: Wanted | null): FleetState {
  if (wanted === null) return 'empty'
  if (wanted.reason !== null) return 'halted'
  if (!isRolling(wanted)) return 'permanent'
  return wanted.paused ? 'paused' : 'rolling'
}
