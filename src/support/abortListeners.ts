/** The callbacks of each signal. */
const listeners = new WeakMap<AbortSignal, Set<() => void>>()

/**
 * Calls `callback` when `signal` fires. Call the returned function to remove the callback.
 *
 * All callbacks of a signal share one listener, because Node.js warns of a leak from the eleventh listener on, and many
 * calls may share a signal.
 */
export function onAbort(signal: AbortSignal, callback: () => void): () => void {
  const waiting = listeners.get(signal) ?? listen(signal)
  waiting.add(callback)
  return () => {
    waiting.delete(callback)
    if (waiting.size > 0 || listeners.get(signal) !== waiting) return
    listeners.delete(signal)
    signal.removeEventListener('abort', fire)
  }
}

function listen(signal: AbortSignal): Set<() => void> {
  const waiting = new Set<() => void>()
  signal.addEventListener('abort', fire)
  listeners.set(signal, waiting)
  return waiting
}

function fire(this: AbortSignal): void {
  const waiting = listeners.get(this)
  listeners.delete(this)
  this.removeEventListener('abort', fire)
  for (const callback of waiting ?? []) callback()
}
