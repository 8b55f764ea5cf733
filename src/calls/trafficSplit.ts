import type { CallOptions } from '../contract/index.js'
import { fmix32, fnv1a } from '../support/index.js'

/** How many hashes of 32 bits there are. */
const HASHES = 2 ** 32

/** In place of the hash of a key, for a call without one. */
export function randomHash(): number {
  return Math.random() * HASHES
}

/** Splits the calls between the active and the next version: by the hash of their key, or else at random (rules 26 and 27). */
export class TrafficSplit {
  /** The hashes below this go to the next version; 0: none do. */
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
    this.share = this.chance * HASHES
    this.#seed = next === undefined ? 0 : fnv1a(`${next}\0`)
  }

  /** Whether a call goes to the next version. @param hash - that of a call without a key; undefined: it goes to the active version */
  isForNext(options: CallOptions | undefined, hash: number | undefined): boolean {
    const key = options?.key ?? undefined
    const its = key === undefined ? hash : fmix32(fnv1a(key, this.#seed))
    return its !== undefined && its < this.share
  }
}
