import { setTimeout as delay } from 'node:timers/promises'

/** The time a case has; every wait of it ends with it, and says then what it waited for. */
export class Patience {
  readonly #timeout: number
  readonly #deadline: number

  /** @param timeout - in ms, from now on */
  constructor(timeout: number) {
    this.#timeout = timeout
    this.#deadline = performance.now() + timeout
  }

  /** Settles as `promise` does. */
  async for<T>(promise: Promise<T>, what: string): Promise<T> {
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

  /** Asks again and again, until the answer is the expected one. */
  async until<T>(ask: () => Promise<T>, isExpected: (answer: T) => boolean, what: string): Promise<void> {
    let answer = await this.for(ask(), what)
    while (!isExpected(answer)) {
      await this.for(delay(2), `${what} (the last answer was ${JSON.stringify(answer)})`)
      answer = await this.for(ask(), what)
    }
  }
}
