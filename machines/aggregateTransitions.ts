/** The parts of the aggregate machine's transitions: the version that each is about, and the actions that it takes. */
import type { AggregateContext } from './aggregateContext.js'
import type { VersionReport } from './versionContext.js'
import type { VersionState } from './versionTable.js'

/** The events of the aggregate machine, sent by its user and by its versions. */
export type AggregateEvent =
  | { readonly type: 'start' }
  | { readonly type: 'stop' }
  | { readonly type: 'dispose' }
  | { readonly type: 'addVersion'; readonly version: string }
  | { readonly type: 'removeVersion'; readonly version: string }
  /** `promote`: whether a next without an active becomes the active. @default true */
  | {
      readonly type: 'setVersion'
      readonly active: string | null
      readonly next: string | null
      readonly promote?: boolean
    }
  | { readonly type: 'swap' }
  | { readonly type: 'setShare'; readonly percent: number }
  | VersionReport

/**
 * How a version's events reach the subscribers. `capture`: only its last `started` is kept. `hold`: all are kept, in order. `pass`: the
 * kept ones are released, and later ones pass at once.
 */
export type Gate = 'capture' | 'hold' | 'pass'

/** The id of the child actor that lives the life of `version`. */
export function childId(version: string): string {
  return `version ${version}`
}

export interface OneVersion {
  readonly version: string
}

/** A version and its new state. */
export interface NewState extends OneVersion {
  readonly state: VersionState
}

/** The guard of each transition ensures that there is such a version; if there is none, the machine is wrong. */
function inPlace(place: string, version: string | null): OneVersion {
  if (version === null) throw new Error(`A transition of the aggregate machine needs its ${place}, and there is none.`)
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
export const namedVersion = ({ event }: Named): OneVersion => ({ version: event.version })
/** The version that an event names. */
export const versionIn = (event: AggregateEvent): string => {
  if ('version' in event) return event.version
  throw new Error(`A transition of the aggregate machine needs the version of ${event.type}, which names none.`)
}
export const childOf = (_: unknown, { version }: OneVersion): string => childId(version)

/** Adds a version and spawns its actor. */
export const add = [
  { type: 'setState', params: (args: Named) => ({ ...namedVersion(args), state: 'provisioned' as const }) },
  'spawnVersion',
] as const

/** Starts a version, with a gate for its events. */
export const start = (of: (args: Args) => OneVersion, gate: Gate) =>
  [
    { type: 'setState', params: (args: Args) => ({ ...of(args), state: 'starting' as const }) },
    { type: 'setGate', params: (args: Args) => ({ ...of(args), gate }) },
    { type: 'startVersion', params: of },
  ] as const

/** Drains and stops a version. */
export const tearDown = (of: (args: Args) => OneVersion) =>
  [
    { type: 'setState', params: (args: Args) => ({ ...of(args), state: 'stopping' as const }) },
    { type: 'stopVersion', params: of },
  ] as const

/** Logs that another version is active now. */
export const logActive = { type: 'logActive', params: theActive } as const

/** Holds the events of the new active version until its predecessor is down. */
export const holdEvents = {
  type: 'setGate',
  params: (args: Args) => ({ ...theActive(args), gate: 'hold' as const }),
} as const

/** Releases the held events of the active version. */
export const releaseEvents = {
  type: 'setGate',
  params: (args: Args) => ({ ...theActive(args), gate: 'pass' as const }),
} as const

/** Tells of a swap, after the roles have changed, with nothing between the events. */
export const announceExchange = [{ type: 'standBy', params: theNext }, releaseEvents, 'announceSwap'] as const

/** Removes a version that has stopped, and its actor. */
export const remove = [
  { type: 'removeState', params: namedVersion },
  { type: 'stopActor', params: namedVersion },
] as const
