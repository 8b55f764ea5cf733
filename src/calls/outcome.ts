/** How a call ended on the version that got it. */
export type Outcome<Res = unknown> = Fulfilled<Res> | Rejected

interface Ended {
  /** The version that got the call, canonical SemVer. */
  readonly version: string
  /** The time from when the version got the call to its end, in ms. */
  readonly duration: number
}

interface Fulfilled<Res> extends Ended {
  readonly status: 'fulfilled'
  /** The answer. */
  readonly value: Res
}

interface Rejected extends Ended {
  readonly status: 'rejected'
  /** The reason of the rejection. */
  readonly reason: unknown
}

/** Is told how a call ended. It must not throw. */
export interface OutcomeListener {
  /** @param isFailure - whether the call counts as failed */
  ended(outcome: Outcome, isFailure: boolean): void
}
