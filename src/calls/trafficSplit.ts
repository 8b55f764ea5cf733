import type { CallOptions } from '../contract/index.js'
import { fmix32, fnv1a } from '../support/index.js'

/** How many lots there are: as many as there are hashes of 32 bits. */
const LOTS = 2 ** 32

/** A lot for a call without a key. */
export function drawLot(): number {
  return Math.random() * LOTS
}

/** Splits the calls between the active and the next version: by their keys or else by lot (rules 26 and 27). */
export class TrafficSplit {
  /** The lots below this go to the next version; 0: none do. */
  readonly share: number
  /** How likely it is that a call goes to the next version, 0 to 1. */
  readonly chance: number
  /** The beginning of the hash, the same for all keys. */
  readonly #seed: number

  /**
   * @param percent - the share of the next version, 0 to 100
   * @param next - the next version, if there is one
   */
  constructor(percent: number, next: string | undefined) {
    this.chance = percent / 100
    this.share = this.chance * LOTS
    this.#seed = next === undefined ? 0 : fnv1a(`${next}\0`)
  }

  /** Whether a call goes to the next version. @param lot - drawn for a call without a key; undefined: none was */
  isForNext(options: CallOptions | undefined, lot: number | undefined): boolean {
    const key = options?.key ?? undefined
    const drawn = key === undefined ? lot : fmix32(fnv1a(key, this.#seed))
    return drawn !== undefined && drawn < this.share
  }
}
