/** The assignment of one node, by the record of its fleet. */
import type { Assignment } from '../../../machines/index.js'
import { isRolling, type Wanted } from '../record/wanted.js'
import { membership, type Registered } from './order.js'

/**
 * The assignment of a node: the version of the record if its wave is open, or all waves have passed; else what was permanent before.
 * Null: there is nothing that the node has to run.
 */
export function assignmentFor(wanted: Wanted, node: Registered): Assignment | null {
  const { version, previous, paused } = wanted
  if (!isRolling(wanted)) return assigned(wanted, version, wanted.reason === null ? 'permanent' : 'back', null, false)
  if (version === null || !membership(version, wanted.members)(node)) {
    return assigned(wanted, previous, 'permanent', null, paused)
  }
  return assigned(wanted, version, 'candidate', wanted.waves[wanted.wave]?.soak ?? null, paused)
}

function assigned(
  { epoch }: Wanted,
  version: string | null,
  role: Assignment['role'],
  soak: number | null,
  isPaused: boolean,
): Assignment | null {
  return version === null ? null : { key: keyOf(epoch, role, version), version, role, soak, isPaused }
}

/** Identifies an assignment. The wave is no part of it: a node goes on while other waves open. */
export function keyOf(epoch: number, role: Assignment['role'], version: string): string {
  return `${epoch} ${role} ${version}`
}
