import { CutoverError, describe } from './errors.js'

/** The longest timeout of Node.js, in ms (about 24.8 days). A longer one would fire at once. */
export const MAX_TIMEOUT = 2_147_483_647

export function invalidOption(name: string, expected: string, value: unknown): CutoverError {
  return new CutoverError('CUTOVER_INVALID_OPTION', `Option "${name}" must be ${expected}, got ${describe(value)}.`)
}

/** Validates a whole number of milliseconds. Returns `fallback` for undefined. */
export function duration(name: string, value: unknown, fallback: number): number {
  if (value === undefined) return fallback
  if (isWhole(value) && value <= MAX_TIMEOUT) return value
  throw invalidOption(name, `a whole number of milliseconds from 0 to ${MAX_TIMEOUT}`, value)
}

/** Validates like {@link duration}, and allows `Infinity` for no limit. */
export function durationOrInfinity(name: string, value: unknown, fallback: number): number {
  if (value === Number.POSITIVE_INFINITY) return value
  if (value === undefined || (isWhole(value) && value <= MAX_TIMEOUT)) return value ?? fallback
  throw invalidOption(name, `a whole number of milliseconds from 0 to ${MAX_TIMEOUT}, or Infinity`, value)
}

/** Validates like {@link durationOrInfinity}, and refuses 0, which many libraries read as no limit. */
export function limitOrInfinity(name: string, value: unknown, fallback: number): number {
  if (value !== 0) return durationOrInfinity(name, value, fallback)
  throw invalidOption(name, `a whole number of milliseconds from 1 to ${MAX_TIMEOUT}, or Infinity`, value)
}

/** Validates a whole number, 0 or more. */
export function count(name: string, value: unknown, fallback: number): number {
  if (value === undefined) return fallback
  if (isWhole(value)) return value
  throw invalidOption(name, 'a whole number, 0 or more', value)
}

/** Validates a whole number, 1 or more. */
export function positive(name: string, value: unknown, fallback: number): number {
  if (value === undefined) return fallback
  if (isWhole(value) && value > 0) return value
  throw invalidOption(name, 'a whole number, 1 or more', value)
}

/** Validates a number from `min` to `max`. */
export function number(name: string, value: unknown, fallback: number, min: number, max: number): number {
  if (value === undefined) return fallback
  if (typeof value === 'number' && value >= min && value <= max) return value
  throw invalidOption(name, `a number from ${min} to ${max}`, value)
}

export function boolean(name: string, value: unknown, fallback: boolean): boolean {
  if (value === undefined || typeof value === 'boolean') return value ?? fallback
  throw invalidOption(name, 'true or false', value)
}

export function text(name: string, value: unknown): string {
  if (typeof value === 'string' && value !== '') return value
  throw invalidOption(name, 'a string that is not empty', value)
}

export function strings(name: string, value: readonly string[]): readonly string[] {
  if (Array.isArray(value) && value.every(item => typeof item === 'string')) return value
  throw invalidOption(name, 'an array of strings', value)
}

export function optionalFunction<F>(name: string, value: F | undefined): F | undefined {
  if (value === undefined || typeof value === 'function') return value
  throw invalidOption(name, 'a function', value)
}

export function object<T extends object>(name: string, value: T | undefined): T {
  if (typeof value === 'object' && value !== null) return value
  throw invalidOption(name, 'an object', value)
}

/**
 * Returns the signal in the options of a call, if there is one. Accepts signals of other realms, and polyfills.
 *
 * @throws CutoverError `CUTOVER_INVALID_OPTION`
 */
export function signalOf(options: { readonly signal?: AbortSignal | undefined } | undefined): AbortSignal | undefined {
  if (options === undefined) return undefined
  const signal: unknown = object('options', options).signal
  if (signal === undefined || signal === null) return undefined
  if (signal instanceof AbortSignal || isLikeSignal(signal)) return signal
  throw invalidOption('signal', 'an AbortSignal', signal)
}

function isLikeSignal(value: unknown): value is AbortSignal {
  if (typeof value !== 'object' || value === null) return false
  const { aborted, addEventListener, removeEventListener } = value as Partial<AbortSignal>
  const methods: readonly unknown[] = [addEventListener, removeEventListener]
  return typeof aborted === 'boolean' && methods.every(method => typeof method === 'function')
}

function isWhole(value: unknown): value is number {
  return typeof value === 'number' && Number.isSafeInteger(value) && value >= 0
}
