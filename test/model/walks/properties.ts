import type { IRawProperty } from 'fast-check'
import { interleaved } from './interleaved.js'

/** A kind of random walk, for `npm test` and for the soak. */
export interface WalkProperty {
  /** As in `--only interleaved`. */
  readonly name: string
  property(): IRawProperty<unknown>
}

/** Several users, the hosts, the callers and the clock act at once; nothing is awaited. */
export const INTERLEAVED: WalkProperty = { name: 'interleaved', property: interleaved }

/** All kinds of random walks. */
export const WALK_PROPERTIES: readonly WalkProperty[] = [INTERLEAVED]
