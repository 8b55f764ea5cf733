import { toStringMethod } from 'fast-check'

/** Something that is done to a target in a walk; written as in `setVersion(2.0.0, null)`. */
export class Command<Target> {
  readonly #text: string
  readonly #perform: (target: Target) => void

  constructor(text: string, perform: (target: Target) => void) {
    this.#text = text
    this.#perform = perform
  }

  perform(target: Target): void {
    this.#perform(target)
  }

  toString(): string {
    return this.#text
  }

  [toStringMethod](): string {
    return this.#text
  }
}
