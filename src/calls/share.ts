/** How many lots there are: as many as there are hashes of 32 bits. */
export const LOTS = 2 ** 32

const FNV_OFFSET = 0x81_1c_9d_c5
const FNV_PRIME = 0x01_00_01_93

/** The lots below this go to the next version. @param percent - 0 to 100 */
export function lotsIn(percent: number): number {
  return (percent / 100) * LOTS
}

/** A lot for a call without a key, below {@link LOTS}. */
export function drawLot(): number {
  return Math.random() * LOTS
}

/** The beginning of {@link lotOf}, the same for all keys. */
export function seedOf(version: string): number {
  return fnv(FNV_OFFSET, `${version}\0`)
}

/**
 * The lot of a key, which depends on the key and the version alone (rule 27). It is FNV-1a, finished by fmix32 of MurmurHash3:
 * FNV-1a alone hardly changes the high bits for keys that differ at their end, such as `user1` and `user2`.
 */
export function lotOf(seed: number, key: string): number {
  let hash = fnv(seed, key)
  hash = Math.imul(hash ^ (hash >>> 16), 0x85_eb_ca_6b)
  hash = Math.imul(hash ^ (hash >>> 13), 0xc2_b2_ae_35)
  return (hash ^ (hash >>> 16)) >>> 0
}

/** FNV-1a over the code units of a text, 16 bits in one step. */
function fnv(from: number, text: string): number {
  let hash = from
  for (let i = 0; i < text.length; i++) hash = Math.imul(hash ^ text.charCodeAt(i), FNV_PRIME)
  return hash
}
