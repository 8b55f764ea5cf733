/** The words of the aggregate machine's transitions: which version a step is about, and what a step consists of. */
import type { AggregateContext } from './context.js'
import type { VersionState } from './ledger.js'
import type { VersionReport } from './version.js'

/** What the aggregate machine is told: by its user, and by its versions. */
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
  readonly version: string
}

/** A version, and what becomes of its state. */
export interface Marked extends OneVersion {
  readonly as: VersionState
}

/** The guards of every step see to it that there is a version in its place: were there none, the machine is wrong. */
function inPlace(place: string, version: string | null): OneVersion {
  if (version === null) throw new Error(`A step of the aggregate machine is about its ${place}, and there is none.`)
  return { version }
}

export type Args = { readonly context: AggregateContext }
export const theActive = ({ context }: Args): OneVersion => inPlace('active version', context.active)
export const theNext = ({ context }: Args): OneVersion => inPlace('next version', context.next)
export const theLeaving = ({ context }: Args): OneVersion => inPlace('leaving version', context.leaving)
export const theWantedActive = ({ context }: Args): OneVersion =>
  inPlace('wanted active version', context.wanted.active)
export const theWantedNext = ({ context }: Args): OneVersion => inPlace('wanted next version', context.wanted.next)
type Named = { readonly event: { readonly version: string } }
export const theOneNamed = ({ event }: Named): OneVersion => ({ version: event.version })
/** The version that an event is about. */
export const namedIn = (event: AggregateEvent): string => {
  if ('version' in event) return event.version
  throw new Error(`A step of the aggregate machine is about the version of ${event.type}, which names none.`)
}
export const childOf = (_: unknown, { version }: OneVersion): string => childId(version)

/** A version is added: it gets an actor of its own. */
export const admit = [
  { type: 'mark', params: (args: Named) => ({ ...theOneNamed(args), as: 'provisioned' as const }) },
  'spawnVersion',
] as const

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

/** The events of the new active version are kept back until its predecessor is down. */
export const hold = {
  type: 'setGate',
  params: (args: Args) => ({ ...theActive(args), gate: 'hold' as const }),
} as const

/** What was kept back of the active version is let go. */
export const release = {
  type: 'setGate',
  params: (args: Args) => ({ ...theActive(args), gate: 'pass' as const }),
} as const

/** A version reported that it stopped: it leaves the context, its actor goes, its runtime is dropped. */
export const leave = [
  { type: 'forgetFacts', params: theOneNamed },
  { type: 'dropActor', params: theOneNamed },
  { type: 'forgetVersion', params: theOneNamed },
] as const
