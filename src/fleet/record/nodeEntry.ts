/** The entry of a node about itself: that it is registered, and how far it has come. */
import { canonical } from '../../contract/index.js'
import { check, fields, format, nullable, oneOf, string, whole } from './fields.js'
import type { Read } from './read.js'
import { FORMAT } from './wanted.js'

const STATES = ['settled', 'moving', 'proven', 'failed'] as const

/** How far a node has come. */
export type NodeState = (typeof STATES)[number]

/** The entry of a node in its fleet's bucket. */
export interface NodeEntry {
  readonly format: typeof FORMAT
  /** The process that has written it. */
  readonly session: string
  /** The revision of the bucket at which the node was registered; 0: the one of this entry. */
  readonly joined: number
  /** After how much silence the node counts as dead, in ms. */
  readonly heartbeatTimeout: number
  /** The version that has proved itself on this node, canonical SemVer; null if none has. */
  readonly version: string | null
  /**
   * `settled`: it runs what is permanent in the fleet, or waits for its wave; `moving`: it moves to `target`; `proven`: `target` has
   * proved itself here; `failed`: `target` did not stay here.
   */
  readonly state: NodeState
  /** The assignment that `state` is about; null if there was none. */
  readonly key: string | null
  /** The version that `state` is about. */
  readonly target: string | null
  /** How often the node has begun to move there. */
  readonly tries: number
  /** Why it failed. */
  readonly reason: string | null
}

export function readNodeEntry(bytes: Uint8Array): Read<NodeEntry> {
  return check(bytes, value => {
    const entry = fields(value)
    return {
      format: format(entry['format'], FORMAT),
      session: string('session', entry['session']),
      joined: whole('joined', entry['joined']),
      heartbeatTimeout: whole('heartbeatTimeout', entry['heartbeatTimeout']),
      version: nullable(entry['version'], version => canonical(string('version', version))),
      state: oneOf('state', entry['state'], STATES),
      key: nullable(entry['key'], key => string('key', key)),
      target: nullable(entry['target'], target => canonical(string('target', target))),
      tries: whole('tries', entry['tries']),
      reason: nullable(entry['reason'], reason => string('reason', reason)),
    }
  })
}
