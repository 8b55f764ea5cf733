import type { Audience } from './audience.js'
import type { Place } from './hostEvents.js'
import { type Invariant, invariant } from './invariant.js'
import type { WalkHost } from './walkHost.js'

interface Heard {
  /** Whose event it is. */
  readonly host: WalkHost | null
  readonly place: Place
}

/** Of every event of a version that subscribers hear. */
export const eventHeard: readonly Invariant<Heard>[] = [
  invariant('Events of the next version are held back until it is promoted', ({ host, place }) => {
    return place !== 'captured' && !(place === 'nowhere' && host?.events.role === 'next')
  }),
  invariant("The old version's stopped comes before any event of the new one", ({ host, place }, { hosts }) => {
    if (place === 'held') return false
    return hosts.every(other => host === null || other.turn >= host.turn || !isUnfinished(other))
  }),
  invariant('An event of the active version is heard once, in the order in which they were said', ({ host, place }) => {
    return place !== 'nowhere' || host?.events.role === 'next'
  }),
]

/** Of every `configUpdated` that subscribers hear. */
export const configUpdatedHeard: readonly Invariant<Audience['configUpdates']>[] = [
  invariant('configUpdated comes after the start or the end of a next version, not before', (updates, world) => {
    return world.hasReentered || updates.heard <= updates.due
  }),
]

/** Something is still to be heard of a host before its successor may be. */
function isUnfinished({ events: { isHeardUp, due }, hasLeft }: WalkHost): boolean {
  return isHeardUp || (hasLeft && due.length > 0)
}
