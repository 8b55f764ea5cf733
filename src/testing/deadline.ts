import { setTimeout as delay } from 'node:timers/promises'

/** The time a case has; every wait of it ends with it, and says then what it waited for. */
export class Deadline {
  readonly #timeout: number
  readonly #deadline: number

  /** @param timeout - in ms, from now on */
  constructor(timeout: number) {
    this.#timeout = timeout
    this.#deadline = performance.now() + timeout
  }

  /** Settles as `promise` does. */
  async wait<T>(promise: Promise<T>, what: string): Promise<T> {
    const timer = new AbortController()
    const given = delay(Math.max(0, this.#deadline - performance.now()), undefined, { signal: timer.signal })
    const late = given.then(() => {
      throw new Error(`Waited for ${what}, in vain: the ${this.#timeout} ms of this case are over.`)
    })
    try {
      return await Promise.race([promise, late])
    } finally {
      timer.abort()
      late.catch(() => {})
    }
  }
}
