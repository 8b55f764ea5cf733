/** `unhealthy` is final. `unknown` means that there is too little evidence. */
export type Verdict = 'healthy' | 'unhealthy' | 'unknown'

/** A call that was routed by chance, as the judge sees it. Any object with these properties will do. */
export interface RoutedCall {
  /** Whether it went to the candidate; else to the version that the candidate replaces. */
  readonly isCandidate: boolean
  /** The candidate's share of the calls, 0 to 1, when this call was routed. */
  readonly share: number
  readonly key: string | undefined
  /** Whether both versions had warmed up when this call was routed. */
  readonly isWarm: boolean
  /** The limits of slowness that it has passed, a bit each. The judge sets them. Begins as 0. */
  late: number
}

/** Calls and failures of the active version in the past. */
export interface History {
  readonly calls: number
  readonly failures: number
  /** The 90th percentile of the durations, in ms, if they were measured. */
  readonly p90?: number | undefined
  readonly p99?: number | undefined
}

/** A part of a rollout in which the share stays the same. */
export interface Phase {
  /**
   * `step`: a share goes to the candidate. `soak`: the candidate is active; the version before it stands by. `crossing`: in
   * the soak, the standby gets {@link CROSSING_PERCENT} of the calls, so that the two can be compared.
   */
  readonly kind: 'step' | 'soak' | 'crossing'
  /** The number of the step, from 0. In the soak, the number of steps. */
  readonly step: number
  /** The candidate's share, in percent. */
  readonly percent: number
  /** For the soak: the past of the version that stands by. */
  readonly history?: History | undefined
}

/** The candidate's percentage while the soak crosses over. */
export const CROSSING_PERCENT = 50
/** The number of calls, of both versions, after which a crossing ends without a verdict. */
export const CROSSING_CALLS = 2_000

/** Calls of a version that have settled in the phase, and how many of them failed. */
export interface Tally {
  /** The calls that were answered or have failed. */
  readonly calls: number
  /** The calls that have failed. */
  readonly failures: number
}

/** The state of a judge, as plain data. */
export interface JudgeReport {
  /** The verdict so far. */
  readonly verdict: Verdict
  /** The calls of the candidate. */
  readonly candidate: Tally
  /** The calls of the active version. */
  readonly active: Tally
  /** The evidence of each test that the candidate is worse. */
  readonly evidence: Readonly<Record<string, number>>
  /** The candidate is unhealthy as soon as the evidence of a test reaches this. */
  readonly limit: number
  /** Why it is unhealthy. */
  readonly reason?: string
}

/**
 * Decides whether a candidate is as good as the active version.
 *
 * Has no timers. It is told of each call that was routed by chance: not of pinned, mirrored or verifying calls, nor of
 * calls that their caller gave up.
 */
export interface Judge {
  /** Makes the record of a call that is being routed. Ask before the call is sent, and keep it until the call settles. */
  routed(isCandidate: boolean, share: number, key: string | undefined): RoutedCall
  /** Counts a call that was answered or has failed, after `duration` ms. Then look at {@link isUnhealthy}. */
  settled(call: RoutedCall, failed: boolean, duration: number): void
  /** Whether answers only count: then a number of them may be told later by {@link answered}, before the next failure. */
  readonly countsAnswers: boolean
  /** Counts calls that were answered, in any order. */
  answered(isCandidate: boolean, calls: number): void
  /** Counts a call that has been running for `elapsed` ms, once it has passed {@link slowAfter}. May be told again. */
  stillRunning(call: RoutedCall, elapsed: number): void
  /** How long a call may run until {@link stillRunning} should be told, in ms. Infinity: never. */
  slowAfter(isCandidate: boolean): number
  /** Begins a step, the soak or a crossing. */
  begin(phase: Phase): void
  /** The verdict at the end of a step. */
  verdict(): Verdict
  /** Whether the candidate is unhealthy, for good. Cheap; look after each call. */
  readonly isUnhealthy: boolean
  /** Whether the soak should cross over. Cheap; look after each call. */
  readonly suspects: boolean
  /** The calls of both versions that settled since the phase began. */
  readonly calls: number
  report(): JudgeReport
  /** The error behind the verdict: of a function that threw. */
  readonly cause?: unknown
}
