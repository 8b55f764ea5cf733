import { setTimeout as delay } from 'node:timers/promises'

/** Waits `ms`, or until `signal` fires. */
export async function pause(ms: number, signal?: AbortSignal): Promise<void> {
  await delay(ms, undefined, signal === undefined ? {} : { signal }).catch(() => {})
}

export function aborted(signal: AbortSignal): Promise<void> {
  return new Promise(resolve => {
    if (signal.aborted) resolve()
    else signal.addEventListener('abort', () => resolve(), { once: true })
  })
}

/** Waits for `work`, but not longer than `ms`. */
export async function within(ms: number, work: Promise<unknown>): Promise<void> {
  let timer: NodeJS.Timeout | undefined
  const deadline = new Promise<void>(resolve => {
    timer = setTimeout(resolve, ms)
  })
  await Promise.race([work, deadline]).finally(() => clearTimeout(timer))
}

/** Does something every `ms`, until it is disposed; then, at last, `end`. */
export function every(ms: number, act: () => void, end: () => void = () => {}): Disposable {
  const timer = setInterval(act, ms)
  const stop = () => {
    clearInterval(timer)
    end()
  }
  return { [Symbol.dispose]: stop }
}
