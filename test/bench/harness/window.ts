/** The times of one call, in ms. */
export interface CallTimes {
  readonly issued: number
  readonly answered: number
}

interface WindowTimes {
  readonly opened: number
  /** When the observed action began. */
  readonly begin: number
  readonly closed: number
  /** The duration of the observed action, in ms. */
  readonly duration: number
}

/** The answers that arrived before, during and after an action. */
export class Window {
  readonly #answers: readonly CallTimes[]
  readonly #times: WindowTimes

  constructor(answers: readonly CallTimes[], times: WindowTimes) {
    this.#answers = answers
    this.#times = times
  }

  /** The duration of the observed action, in ms. */
  get duration(): number {
    return this.#times.duration
  }

  /** The longest time without an answer, in ms. */
  get longestGap(): number {
    const { opened, closed } = this.#times
    let longest = 0
    let last = opened
    for (const { answered } of this.#answers) {
      longest = Math.max(longest, answered - last)
      last = answered
    }
    return Math.max(longest, closed - last)
  }

  /** The latencies of the calls issued less than `margin` ms before or after the action began, in ms. */
  latencies(margin: number): number[] {
    const near = this.#answers.filter(({ issued }) => Math.abs(issued - this.#times.begin) <= margin)
    return near.map(({ issued, answered }) => answered - issued)
  }
}
