/** The entry that a node writes about itself, from the snapshot of its machine. */
import type { FleetSnapshot, LastReport } from '../../../machines/index.js'
import type { NodeEntry } from '../record/nodeEntry.js'
import { FORMAT } from '../record/wanted.js'

/** The facts that stay the same for a process of a node. */
export interface Identity {
  readonly session: string
  readonly joined: number
  readonly heartbeatTimeout: number
}

/** The longest reason in an entry, in characters. */
const LONGEST = 500

const SETTLED = { state: 'settled', key: null, target: null, tries: 0, reason: null } as const

/** @param before - the entry that stands, for the states that have none of their own */
export function entryOf({ value, context }: FleetSnapshot, identity: Identity, before: NodeEntry | null): NodeEntry {
  const { attempt, tries, reason, version } = context
  const base = { format: FORMAT, ...identity, version } as const
  const about = { key: attempt?.key ?? null, target: attempt?.version ?? null, tries } as const
  switch (value) {
    case 'announcing':
    case 'moving':
      return { ...base, state: 'moving', ...about, reason: null }
    case 'proven':
      return { ...base, state: 'proven', ...about, reason: null }
    case 'failed':
      return { ...base, state: 'failed', ...about, reason: short(reason) }
    case 'settled':
      return { ...base, ...SETTLED }
    default:
      // A move that ends with the process on purpose is no failure.
      return before === null || before.state === 'moving' ? { ...base, ...SETTLED } : { ...before, ...identity }
  }
}

/** An error may say anything, and NATS takes messages up to 1 MB. */
function short(reason: string | null): string | null {
  return reason !== null && reason.length > LONGEST ? `${reason.slice(0, LONGEST)}…` : reason
}

/** @param entry - what an earlier process has written */
export function lastReport({ key, state, tries, reason }: NodeEntry): LastReport {
  return { key, state, tries, reason }
}
