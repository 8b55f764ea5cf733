import { GUESSES, MOST, Stake } from './bets.js'

const COUNT = GUESSES.length
/** The guess whose bet tells whether the candidate is as good: it is twice as bad. */
const TWICE = GUESSES.indexOf(2)

/**
 * Compares two versions by their failures alone.
 *
 * Calls are routed by chance. If both versions are equally good, a failure is the candidate's with the probability of its
 * share, whatever the failure rate does. The test bets against that. Its evidence reaches a limit L with a chance of at
 * most 1/L, however often it is read, unless the candidate is worse. A success changes nothing and costs nothing.
 */
export class Comparison {
  readonly #stake = new Stake()
  readonly #wealth = new Float64Array(COUNT)
  /** The payoffs of the bets at a share, for a failure of either version. The share seldom changes. */
  readonly #ifCandidate = new Float64Array(COUNT)
  readonly #ifActive = new Float64Array(COUNT)
  #share = 0
  #evidence = 0
  #logTwice = 0

  /** The evidence that the candidate is worse. */
  get evidence(): number {
    return this.#evidence
  }

  /** The evidence that the candidate is less than twice as bad. */
  get evidenceOfEquality(): number {
    return Math.exp(-this.#logTwice)
  }

  /**
   * Counts a failure.
   *
   * @param share - the candidate's share of the calls, above 0 and below 1, when this call was routed
   * @param isFirst - false for a key that has failed in an earlier phase: for equality, it counts once
   */
  failed(isCandidate: boolean, share: number, isFirst: boolean): void {
    if (share !== this.#share) this.#offer(share)
    const pays = isCandidate ? this.#ifCandidate : this.#ifActive
    const stake = this.#stake.next() / COUNT
    let sum = 0
    for (let k = 0; k < COUNT; k++) {
      const wealth = Math.min(MOST, ((this.#wealth[k] as number) + stake) * (pays[k] as number))
      this.#wealth[k] = wealth
      sum += wealth
    }
    this.#evidence = sum
    if (isFirst) this.#logTwice += Math.log(pays[TWICE] as number)
  }

  /** Restarts the bets. The evidence of equality stays. */
  reset(): void {
    this.#stake.reset()
    this.#wealth.fill(0)
    this.#evidence = 0
  }

  #offer(share: number): void {
    this.#share = share
    for (const [k, guess] of GUESSES.entries()) {
      const pays = 1 / (1 + share * (guess - 1))
      this.#ifActive[k] = pays
      this.#ifCandidate[k] = guess * pays
    }
  }
}
