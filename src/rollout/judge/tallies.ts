import type { Tally } from './judge.js'

/** The calls of a phase, by version. */
export class Tallies {
  #candidate = { calls: 0, failures: 0 }
  #active = { calls: 0, failures: 0 }

  get candidate(): Tally {
    return { ...this.#candidate }
  }

  get active(): Tally {
    return { ...this.#active }
  }

  /** The calls of both versions. */
  get calls(): number {
    return this.#candidate.calls + this.#active.calls
  }

  count(isCandidate: boolean, failed: boolean): void {
    const tally = isCandidate ? this.#candidate : this.#active
    tally.calls += 1
    if (failed) tally.failures += 1
  }

  answered(isCandidate: boolean, calls: number): void {
    const tally = isCandidate ? this.#candidate : this.#active
    tally.calls += calls
  }

  reset(): void {
    this.#candidate = { calls: 0, failures: 0 }
    this.#active = { calls: 0, failures: 0 }
  }
}
