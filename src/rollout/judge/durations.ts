/** Eight buckets for each doubling: a quantile is at most 9 % too high. */
const PER_DOUBLING = 8
/** The first bucket ends at 1 µs, the last one after 49 days. */
const SMALLEST_EXPONENT = -10
const BUCKETS = PER_DOUBLING * 42

/** A histogram of durations, in ms. */
export class Durations {
  readonly #buckets = new Float64Array(BUCKETS)
  #count = 0
  #sum = 0
  #max = 0

  get count(): number {
    return this.#count
  }

  /** 0 if there is none. */
  get mean(): number {
    return this.#count === 0 ? 0 : this.#sum / this.#count
  }

  get max(): number {
    return this.#max
  }

  record(duration: number): void {
    const exponent = (Math.log2(duration) - SMALLEST_EXPONENT) * PER_DOUBLING
    // Also for 0 and NaN.
    const bucket = exponent > 0 ? Math.min(BUCKETS - 1, Math.floor(exponent)) : 0
    this.#buckets[bucket] = (this.#buckets[bucket] as number) + 1
    this.#count += 1
    this.#sum += duration
    if (duration > this.#max) this.#max = duration
  }

  /** The end of the bucket in which the quantile lies; 0 if there is no duration. */
  quantile(fraction: number): number {
    let left = this.#count * fraction
    if (left <= 0) return 0
    for (let bucket = 0; bucket < BUCKETS; bucket++) {
      left -= this.#buckets[bucket] as number
      if (left <= 0) return 2 ** ((bucket + 1) / PER_DOUBLING + SMALLEST_EXPONENT)
    }
    return this.#max
  }

  /** Halves the weight of the durations so far, so that newer ones count more. */
  fade(): void {
    for (let bucket = 0; bucket < BUCKETS; bucket++) this.#buckets[bucket] = (this.#buckets[bucket] as number) / 2
    this.#count /= 2
    this.#sum /= 2
  }

  reset(): void {
    this.#buckets.fill(0)
    this.#count = 0
    this.#sum = 0
    this.#max = 0
  }
}
