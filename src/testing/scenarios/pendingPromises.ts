import assert from 'node:assert/strict'
import type { Deadline } from '../deadline.js'
import type { ModelState } from './steps.js'

interface PendingPromise {
  readonly method: 'setVersion' | 'swap' | 'stop' | 'dispose'
  readonly promise: Promise<unknown>
}

/** The promises of `setVersion()`, `swap()`, `stop()` and `dispose()`: each must resolve when the aggregate is at rest (rules 9, 19). */
export class PendingPromises {
  readonly #deadline: Deadline
  #pending: PendingPromise[] = []

  constructor(deadline: Deadline) {
    this.#deadline = deadline
  }

  add(method: PendingPromise['method'], promise: PendingPromise['promise']): void {
    promise.catch(() => {})
    this.#pending.push({ method, promise })
  }

  /** Every promise must resolve in this state; those of `setVersion()` and `swap()` with the pair in place. */
  async expectResolved({ context: { active, next } }: ModelState): Promise<void> {
    for (const { method, promise } of this.#pending.splice(0)) {
      const value = await this.#deadline.wait(promise, `the promise of ${method}()`)
      if (method === 'setVersion' || method === 'swap') {
        assert.deepEqual(value, { active, next }, `${method}() must resolve with the pair in place:`)
      }
    }
  }
}
