import assert from 'node:assert/strict'
import type { VersionPair } from '../../../machines/index.js'
import type { Deadline } from '../deadline.js'
import type { ModelState } from './steps.js'

/** What the aggregate promised, and has to keep as soon as it has come to rest (rules 9 and 19). */
export class PendingPromises {
  readonly #deadline: Deadline
  #pending: { readonly what: string; readonly promise: Promise<unknown>; readonly isPair: boolean }[] = []

  constructor(deadline: Deadline) {
    this.#deadline = deadline
  }

  /** The promise of a `setVersion`. */
  expectPair(promise: Promise<VersionPair>): void {
    this.#add('setVersion', promise, true)
  }

  expect(what: string, promise: Promise<unknown>): void {
    this.#add(what, promise, false)
  }

  /** In this state every promise must be kept. */
  async expectDone({ context: { active, next } }: ModelState): Promise<void> {
    for (const { what, promise, isPair } of this.#pending.splice(0)) {
      const value = await this.#deadline.wait(promise, `the promise of ${what}()`)
      if (isPair) assert.deepEqual(value, { active, next }, 'setVersion() resolved with another pair:')
    }
  }

  #add(what: string, promise: Promise<unknown>, isPair: boolean): void {
    promise.catch(() => {})
    this.#pending.push({ what, promise, isPair })
  }
}
