/** How many times as bad the candidate may be: each test spreads its stake over these guesses. */
export const GUESSES: readonly number[] = [1.25, 1.5, 2, 3, 5, 10, 30, 100]
/** Keeps a sum of eight finite. */
export const MOST = 1e300

/**
 * The stake of a test: a half is bet at once, and the rest event by event, ever more slowly; all of it is 1. Without fresh
 * stake, a fault that begins after a million good calls would be noticed ten times later.
 */
export class Stake {
  #events = 0
  #inverseLog = 1

  /** The part of the stake that is added with the next event: `1/2`, then `1/2 · (1/log2(n+1) − 1/log2(n+2))`. */
  next(): number {
    this.#events += 1
    if (this.#events === 1) return 0.5
    const before = this.#inverseLog
    this.#inverseLog = 1 / Math.log2(this.#events + 1)
    return 0.5 * (before - this.#inverseLog)
  }

  reset(): void {
    this.#events = 0
    this.#inverseLog = 1
  }
}
