/** Which nodes are alive, as one observer hears them. */

/**
 * Counts the observer's own ticks since it heard each node. A tick is a timer of its own process: no wall clock matters, and an
 * observer that was stopped for an hour has not missed a tick.
 */
export class Liveness {
  readonly #interval: number
  readonly #heard = new Map<string, number>()
  #tick = 0
  #since = 0

  /** @param interval - the time between two ticks, in ms */
  constructor(interval: number) {
    this.#interval = interval
  }

  tick(): void {
    this.#tick++
  }

  hear(node: string): void {
    this.#heard.set(node, this.#tick)
  }

  /** Whether a node was heard within `timeout` ms, or since the tick before the last one: an observer may tick less often than others beat. */
  isAlive(node: string, timeout: number): boolean {
    const heard = this.#heard.get(node)
    return heard !== undefined && (this.#tick - heard) * this.#interval <= Math.max(timeout, 2 * this.#interval)
  }

  /** How long it has listened since it began, or began again, in ms. */
  get listened(): number {
    return (this.#tick - this.#since) * this.#interval
  }

  /** Forgets what it heard before a gap. */
  restart(): void {
    this.#heard.clear()
    this.#since = this.#tick
  }

  forget(node: string): void {
    this.#heard.delete(node)
  }
}
