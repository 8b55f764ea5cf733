/** The buckets of a simulated fleet: logs of the record and of the nodes' entries. */

import type { NodeEntry } from '../../../src/fleet/record/nodeEntry.js'
import { isRolling, type Wanted } from '../../../src/fleet/record/wanted.js'

export interface Entry {
  readonly node: number
  readonly entry: NodeEntry | null
}

export class SimStore {
  /** Its index is its revision, less one. */
  readonly records: Wanted[] = []
  /** Its index is its revision, less one. */
  readonly entries: Entry[] = []
  /** The last entry of each node, and its revision. */
  readonly latest = new Map<number, { readonly entry: NodeEntry; readonly revision: number }>()

  put(node: number, entry: NodeEntry | null): number {
    const revision = this.entries.push({ node, entry })
    if (entry === null) this.latest.delete(node)
    else this.latest.set(node, { entry, revision })
    return revision
  }

  get record(): Wanted | null {
    return this.records.at(-1) ?? null
  }

  get isRolling(): boolean {
    return this.record !== null && isRolling(this.record)
  }

  /** Compare-and-set. @param seen - how many revisions the writer has seen */
  replace(record: Wanted, seen: number): boolean {
    if (seen !== this.records.length) return false
    this.records.push(record)
    return true
  }

  /** The nodes that were registered at a revision. */
  registeredAt(revision: number): Set<number> {
    const found = new Set<number>()
    for (const { node, entry } of this.entries.slice(0, revision)) {
      if (entry === null) found.delete(node)
      else found.add(node)
    }
    return found
  }
}
