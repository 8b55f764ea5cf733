import { invalidOption } from './validate.js'

/** A source of timers, in ms. In tests, use XState's `SimulatedClock`. */
export interface Clock {
  /** Calls `fn` once, `timeout` ms from now. Returns an id for {@link clearTimeout}. */
  // biome-ignore lint/suspicious/noExplicitAny: XState's Clock declares it so, and its SimulatedClock must fit
  setTimeout(fn: (...args: any[]) => void, timeout: number): unknown
  /** Cancels the timer with the id that {@link setTimeout} returned. Does nothing if it has fired. */
  // biome-ignore lint/suspicious/noExplicitAny: as above
  clearTimeout(id: any): void
}

export const systemClock: Clock = {
  setTimeout: (fn, timeout) => setTimeout(fn, timeout),
  clearTimeout: (id: NodeJS.Timeout) => clearTimeout(id),
}

/** Makes a clock that runs each timer's function inside `around`. A timer of `Infinity` never fires. */
export function wrapClock(clock: Clock, around: (fn: () => void) => void): Clock {
  return {
    setTimeout: (fn, timeout) =>
      timeout === Number.POSITIVE_INFINITY ? undefined : clock.setTimeout(() => around(fn), timeout),
    clearTimeout: id => {
      if (id !== undefined) clock.clearTimeout(id)
    },
  }
}

/** Validates the option `clock`. Returns `fallback` for undefined. */
export function validClock(given: Clock | undefined, fallback: Clock = systemClock): Clock {
  if (given === undefined) return fallback
  if (isClock(given)) return given
  throw invalidOption('clock', 'an object with setTimeout and clearTimeout', given)
}

function isClock(value: unknown): value is Clock {
  if (typeof value !== 'object' || value === null) return false
  const clock = value as Partial<Clock>
  return typeof clock.setTimeout === 'function' && typeof clock.clearTimeout === 'function'
}
