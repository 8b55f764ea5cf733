import { toStringMethod } from 'fast-check'

/** An action on a target, with its text, such as `setVersion(2.0.0, null)`. */
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
