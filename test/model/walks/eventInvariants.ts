import type { Place } from './hostEvents.js'
import { type Invariant, invariant } from './invariant.js'
import type { Subscribers } from './subscribers.js'
import type { WalkHost } from './walkHost.js'

interface Received {
  /** The host that emitted the event. */
  readonly host: WalkHost | null
  readonly place: Place
}

/** Checked for every event of a version that subscribers receive. */
export const eventReceived: readonly Invariant<Received>[] = [
  invariant('Events of the next version are held until it is promoted', ({ host, place }) => {
    return place !== 'captured' && !(place === 'nowhere' && host?.events.role === 'next')
  }),
  invariant("The old version's stopped comes before any event of the new one", ({ host, place }, { hosts }) => {
    if (place === 'held') return false
    return hosts.every(other => host === null || other.turn >= host.turn || !isUnfinished(other))
  }),
  invariant('Each event of the active version is received once, in order', ({ host, place }) => {
    return place !== 'nowhere' || host?.events.role === 'next'
  }),
]

/** Checked for every `configUpdated` that subscribers receive. */
export const configUpdatedReceived: readonly Invariant<Subscribers['configUpdates']>[] = [
  invariant('configUpdated follows the start or the end of a next version', (updates, world) => {
    return world.hasReentered || updates.received <= updates.due
  }),
]

/** Checked for every event that subscribers receive after a `stopped` with `standby`. */
export const swapTold: readonly Invariant<boolean>[] = [
  invariant(
    'The events of a swap are stopped, started and configUpdated, with nothing in between',
    isInTurn => isInTurn,
  ),
]

/** Whether events of a host are due before those of its successor. */
function isUnfinished({ events: { hasReceivedStarted, due }, hasLeft }: WalkHost): boolean {
  return hasReceivedStarted || (hasLeft && due.length > 0)
}
