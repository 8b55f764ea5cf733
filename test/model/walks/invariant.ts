import type { World } from './world.js'

/** What must hold of every fact of a kind; the sentence is what a failure says. */
export interface Invariant<Fact> {
  readonly sentence: string
  readonly holds: (fact: Fact, world: World) => boolean
}

export function invariant<Fact>(sentence: string, holds: (fact: Fact, world: World) => boolean): Invariant<Fact> {
  return { sentence, holds }
}
