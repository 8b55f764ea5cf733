/** A call issued this long before or after the action began is near it, in ms. */
export const NEAR = 10

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

/** The gaps and latencies of the answers before, during and after an action. The answers are not kept: one question observes 100 million. */
export class Window {
  /** The duration of the observed action, in ms. */
  readonly duration: number
  /** The longest time without an answer, in ms. */
  readonly longestGap: number
  /** The latencies of the calls issued near the beginning of the action, in ms. */
  readonly latencies: readonly number[]

  constructor(answers: readonly CallTimes[], { opened, begin, closed, duration }: WindowTimes) {
    this.duration = duration
    let longest = 0
    let last = opened
    for (const { answered } of answers) {
      longest = Math.max(longest, answered - last)
      last = answered
    }
    this.longestGap = Math.max(longest, closed - last)
    const near = answers.filter(({ issued }) => Math.abs(issued - begin) <= NEAR)
    this.latencies = near.map(({ issued, answered }) => answered - issued)
  }
}
