import { fmix32, fnv1a } from '../../support/index.js'

const BITS = 8_192
const HASHES = 3

/**
 * The keys that have had their vote: a Bloom filter of 1 kB.
 *
 * It may take a new key for a known one, the more often the more keys have failed (15 % at 2,000). Such a key has no vote.
 * That is the same for both versions, so it never raises an alarm.
 */
export class KeyFilter {
  readonly #words = new Uint32Array(BITS / 32)

  /** Adds `key`. Returns false if it was there. */
  add(key: string): boolean {
    const first = fmix32(fnv1a(key))
    // Odd, so that the three bits differ.
    const step = fmix32(first ^ 0x9e3779b9) | 1
    let isNew = false
    for (let n = 0; n < HASHES; n++) {
      const bit = (first + n * step) & (BITS - 1)
      const word = this.#words[bit >>> 5] as number
      const mask = 1 << (bit & 31)
      if ((word & mask) === 0) {
        isNew = true
        this.#words[bit >>> 5] = word | mask
      }
    }
    return isNew
  }

  clear(): void {
    this.#words.fill(0)
  }
}
