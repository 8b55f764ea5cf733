/** The nodes of a fleet as one observer sees them, and how each stands to the version of the record. */
import { withoutFullStop } from '../../contract/index.js'
import type { NodeEntry } from '../record/nodeEntry.js'
import { isRolling, type Wanted } from '../record/wanted.js'
import { keyOf } from './assignment.js'
import { membership, type Registered } from './order.js'

/** A registered node, as an observer sees it. */
export interface SeenNode extends Registered {
  /** Its last entry; null if that cannot be read. */
  readonly entry: NodeEntry | null
  /** Whether the observer has heard it within its heartbeat timeout. */
  readonly isAlive: boolean
}

/** The knowledge of an observer. */
export interface FleetView {
  readonly wanted: Wanted
  readonly nodes: readonly SeenNode[]
  /** The revision of the nodes' bucket up to which it knows all entries. */
  readonly asOf: number
}

/** How a node stands to the version that its fleet moves to. `vanished`: it moved, and is silent. */
export type Standing = 'waiting' | 'moving' | 'proven' | 'failed' | 'vanished'

/** How a node stands to an assignment. */
function standingOf({ entry, isAlive }: SeenNode, key: string): Standing {
  if (entry === null || entry.key !== key || entry.state === 'settled') return 'waiting'
  return entry.state === 'moving' && !isAlive ? 'vanished' : entry.state
}

/** The nodes that the record concerns: while it rolls those of the open waves, on the way back all. */
export function concerned({ wanted, nodes }: FleetView): readonly (readonly [node: SeenNode, standing: Standing])[] {
  const { version, epoch, members } = wanted
  if (version === null) return []
  const isOpen = isRolling(wanted)
  const key = keyOf(epoch, isOpen ? 'candidate' : 'back', version)
  const those = isOpen ? nodes.filter(membership(version, members)) : nodes
  return those.map(node => [node, standingOf(node, key)] as const)
}

/** Why a node does not run the version, as a part of a sentence. */
export function failureOf({ name, entry }: SeenNode, standing: Standing): string {
  if (standing === 'vanished') return `${name} is silent since it began to move`
  return `${name}: ${withoutFullStop(entry?.reason ?? 'it gave no reason')}`
}
