/** Questions to a snapshot of the supervisor machine. */
import type { SnapshotFrom } from 'xstate'
import type { supervisorMachine } from '../../../machines/index.js'
import { hasEnded } from '../runtime/lazyActor.js'
import type { OwnRoute } from '../runtime/ownCalls.js'

type Snapshot = SnapshotFrom<typeof supervisorMachine>

/** Whether the runtime takes calls. */
export function routeOf(snapshot: Snapshot): OwnRoute {
  const isClosed = hasEnded(snapshot) || snapshot.matches('stopping') || hasGivenUp(snapshot)
  return { isUp: isUp(snapshot), isClosed }
}

/** Whether the guest answers calls. */
export function isUp(snapshot: Snapshot): boolean {
  return snapshot.matches('up')
}

/** Whether only a restart brings the runtime back. */
export function hasGivenUp(snapshot: Snapshot): boolean {
  return snapshot.matches('givingUp') || snapshot.matches('gaveUp')
}

/** Whether an abort is over, or the restart in its place. */
export function isAtRest(snapshot: Snapshot): boolean {
  if (hasEnded(snapshot)) return true
  const isReady = snapshot.matches({ up: 'idle' }) || snapshot.matches({ up: 'pinging' })
  return isReady || snapshot.matches('idle') || snapshot.matches('backingOff') || snapshot.matches('gaveUp')
}
