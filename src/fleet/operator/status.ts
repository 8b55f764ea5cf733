/** Where a fleet stands, as an operator sees it, as plain JSON. */
import { placeOf, sizeOf } from '../decisions/order.js'
import { concerned, type SeenNode, type Standing } from '../decisions/view.js'
import { type FleetState, fleetStateOf } from '../node/nodeSnapshot.js'
import type { NodeState } from '../record/nodeEntry.js'
import { isRolling, type Wanted } from '../record/wanted.js'

/** A registered node, as an operator sees it. */
export interface FleetNodeStatus {
  /** The name of the node. */
  readonly name: string
  /** The wave in which it runs the version of the record, or ran the one that failed, from 0; null: it was registered later. */
  readonly wave: number | null
  /** The version that has proved itself on it, canonical SemVer. */
  readonly version: string | null
  /** `unreadable`: a later release has written its entry. */
  readonly state: NodeState | 'unreadable'
  /** The version that `state` is about. */
  readonly target: string | null
  /** The state of its rollout, as its last heartbeat said; null if none was heard. */
  readonly rollout: string | null
  /** Why it failed, or cannot be read. */
  readonly reason: string | null
  /** Whether it is heard; null: not yet, and it is too early to judge. */
  readonly alive: boolean | null
}

/** One revision of the record of a fleet. */
export interface FleetRevision {
  /** The revision of the record in its bucket. */
  readonly revision: number
  /** When the server stored it, in ISO 8601. */
  readonly at: string
  /** Null if it cannot be read, or was deleted. */
  readonly wanted: Wanted | null
  /** Why it cannot be read. */
  readonly refused: string | null
}

/** Where a fleet stands, as plain JSON. */
export interface FleetStatus {
  /** The name of the fleet. */
  readonly fleet: string
  /** `empty`: it has no record yet; `permanent`: all waves have passed; `halted`: it goes back, or went. */
  readonly state: FleetState
  /** The last record that could be read. */
  readonly wanted: Wanted | null
  /** Why the newest record is refused; null if it is {@link wanted}. */
  readonly refused: string | null
  /** The reason why the open wave waits, as a sentence; null if none is open. */
  readonly waitsFor: string | null
  /** The registered nodes, by wave, then by name. */
  readonly nodes: readonly FleetNodeStatus[]
}

/** A node with what only an operator shows. */
export interface ShownNode extends SeenNode {
  readonly unreadable: string | null
  readonly rollout: string | null
  /** Whether it is too early to say that the node is dead. */
  readonly isUnsure: boolean
}

export function statusOf(
  fleet: string,
  wanted: Wanted | null,
  refused: string | null,
  nodes: readonly ShownNode[],
): FleetStatus {
  const waves = wavesOf(wanted, nodes)
  const shown = nodes.map(node => nodeStatus(node, waves.get(node.name) ?? null))
  const late = Number.POSITIVE_INFINITY
  shown.sort((a, b) => (a.wave ?? late) - (b.wave ?? late) || (a.name < b.name ? -1 : 1))
  return { fleet, state: fleetStateOf(wanted), wanted, refused, waitsFor: waitsFor(wanted, nodes), nodes: shown }
}

function nodeStatus(
  { name, entry, unreadable, rollout, isAlive, isUnsure }: ShownNode,
  wave: number | null,
): FleetNodeStatus {
  const alive = isAlive || !isUnsure ? isAlive : null
  if (entry === null)
    return { name, wave, version: null, state: 'unreadable', target: null, rollout, reason: unreadable, alive }
  const { version, state, target, reason } = entry
  return { name, wave, version, state, target, rollout, reason, alive }
}

/** The wave of each node, for the version that failed if there is one. Later waves are as they would be with the nodes of now. */
function wavesOf(wanted: Wanted | null, nodes: readonly SeenNode[]): ReadonlyMap<string, number> {
  const waves = new Map<string, number>()
  const version = wanted === null || wanted.reason === null ? wanted?.version : wanted.previous
  if (wanted === null || version === undefined || version === null) return waves
  const { members } = wanted
  const isCounted = ({ joined }: SeenNode) => members === null || joined <= members.asOf
  const placed = nodes.filter(isCounted).map(({ name }) => ({ name, place: placeOf(name, version) }))
  placed.sort((a, b) => a.place - b.place || (a.name < b.name ? -1 : 1))
  for (const [at, { name }] of placed.entries()) {
    const wave = wanted.waves.findIndex(({ percent }) => at < sizeOf(percent, placed.length))
    if (wave !== -1) waves.set(name, wave)
  }
  return waves
}

const MEANINGS: Readonly<Record<Standing, string>> = {
  waiting: 'has not begun',
  moving: 'moves',
  proven: 'has proved it',
  failed: 'has failed',
  vanished: 'is silent since it began',
}

function waitsFor(wanted: Wanted | null, nodes: readonly SeenNode[]): string | null {
  if (wanted === null || !isRolling(wanted)) return null
  if (wanted.paused) return 'It is paused.'
  const standings = concerned({ wanted, nodes, asOf: 0 })
  const live = standings.filter(([{ isAlive }]) => isAlive)
  if (live.length === 0) return 'No node of the open waves is alive: bring one back, or deploy again with force.'
  const late = live.filter(([, standing]) => standing === 'waiting' || standing === 'moving')
  if (late.length === 0) {
    const isProven = standings.some(([, standing]) => standing === 'proven')
    return isProven ? 'A node opens the next wave.' : 'No live node of the open waves has proved the version.'
  }
  const named = late.slice(0, 3).map(([{ name }, standing]) => `${name} ${MEANINGS[standing]}`)
  return `${[...named, ...(late.length > 3 ? [`${late.length - 3} more`] : [])].join(', ')}.`
}
