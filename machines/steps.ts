/** The words of the aggregate machine's transitions: which version a step is about, and what a step consists of. */
import type { AggregateContext } from './book.js'
import type { VersionReport } from './version.js'

export type AggregateEvent =
  | { readonly type: 'start' }
  | { readonly type: 'stop' }
  | { readonly type: 'dispose' }
  | { readonly type: 'addVersion'; readonly version: string }
  | { readonly type: 'removeVersion'; readonly version: string }
  | { readonly type: 'setVersion'; readonly active: string | null; readonly next: string | null }
  | VersionReport

/**
 * What becomes of a version's events. `capture`: only its last `started` is kept. `hold`: everything is kept, in order.
 * `pass`: what was kept is released, and everything goes through from then on.
 */
export type Gate = 'capture' | 'hold' | 'pass'

/** The id of the child actor that lives the life of `version`. */
export function childId(version: string): string {
  return `version ${version}`
}

export interface OneVersion {
  /** Null only where the guards of the transition exclude it. */
  readonly version: string | null
}
export type Args = { readonly context: AggregateContext }
export const theActive = ({ context }: Args): OneVersion => ({ version: context.active })
export const theNext = ({ context }: Args): OneVersion => ({ version: context.next })
export const theLeaving = ({ context }: Args): OneVersion => ({ version: context.leaving })
export const theWantedActive = ({ context }: Args): OneVersion => ({ version: context.wanted.active })
export const theWantedNext = ({ context }: Args): OneVersion => ({ version: context.wanted.next })
export const theOneNamed = ({ event }: { readonly event: { readonly version: string } }) => ({ version: event.version })
export const namedIn = (event: AggregateEvent): string => ('version' in event ? event.version : '')
export const childOf = (_: unknown, { version }: OneVersion): string => childId(version ?? '')

export const begin = (of: (args: Args) => OneVersion, gate: Gate) =>
  [
    { type: 'mark', params: (args: Args) => ({ ...of(args), as: 'starting' as const }) },
    { type: 'setGate', params: (args: Args) => ({ ...of(args), gate }) },
    { type: 'startVersion', params: of },
  ] as const

export const end = (of: (args: Args) => OneVersion) =>
  [
    { type: 'mark', params: (args: Args) => ({ ...of(args), as: 'stopping' as const }) },
    { type: 'stopVersion', params: of },
  ] as const

export const release = {
  type: 'setGate',
  params: (args: Args) => ({ ...theActive(args), gate: 'pass' as const }),
} as const

/** A version reported that it stopped: it leaves the book, its actor goes, its runtime is dropped. */
export const bury = [
  { type: 'strike', params: theOneNamed },
  { type: 'dropActor', params: theOneNamed },
  { type: 'forgetVersion', params: theOneNamed },
] as const
