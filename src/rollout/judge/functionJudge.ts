import { describe } from '../../contract/index.js'
import { Durations } from './durations.js'
import type { HealthFunction, SampledVersion } from './healthSample.js'
import type { Judge, JudgeReport, Phase, RoutedCall, Verdict } from './judge.js'
import { reasonOf } from './reason.js'
import { Tallies } from './tallies.js'

const VERDICTS: readonly unknown[] = ['healthy', 'unhealthy', 'unknown'] satisfies Verdict[]
/** Calls between two questions, if none fails. */
const ASK_EVERY = 100
const MAX_FAULTS = 4
const BEFORE: Phase = { kind: 'step', step: 0, percent: 0 }

/** The versions that a {@link FunctionJudge} names in its samples, and the time. */
export interface FunctionJudgeContext {
  readonly candidate: string
  readonly active: string
  /** The time, in ms. */
  readonly now: () => number
}

/** Asks a user's function for the verdict. */
export class FunctionJudge implements Judge {
  readonly #health: HealthFunction
  readonly #context: FunctionJudgeContext
  readonly #tallies = new Tallies()
  readonly #durations = { candidate: new Durations(), active: new Durations() }
  #phase = BEFORE
  #begun: number
  #faults = 0
  #isAsking = false
  #reason: string | undefined
  #cause: unknown

  constructor(health: HealthFunction, context: FunctionJudgeContext) {
    this.#health = health
    this.#context = context
    this.#begun = context.now()
  }

  get isUnhealthy(): boolean {
    return this.#reason !== undefined
  }

  /** A function decides by itself: nothing crosses over. */
  get suspects(): boolean {
    return false
  }

  get calls(): number {
    return this.#tallies.calls
  }

  get cause(): unknown {
    return this.#cause
  }

  routed(isCandidate: boolean, share: number, key: string | undefined): RoutedCall {
    return { isCandidate, share, key, isWarm: true, late: 0 }
  }

  settled({ isCandidate }: RoutedCall, failed: boolean, duration: number): void {
    this.#tallies.count(isCandidate, failed)
    this.#durations[isCandidate ? 'candidate' : 'active'].record(duration)
    if (failed || this.#tallies.calls % ASK_EVERY === 0) this.#ask()
  }

  /** A function gets the duration of each call. */
  get countsAnswers(): boolean {
    return false
  }

  answered(): void {}

  stillRunning(): void {}

  slowAfter(): number {
    return Number.POSITIVE_INFINITY
  }

  begin(phase: Phase): void {
    this.#phase = phase
    this.#begun = this.#context.now()
    this.#tallies.reset()
    this.#durations.candidate.reset()
    this.#durations.active.reset()
  }

  verdict(): Verdict {
    return this.#ask()
  }

  report(): JudgeReport {
    const { candidate, active } = this.#tallies
    const verdict = this.isUnhealthy ? 'unhealthy' : 'unknown'
    const told = this.#reason === undefined ? {} : { reason: this.#reason }
    return { verdict, candidate, active, evidence: {}, limit: MAX_FAULTS, ...told }
  }

  #ask(): Verdict {
    if (this.isUnhealthy) return 'unhealthy'
    // The function may make a call that fails at once.
    if (this.#isAsking) return 'unknown'
    this.#isAsking = true
    const verdict = this.#answer()
    this.#isAsking = false
    if (verdict === 'unhealthy') this.#reason ??= reasonOf('health', this.#tallies)
    return verdict
  }

  #answer(): Verdict {
    try {
      const { kind: phase, step, percent: share } = this.#phase
      const elapsed = this.#context.now() - this.#begun
      const [candidate, active] = [this.#sampled('candidate'), this.#sampled('active')]
      const verdict: unknown = this.#health({ phase, step, share, elapsed, candidate, active })
      if (!isVerdict(verdict))
        throw new TypeError(`health must return 'healthy', 'unhealthy' or 'unknown', got ${describe(verdict)}.`)
      this.#faults = 0
      return verdict
    } catch (error) {
      this.#faults += 1
      if (this.#faults < MAX_FAULTS) return 'unknown'
      this.#cause = error
      this.#reason = reasonOf('thrown', this.#tallies)
      return 'unhealthy'
    }
  }

  #sampled(name: 'candidate' | 'active'): SampledVersion {
    const durations = this.#durations[name]
    const [p50, p90, p99] = [durations.quantile(0.5), durations.quantile(0.9), durations.quantile(0.99)]
    const figures = { mean: durations.mean, p50, p90, p99, max: durations.max }
    return { version: this.#context[name], ...this.#tallies[name], durations: figures }
  }
}

function isVerdict(value: unknown): value is Verdict {
  return VERDICTS.includes(value)
}
