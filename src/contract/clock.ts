/** The timers of one object; XState's `SimulatedClock` is one, for tests. Times are in ms. */
export interface Clock {
  /** Calls `fn` once, `timeout` ms from now; gives an id for {@link clearTimeout}. */
  // biome-ignore lint/suspicious/noExplicitAny: XState's own Clock has it so, and its SimulatedClock must fit
  setTimeout(fn: (...args: any[]) => void, timeout: number): unknown
  /** Forgets a timer, by the id that {@link setTimeout} gave; one that has fired is no matter. */
  // biome-ignore lint/suspicious/noExplicitAny: as above
  clearTimeout(id: any): void
}

export const systemClock: Clock = {
  setTimeout: (fn, timeout) => setTimeout(fn, timeout),
  clearTimeout: (id: NodeJS.Timeout) => clearTimeout(id),
}

/** A clock on which every timer's function runs inside `around`; a timer of `Infinity` never runs. */
export function wrapClock(clock: Clock, around: (fn: () => void) => void): Clock {
  return {
    setTimeout: (fn, timeout) =>
      timeout === Number.POSITIVE_INFINITY ? undefined : clock.setTimeout(() => around(fn), timeout),
    clearTimeout: id => {
      if (id !== undefined) clock.clearTimeout(id)
    },
  }
}

export function isClock(value: unknown): value is Clock {
  if (typeof value !== 'object' || value === null) return false
  const clock = value as Partial<Clock>
  return typeof clock.setTimeout === 'function' && typeof clock.clearTimeout === 'function'
}
