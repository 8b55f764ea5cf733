import type { World } from './world.js'

/** A condition for every fact of a kind. A failure reports the sentence. */
export interface Invariant<Fact> {
  readonly sentence: string
  readonly holds: (fact: Fact, world: World) => boolean
}

export function invariant<Fact>(sentence: string, holds: (fact: Fact, world: World) => boolean): Invariant<Fact> {
  return { sentence, holds }
}
