import type { IRawProperty } from 'fast-check'
import { awaited } from './awaited.js'
import { interleaved } from './interleaved.js'

/** A kind of random walk. */
export interface WalkProperty {
  /** The value of `--only`. */
  readonly name: string
  /** Whether a path of fast-check replays a failing walk. Walks of `fc.commands` need the seed and the runs instead. */
  readonly hasPaths: boolean
  property(): IRawProperty<unknown>
}

/** Users, hosts, callers and the clock act at once; nothing is awaited. */
export const INTERLEAVED: WalkProperty = { name: 'interleaved', hasPaths: true, property: interleaved }

/** One command after the other, each awaited and compared with the oracle. */
export const AWAITED: WalkProperty = { name: 'awaited', hasPaths: false, property: awaited }

/** All kinds of random walks. */
export const WALK_PROPERTIES: readonly WalkProperty[] = [AWAITED, INTERLEAVED]
