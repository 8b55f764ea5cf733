import { fmix32, fnv1a } from '../support/index.js'

/** How many lots there are: as many as there are hashes of 32 bits. */
export const LOTS = 2 ** 32

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
  return fnv1a(`${version}\0`)
}

/** The lot of a key, which depends on the key and the version alone (rule 27). */
export function lotOf(seed: number, key: string): number {
  return fmix32(fnv1a(key, seed))
}
