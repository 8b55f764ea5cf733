import type { Clock } from '../contract/index.js'

/** Waits for a promise, for so many ms. Its later outcome is dropped. */
export function within<T>(clock: Clock, timeout: number, tooSlow: () => Error, promise: Promise<T>): Promise<T> {
  return new Promise((resolve, reject) => {
    const timer = clock.setTimeout(() => reject(tooSlow()), timeout)
    promise.then(resolve, reject).finally(() => clock.clearTimeout(timer))
  })
}
