/** How long the calls of a version took since the phase began, in ms. All are 0 if there is no call. */
export interface SampledDurations {
  /** The mean. */
  readonly mean: number
  /** The median. */
  readonly p50: number
  /** The 90th percentile. */
  readonly p90: number
  /** The 99th percentile. */
  readonly p99: number
  /** The longest. */
  readonly max: number
}

/** One version in a {@link HealthSample}. Only calls that were routed by chance count, since the phase began. */
export interface SampledVersion {
  /** Canonical SemVer. */
  readonly version: string
  /** Calls that have settled; not those that their caller gave up. */
  readonly calls: number
  /** How many of them failed. */
  readonly failures: number
  /** How long they took; quantiles may be 9 % too high. */
  readonly durations: SampledDurations
}

/** The figures for a `health` function: plain data, made anew for each call. */
export interface HealthSample {
  /** `step`; `soak`: the candidate is active; `crossing`: in the soak, half of the calls go to the version before. */
  readonly phase: 'step' | 'soak' | 'crossing'
  /** The number of the step, from 0. In the soak, the number of steps. */
  readonly step: number
  /** The candidate's share of new calls, in percent. */
  readonly share: number
  /** Time since the phase began, in ms. */
  readonly elapsed: number
  /** The version that is to prove itself. */
  readonly candidate: SampledVersion
  /** The version that it replaces. While the candidate soaks, this one stands by and may get no calls. */
  readonly active: SampledVersion
}

/**
 * Decides on a candidate in place of options.
 *
 * It is called at the end of a step, after each failed call, and after every 100th call. `unhealthy` ends the rollout,
 * and `healthy` counts at the end of a step. Four times in a row without a verdict, because it threw or returned something
 * else, is unhealthy.
 */
export type HealthFunction = (sample: HealthSample) => 'healthy' | 'unhealthy' | 'unknown'
