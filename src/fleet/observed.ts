/** The state of a fleet as one observer has read it: its record, and the entries of its nodes. */
import type { FleetView } from './decisions/view.js'
import type { Liveness } from './liveness.js'
import { type NodeEntry, readNodeEntry } from './record/nodeEntry.js'
import { readWanted, type Wanted } from './record/wanted.js'
import type { Revision } from './store/index.js'

interface ObservedNode {
  readonly name: string
  readonly joined: number
  readonly entry: NodeEntry | null
  /** Why its entry cannot be read. */
  readonly unreadable: string | null
}

/** How long a node whose entry cannot be read may be silent, in ms. */
const UNREADABLE_TIMEOUT = 10_000

export class Observed {
  /** The last record that could be read. */
  wanted: Wanted | null = null
  /** Why the newest record is refused; null if it is {@link wanted}. */
  refused: string | null = null
  /** The revision of the newest record, readable or not; 0 if there is none. */
  revision = 0
  /** The revision of the nodes' bucket up to which it knows all entries. */
  asOf = 0
  readonly #nodes = new Map<string, ObservedNode>()

  /** Begins again: the store may be another one. The last good record stays. */
  restart(): void {
    this.revision = 0
    this.asOf = 0
    this.#nodes.clear()
  }

  /** Takes a revision of the record. @returns whether it is news */
  takeWanted({ revision, bytes }: Revision): boolean {
    if (revision <= this.revision) return false
    this.revision = revision
    const read = bytes === null ? { ok: false as const, why: 'it was deleted', isLater: false } : readWanted(bytes)
    this.refused = read.ok ? null : read.why
    if (read.ok) this.wanted = read.value
    return true
  }

  /** Takes a revision of a node's entry. */
  takeNode({ key: name, revision, bytes }: Revision): void {
    this.asOf = Math.max(this.asOf, revision)
    if (bytes === null) {
      this.#nodes.delete(name)
      return
    }
    const read = readNodeEntry(bytes)
    const entry = read.ok ? read.value : null
    this.#nodes.set(name, { name, joined: entry?.joined || revision, entry, unreadable: read.ok ? null : read.why })
  }

  get nodes(): readonly ObservedNode[] {
    return [...this.#nodes.values()]
  }

  has(node: string): boolean {
    return this.#nodes.has(node)
  }

  isAlive({ name, entry }: ObservedNode, liveness: Liveness): boolean {
    return liveness.isAlive(name, entry?.heartbeatTimeout ?? UNREADABLE_TIMEOUT)
  }

  /** The view to decide by; null without a record that is in force. */
  view(liveness: Liveness): FleetView | null {
    const { wanted, asOf } = this
    if (wanted === null || this.refused !== null) return null
    return { wanted, asOf, nodes: this.nodes.map(node => ({ ...node, isAlive: this.isAlive(node, liveness) })) }
  }
}
