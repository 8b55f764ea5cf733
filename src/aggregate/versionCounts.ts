import { CallCounts, MirroredCounts } from '../calls/index.js'

/** So many versions that have left keep their counters. */
const MAX_LEFT = 16

/** The counters of one version. */
export class VersionCounts {
  readonly calls = new CallCounts()
  readonly pinned = new CallCounts()
  readonly mirrored = new MirroredCounts()
  /** How often its runtime went down while it was running. */
  restarts = 0

  get isUsed(): boolean {
    const { calls, pinned, mirrored, restarts } = this
    return restarts > 0 || mirrored.skipped > 0 || [calls, pinned, mirrored].some(({ isUsed }) => isUsed)
  }
}

/** The counters of the versions in an aggregate, and of those that left last. A version that is added again goes on counting. */
export class CountsByVersion {
  readonly #present = new Map<string, VersionCounts>()
  /** In the order in which they left. */
  readonly #left = new Map<string, VersionCounts>()

  /** The version is added. */
  enter(version: string): VersionCounts {
    const counts = this.#present.get(version) ?? this.#left.get(version) ?? new VersionCounts()
    this.#left.delete(version)
    this.#present.set(version, counts)
    return counts
  }

  /** The version has left. */
  leave(version: string): void {
    const counts = this.#present.get(version)
    if (counts === undefined) return
    this.#present.delete(version)
    if (!counts.isUsed) return
    this.#left.set(version, counts)
    const [oldest] = this.#left.keys()
    if (this.#left.size > MAX_LEFT && oldest !== undefined) this.#left.delete(oldest)
  }

  /** The versions that have counters, in no particular order. */
  entries(): [string, VersionCounts][] {
    return [...this.#left, ...this.#present]
  }
}
