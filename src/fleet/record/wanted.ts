/** The record of a fleet: which version it moves to, and how far it has come. */
import { canonical } from '../../contract/index.js'
import { boolean, check, fields, format, list, nullable, percentage, string, whole } from './fields.js'
import type { Read } from './read.js'

/** The format of the record that this release writes, and the latest that it reads. */
export const FORMAT = 1

/** One wave of a fleet rollout. */
export interface Wave {
  /** The share of the registered nodes that run the version once the wave has opened, in percent. */
  readonly percent: number
  /** How long each node keeps the version before it as standby, in ms; null: as long as its own rollout's plan says. */
  readonly soak: number | null
}

/** The nodes that run the version: those that were registered by `asOf`, up to and including `last` in their order. */
export interface Members {
  /** The name of the last one. */
  readonly last: string
  /** The revision of the nodes' bucket by which a node must have been registered. */
  readonly asOf: number
}

/** The record `wanted` of a fleet. Versions are canonical SemVer. */
export interface Wanted {
  /** Always 1. A later one is refused. */
  readonly format: typeof FORMAT
  /** The version that the fleet moves to, or is at. Null: the fleet was halted, and there was no version before. */
  readonly version: string | null
  /** The version that proved itself before; null if none has. After a halt: the version that the fleet went back from. */
  readonly previous: string | null
  /** Counts the rollouts and the ways back. */
  readonly epoch: number
  /** The number of the open wave, from 0. As many as there are waves: all have passed, and the version is permanent. */
  readonly wave: number
  /** The waves, with rising percentages. */
  readonly waves: readonly Wave[]
  /** The nodes of the open waves; null once all have passed. */
  readonly members: Members | null
  /** How many nodes may fail before the fleet is halted. */
  readonly maxFailed: number
  /** Whether no node begins, and no wave opens. */
  readonly paused: boolean
  /** Why the fleet was halted; null if it was not. */
  readonly reason: string | null
}

/** Whether a wave is open. */
export function isRolling({ reason, wave, waves }: Wanted): boolean {
  return reason === null && wave < waves.length
}

/** Reads a record. A text that is cut off, a field of another type, or a later format refuse it. */
export function readWanted(bytes: Uint8Array): Read<Wanted> {
  return check(bytes, value => {
    const record = fields(value)
    // First: the fields of a later format may differ.
    const known = format(record['format'], FORMAT)
    const waves = list('waves', record['waves'], waveOf)
    const wanted: Wanted = {
      format: known,
      version: nullable(record['version'], version => canonical(string('version', version))),
      previous: nullable(record['previous'], previous => canonical(string('previous', previous))),
      epoch: whole('epoch', record['epoch']),
      wave: whole('wave', record['wave']),
      waves,
      members: nullable(record['members'], membersOf),
      maxFailed: whole('maxFailed', record['maxFailed']),
      paused: boolean('paused', record['paused']),
      reason: nullable(record['reason'], reason => string('reason', reason)),
    }
    if (wanted.wave > waves.length) throw new Error(`its wave is ${wanted.wave}, of ${waves.length}`)
    if (isRolling(wanted) && wanted.version === null) throw new Error('a wave is open, and there is no version')
    return wanted
  })
}

function waveOf(value: unknown): Wave {
  const wave = fields(value)
  return {
    percent: percentage('percent', wave['percent']),
    soak: nullable(wave['soak'], soak => whole('soak', soak)),
  }
}

function membersOf(value: unknown): Members {
  const members = fields(value)
  return { last: string('last', members['last']), asOf: whole('asOf', members['asOf']) }
}
