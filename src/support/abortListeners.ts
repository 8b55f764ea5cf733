/** Who waits for which signal; the signal itself has one listener of ours. */
const listeners = new WeakMap<AbortSignal, Set<() => void>>()

/**
 * Calls `callback` when `signal` fires, until the returned function is called. However many wait for one signal, it gets
 * one listener: from the eleventh on Node.js would warn of a leak, though many calls may well share a signal.
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
