import type { IRawProperty } from 'fast-check'
import { awaited } from './awaited.js'
import { interleaved } from './interleaved.js'

/** A kind of random walk, for `npm test` and for the soak. */
export interface WalkProperty {
  /** As in `--only interleaved`. */
  readonly name: string
  /** The path that fast-check gives leads to the walk that failed. One through its `commands` does not: seed and runs do. */
  readonly hasPaths: boolean
  property(): IRawProperty<unknown>
}

/** Several users, the hosts, the callers and the clock act at once; nothing is awaited. */
export const INTERLEAVED: WalkProperty = { name: 'interleaved', hasPaths: true, property: interleaved }

/** One thing after the other, each awaited; the oracle says what comes of it. */
export const AWAITED: WalkProperty = { name: 'awaited', hasPaths: false, property: awaited }

/** All kinds of random walks. */
export const WALK_PROPERTIES: readonly WalkProperty[] = [AWAITED, INTERLEAVED]
