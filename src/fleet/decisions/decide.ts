/** Decides whether the record of a fleet is due to change, from what one observer sees. */
import { isRolling, type Wanted } from '../record/wanted.js'
import { membersOf } from './order.js'
import { concerned, type FleetView, failureOf, type SeenNode, type Standing } from './view.js'

/** The next record, and what it does. `stuck`: the way back has failed, and is not tried again. */
export interface Decision {
  readonly kind: 'advanced' | 'halted' | 'stuck'
  readonly record: Wanted
}

/** As many nodes as a reason names. */
const NAMED = 3

/**
 * The next record of a fleet, if it is due:
 *
 * - More than `maxFailed` nodes of the open waves have failed, or vanished while they moved, or all have: the fleet goes back at once.
 * - All live nodes of the open waves have proved the version or failed, and one has proved it: the next wave opens. Without a live
 *   node it never does.
 * - On the way back more than `maxFailed` nodes fail: the record says so, once.
 *
 * Losing the race to write it is no error: whoever was first has decided the same from the same record.
 */
export function decide(view: FleetView): Decision | null {
  const { wanted } = view
  const standings = concerned(view)
  const failures = standings.filter(([, standing]) => standing === 'failed' || standing === 'vanished')
  if (isRolling(wanted)) {
    const isHopeless = failures.length > 0 && failures.length === standings.length
    if (failures.length > wanted.maxFailed || isHopeless) {
      return { kind: 'halted', record: halted(wanted, because(wanted, failures)) }
    }
    return passes(wanted, standings) ? { kind: 'advanced', record: advanced(view) } : null
  }
  const fails = wanted.reason !== null && !wanted.paused && failures.length > wanted.maxFailed
  return fails ? { kind: 'stuck', record: stuck(wanted, failures) } : null
}

function passes({ paused }: Wanted, standings: readonly (readonly [SeenNode, Standing])[]): boolean {
  const live = standings.filter(([{ isAlive }]) => isAlive).map(([, standing]) => standing)
  const isOver = live.length > 0 && live.every(standing => standing === 'proven' || standing === 'failed')
  return !paused && isOver && standings.some(([, standing]) => standing === 'proven')
}

/** Opens the next wave, or makes the version permanent after the last. */
function advanced({ wanted, nodes, asOf }: FleetView): Wanted {
  const wave = wanted.wave + 1
  const next = wanted.waves[wave]
  const members =
    next === undefined || wanted.version === null ? null : membersOf(nodes, wanted.version, next.percent, asOf)
  return { ...wanted, wave, members }
}

/** The way back: all nodes at once. */
export function halted(wanted: Wanted, reason: string): Wanted {
  const { version, previous, epoch } = wanted
  const told = previous === null ? `${reason} There is no version to go back to.` : reason
  const back = { version: previous, previous: version, members: null, paused: false }
  return { ...wanted, ...back, epoch: epoch + 1, reason: told }
}

function because({ version, wave, waves }: Wanted, failures: readonly (readonly [SeenNode, Standing])[]): string {
  return `Version ${version} failed in wave ${wave + 1} of ${waves.length}: ${list(failures)}.`
}

/** Marked as paused, so that it is said once. */
function stuck(wanted: Wanted, failures: readonly (readonly [SeenNode, Standing])[]): Wanted {
  return {
    ...wanted,
    paused: true,
    reason: `${wanted.reason} The way back to ${wanted.version} failed: ${list(failures)}.`,
  }
}

function list(failures: readonly (readonly [SeenNode, Standing])[]): string {
  const named = failures.slice(0, NAMED).map(([node, standing]) => failureOf(node, standing))
  const others = failures.length - named.length
  return [...named, ...(others > 0 ? [`${others} more`] : [])].join('; ')
}
