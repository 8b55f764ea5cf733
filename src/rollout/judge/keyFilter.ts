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
    const first = hashOf(key)
    // Odd, so that the three bits differ.
    const step = mixed(first ^ 0x9e3779b9) | 1
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

function hashOf(key: string): number {
  let hash = 0x811c9dc5
  for (let n = 0; n < key.length; n++) hash = Math.imul(hash ^ key.charCodeAt(n), 0x01000193)
  return mixed(hash)
}

/** The finaliser of MurmurHash3: FNV-1a alone is not uniform for `user1`, `user2`, … */
function mixed(hash: number): number {
  let bits = hash ^ (hash >>> 16)
  bits = Math.imul(bits, 0x85ebca6b)
  bits = Math.imul(bits ^ (bits >>> 13), 0xc2b2ae35)
  return (bits ^ (bits >>> 16)) >>> 0
}
