import { Comparison } from './comparison.js'
import type { RoutedCall } from './judge.js'
import { KeyFilter } from './keyFilter.js'

/**
 * A {@link Comparison} in which each key has one vote.
 *
 * Calls with the same key go to the same version, so they are not independent: counted one by one, they raise a false
 * alarm in 12 to 34 % of rollouts. Calls without a key all count.
 */
export class Vote {
  readonly #comparison = new Comparison()
  /** The keys that have failed: in this phase, and in the rollout. */
  #voted: { readonly inPhase: KeyFilter; readonly ever: KeyFilter } | undefined

  /** Whether a call had a key. */
  get isKeyed(): boolean {
    return this.#voted !== undefined
  }

  get evidence(): number {
    return this.#comparison.evidence
  }

  get evidenceOfEquality(): number {
    return this.#comparison.evidenceOfEquality
  }

  failed({ isCandidate, share, key }: RoutedCall): void {
    // A vote that cannot count is not used up.
    if (!(share > 0 && share < 1)) return
    if (key === undefined) {
      this.#comparison.failed(isCandidate, share, true)
      return
    }
    this.#voted ??= { inPhase: new KeyFilter(), ever: new KeyFilter() }
    if (this.#voted.inPhase.add(key)) this.#comparison.failed(isCandidate, share, this.#voted.ever.add(key))
  }

  /** Gives every key its vote again, because a new share routes keys differently. Without keys, the evidence goes on. */
  beginPhase(): void {
    if (this.#voted === undefined) return
    this.#voted.inPhase.clear()
    this.#comparison.reset()
  }
}
