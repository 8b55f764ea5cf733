import { setTimeout as delay } from 'node:timers/promises'

/** The time limit of one test case. A wait that exceeds it rejects, and its error names what did not happen. */
export class Deadline {
  readonly #timeout: number
  readonly #end: number

  /** @param timeout - in ms, from now */
  constructor(timeout: number) {
    this.#timeout = timeout
    this.#end = performance.now() + timeout
  }

  /**
   * Settles as `promise` does, or rejects at the deadline.
   *
   * @param what - completes the message "Timed out waiting for …"
   */
  async wait<T>(promise: Promise<T>, what: string): Promise<T> {
    const timer = new AbortController()
    const rest = delay(Math.max(0, this.#end - performance.now()), undefined, { signal: timer.signal })
    const timedOut = rest.then(() => {
      throw new Error(`Timed out waiting for ${what}. This case has ${this.#timeout} ms (option "timeout").`)
    })
    try {
      return await Promise.race([promise, timedOut])
    } finally {
      timer.abort()
    }
  }
}
