/** One node's view of the others in a simulated fleet. */
import { type Decision, decide } from '../../../src/fleet/decisions/decide.js'
import type { SeenNode } from '../../../src/fleet/decisions/view.js'
import type { SimStore } from './simStore.js'

/** After so many heartbeats a silent node counts as dead. */
export const TIMEOUT = 5

export class Observer {
  /** Up to which revision it has seen the entries. */
  asOf = 0
  readonly #store: SimStore
  readonly #nodes = new Map<number, SeenNode & { isAlive: boolean }>()
  readonly #heard: Int32Array
  #claimed = 0
  #since = 0
  /** The revisions that it has judged last. */
  #judged = { seen: -1, asOf: -1 }

  constructor(store: SimStore, count: number) {
    this.#store = store
    this.#heard = new Int32Array(count).fill(-TIMEOUT - 1)
  }

  restart(claimed: number, now: number): void {
    this.#claimed = claimed
    this.#since = now
    this.asOf = 0
    this.#judged = { seen: -1, asOf: -1 }
    this.#nodes.clear()
    this.#heard.fill(-TIMEOUT - 1)
  }

  hear(node: number, now: number): void {
    this.#heard[node] = now
  }

  /** Reads further in the log of the entries. */
  read(upTo: number): void {
    for (; this.asOf < upTo; this.asOf++) {
      const { node, entry } = this.#store.entries[this.asOf] as SimStore['entries'][number]
      if (entry === null) this.#nodes.delete(node)
      else this.#nodes.set(node, { name: `node-${node}`, joined: entry.joined || this.asOf + 1, entry, isAlive: false })
    }
  }

  isAlive(node: number, now: number): boolean {
    return now - (this.#heard[node] ?? 0) <= TIMEOUT
  }

  /** Decides, if it has seen something new. @param seen - how many revisions of the record it has seen */
  judge(seen: number, now: number): Decision | null {
    const wanted = this.#store.records[seen - 1]
    if (wanted === undefined || now - this.#since < 2 * TIMEOUT || this.asOf < this.#claimed) return null
    let isNew = seen !== this.#judged.seen || this.asOf !== this.#judged.asOf
    for (const [index, node] of this.#nodes) {
      const isAlive = this.isAlive(index, now)
      isNew ||= node.isAlive !== isAlive
      node.isAlive = isAlive
    }
    if (!isNew) return null
    this.#judged = { seen, asOf: this.asOf }
    return decide({ wanted, nodes: [...this.#nodes.values()], asOf: this.asOf })
  }
}
