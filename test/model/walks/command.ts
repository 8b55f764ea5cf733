import { toStringMethod } from 'fast-check'
import type { World } from './world.js'

/** Something that a user, a caller, a host or the clock does; written as in `setVersion(2.0.0, null)`. */
export class Command {
  readonly #text: string
  readonly #perform: (world: World) => void

  constructor(text: string, perform: (world: World) => void) {
    this.#text = text
    this.#perform = perform
  }

  perform(world: World): void {
    this.#perform(world)
  }

  toString(): string {
    return this.#text
  }

  [toStringMethod](): string {
    return this.#text
  }
}
