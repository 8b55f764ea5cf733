/** The options of a call: those for the aggregate, and those that it passes on to its runtimes. */
import { type CallOptions, canonical, invalidOption, signalOf } from '../contract/index.js'

/** The options of a call that names its version. */
export type PinnedOptions = CallOptions & { readonly version: NonNullable<CallOptions['version']> }

/** Why a call is rejected at once. */
export interface Refusal {
  readonly reason: unknown
}

/** The refusal of a call whose options are invalid, or whose signal has fired. */
export function refusalOf(options: CallOptions | undefined): Refusal | undefined {
  if (options === undefined) return undefined
  try {
    const signal = signalOf(options)
    const { key, onVersion, traceparent }: { readonly [Name in keyof CallOptions]: unknown } = options
    if (isGiven(key) && typeof key !== 'string') throw invalidOption('key', 'a string', key)
    if (isGiven(traceparent) && typeof traceparent !== 'string')
      throw invalidOption('traceparent', 'a string', traceparent)
    if (isGiven(onVersion) && typeof onVersion !== 'function') throw invalidOption('onVersion', 'a function', onVersion)
    return signal?.aborted === true ? { reason: signal.reason } : undefined
  } catch (reason) {
    return { reason }
  }
}

/** Whether the options are valid, and ask the aggregate for nothing: no version, and no signal that has fired. */
export function areSimple(options: CallOptions | undefined): boolean {
  if (options === undefined) return true
  try {
    if (typeof options !== 'object') return false
    const { version, onVersion, key, traceparent, signal } = options
    if (version !== undefined || onVersion !== undefined || traceparent !== undefined) return false
    if (key !== undefined && typeof key !== 'string') return false
    return signal === undefined || (signal instanceof AbortSignal && !signal.aborted)
  } catch {
    return false
  }
}

/** Whether a call names its version, or asks for it. */
function areForAggregate(options: CallOptions | undefined): options is CallOptions {
  return options !== undefined && (options.version !== undefined || options.onVersion !== undefined)
}

export function isPinned(options: CallOptions | undefined): options is PinnedOptions {
  return options !== undefined && isGiven(options.version)
}

/** The version that a call names, canonical, or its refusal. One that is in place needs no parsing. */
export function pinOf({ version }: PinnedOptions, inPlace: readonly string[]): string | Refusal {
  try {
    return inPlace.find(its => its === version) ?? canonical(version)
  } catch (reason) {
    return { reason }
  }
}

/** The options without those that are for the aggregate; the same object if there are none. */
export function passedOn(options: CallOptions | undefined): CallOptions | undefined {
  if (!areForAggregate(options)) return options
  const { version: _, onVersion: __, ...others } = options
  return others
}

function isGiven<T>(value: T | null | undefined): value is T {
  return value !== undefined && value !== null
}
