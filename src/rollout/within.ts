import type { Clock } from '../contract/index.js'
import { onAbort } from '../support/index.js'

/** Waits for a promise, for so many ms, or until `signal` fires. Its later outcome is dropped. */
export function within<T>(
  clock: Clock,
  timeout: number,
  tooSlow: () => Error,
  signal: AbortSignal,
  promise: Promise<T>,
): Promise<T> {
  if (signal.aborted) return unlessAborted(signal, promise)
  return new Promise((resolve, reject) => {
    const timer = clock.setTimeout(() => reject(tooSlow()), timeout)
    const unlisten = onAbort(signal, () => {
      clock.clearTimeout(timer)
      reject(signal.reason)
    })
    promise.then(resolve, reject).finally(() => {
      clock.clearTimeout(timer)
      unlisten()
    })
  })
}

/** Waits for a promise, or until `signal` fires: rejects with its reason then. */
export function unlessAborted<T>(signal: AbortSignal | undefined, promise: Promise<T>): Promise<T> {
  if (signal === undefined) return promise
  if (signal.aborted) {
    promise.catch(() => {})
    return Promise.reject(signal.reason)
  }
  return new Promise((resolve, reject) => {
    const unlisten = onAbort(signal, () => reject(signal.reason))
    promise.then(resolve, reject).finally(unlisten)
  })
}
