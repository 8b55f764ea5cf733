import { Bound } from './bound.js'
import { Durations } from './durations.js'
import type { Phase, RoutedCall } from './judge.js'
import { Vote } from './vote.js'

/** The quantiles of the active version that are limits, each with its own test. */
const QUANTILES = [0.9, 0.99]
/** Durations of the active version before there are limits. */
const ENOUGH = 100
/** Durations between two looks at the quantiles. */
const REFRESH = 64
/** Durations after which older ones fade. */
const FADE = 4_096

/**
 * Compares how often the versions are slow. A call of the active version is slow above a quantile of its own durations, a
 * call of the candidate above `maxSlowdown` times that. A call counts when it passes the limit, so calls that hang count.
 *
 * The first `warmUp` calls of each version are left out, and so is every call that was routed before they had settled.
 */
export class Slowness {
  readonly #maxSlowdown: number
  readonly #warmUp: number
  readonly #durations = new Durations()
  readonly #votes = QUANTILES.map(() => new Vote())
  readonly #limits = QUANTILES.map(() => Number.POSITIVE_INFINITY)
  readonly #known = { candidate: 0, active: 0 }
  #suspicion: Bound | undefined

  constructor(maxSlowdown: number, warmUp: number) {
    this.#maxSlowdown = maxSlowdown
    this.#warmUp = warmUp
  }

  /** Whether both versions have warmed up. */
  get isWarm(): boolean {
    return this.#known.candidate >= this.#warmUp && this.#known.active >= this.#warmUp
  }

  /** Whether a call with a key was slow. */
  get isKeyed(): boolean {
    return this.#votes.some(vote => vote.isKeyed)
  }

  /** The mean of the tests. */
  get evidence(): number {
    return this.#votes.reduce((sum, vote) => sum + vote.evidence, 0) / this.#votes.length
  }

  /** The evidence that the candidate is slower than the active version was before the soak. */
  get suspicion(): number {
    return this.#suspicion?.evidence ?? 0
  }

  /** How long a call may run until it counts as slow, in ms: the lowest limit. */
  slowAfter(isCandidate: boolean): number {
    return (this.#limits[0] as number) * (isCandidate ? this.#maxSlowdown : 1)
  }

  settled(call: RoutedCall, duration: number): void {
    this.#judge(call, duration)
    if (call.isWarm && call.isCandidate && (call.late & 1) === 0) this.#suspicion?.observe(false)
    if (!call.isWarm && call.late === 0) this.#known[call.isCandidate ? 'candidate' : 'active'] += 1
    if (!call.isCandidate && this.#known.active >= this.#warmUp) this.#record(duration)
  }

  stillRunning(call: RoutedCall, elapsed: number): void {
    this.#judge(call, elapsed)
    if (call.isWarm || call.late !== 0 || elapsed <= this.slowAfter(call.isCandidate)) return
    // A version whose first calls all hang has warmed up, too.
    call.late = 1
    this.#known[call.isCandidate ? 'candidate' : 'active'] += 1
  }

  beginPhase({ kind, history }: Phase): void {
    for (const vote of this.#votes) vote.beginPhase()
    this.#suspicion = kind === 'soak' ? new Bound(1 - (QUANTILES[0] as number)) : undefined
    if (history === undefined || this.#durations.count >= ENOUGH || history.calls < ENOUGH) return
    // Without steps, the active version was never measured here.
    const { p90 = Number.POSITIVE_INFINITY, p99 = Number.POSITIVE_INFINITY } = history
    this.#limits[0] = p90
    this.#limits[1] = p99
    this.#known.active = this.#warmUp
  }

  #judge(call: RoutedCall, elapsed: number): void {
    if (!call.isWarm) return
    for (let n = 0; n < QUANTILES.length; n++) {
      const bit = 1 << n
      const limit = (this.#limits[n] as number) * (call.isCandidate ? this.#maxSlowdown : 1)
      if ((call.late & bit) !== 0 || !(elapsed > limit)) continue
      call.late |= bit
      this.#votes[n]?.failed(call)
      if (n === 0 && call.isCandidate) this.#suspicion?.observe(true)
    }
  }

  #record(duration: number): void {
    const durations = this.#durations
    durations.record(duration)
    if (durations.count >= FADE) durations.fade()
    if (durations.count < ENOUGH || durations.count % REFRESH !== 0) return
    for (let n = 0; n < QUANTILES.length; n++) this.#limits[n] = durations.quantile(QUANTILES[n] as number)
  }
}
