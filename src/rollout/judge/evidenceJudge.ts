import { Bound } from './bound.js'
import { ErrorRate } from './errorRate.js'
import type { CompiledHealth } from './healthOptions.js'
import type { Judge, JudgeReport, Phase, RoutedCall, Verdict } from './judge.js'
import { reasonOf } from './reason.js'
import { Slowness } from './slowness.js'
import { Tallies } from './tallies.js'
import { Vote } from './vote.js'

/** Evidence that the candidate is as good, or fails rarely, before a step may pass; and against it, below which. */
const ENOUGH = 20
/** The bets that the candidate fails less often than in 1 % of its calls. */
const LOG_IF_FAILED = Math.log(0.25)
const LOG_IF_ANSWERED = Math.log(0.9975 / 0.99)
/** In the soak: failures up to this rate raise no suspicion, nor does less evidence than this. */
const UNSUSPICIOUS_RATE = 0.02
const SUSPICIOUS = 50
/** So many calls, at least, make a history. */
const HISTORY = 100

/**
 * Judges by evidence that may be read after every call.
 *
 * The chance of a false alarm over the whole rollout is at most `falseAlarms`, divided among the tests in use. With keys
 * it is divided among the phases, too, because each phase begins anew.
 */
export class EvidenceJudge implements Judge {
  readonly #minCalls: number
  readonly #limit: number
  readonly #phases: number
  readonly #failures = new Vote()
  readonly #errorRate: ErrorRate | undefined
  readonly #slowness: Slowness | undefined
  readonly #tallies = new Tallies()
  #suspicion: Bound | undefined
  #begun = 0
  #logOfRareFailures = 0
  #reason: string | undefined

  /** @param phases - the number of phases that are planned: the steps, the soak, and one crossing */
  constructor({ minCalls, falseAlarms, maxErrorRate, maxSlowdown, warmUp }: CompiledHealth, phases: number) {
    const tests = 1 + Number(maxErrorRate !== undefined) + Number(maxSlowdown !== undefined)
    this.#minCalls = minCalls
    this.#limit = tests / falseAlarms
    this.#phases = phases
    this.#errorRate = maxErrorRate === undefined ? undefined : new ErrorRate(maxErrorRate, this.#limit)
    this.#slowness = maxSlowdown === undefined ? undefined : new Slowness(maxSlowdown, warmUp)
  }

  get isUnhealthy(): boolean {
    return this.#reason !== undefined
  }

  get suspects(): boolean {
    if (this.#suspicion === undefined) return false
    if (this.#suspicion.evidence >= SUSPICIOUS || this.#errorRate?.isSuspected === true) return true
    return this.#slowness !== undefined && this.#slowness.suspicion >= SUSPICIOUS
  }

  get calls(): number {
    return this.#tallies.calls
  }

  routed(isCandidate: boolean, share: number, key: string | undefined): RoutedCall {
    return { isCandidate, share, key, isWarm: this.#slowness?.isWarm ?? true, late: 0 }
  }

  settled(call: RoutedCall, failed: boolean, duration: number): void {
    this.#tallies.count(call.isCandidate, failed)
    if (call.isCandidate) {
      this.#logOfRareFailures += failed ? LOG_IF_FAILED : LOG_IF_ANSWERED
      this.#suspicion?.observe(failed)
      this.#errorRate?.candidateSettled(failed)
    } else this.#errorRate?.activeSettled(failed)
    this.#slowness?.settled(call, duration)
    if (failed) this.#failures.failed(call)
    if (failed || this.#errorRate !== undefined || this.#slowness !== undefined) this.#conclude()
  }

  get countsAnswers(): boolean {
    return this.#errorRate === undefined && this.#slowness === undefined
  }

  answered(isCandidate: boolean, calls: number): void {
    this.#tallies.answered(isCandidate, calls)
    if (!isCandidate) return
    this.#logOfRareFailures += calls * LOG_IF_ANSWERED
    this.#suspicion?.didNotHappen(calls)
  }

  stillRunning(call: RoutedCall, elapsed: number): void {
    this.#slowness?.stillRunning(call, elapsed)
    this.#conclude()
  }

  slowAfter(isCandidate: boolean): number {
    return this.#slowness?.slowAfter(isCandidate) ?? Number.POSITIVE_INFINITY
  }

  begin(phase: Phase): void {
    this.#begun += 1
    this.#tallies.reset()
    this.#failures.beginPhase()
    this.#slowness?.beginPhase(phase)
    this.#suspicion = phase.kind === 'soak' ? new Bound(unsuspiciousRate(phase)) : undefined
  }

  verdict(): Verdict {
    if (this.isUnhealthy) return 'unhealthy'
    if (this.#minCalls === 0) return 'healthy'
    if (this.#tallies.candidate.calls < this.#minCalls || this.#isDoubtful()) return 'unknown'
    const isEqual = this.#failures.evidenceOfEquality >= ENOUGH
    return isEqual || Math.exp(this.#logOfRareFailures) >= ENOUGH ? 'healthy' : 'unknown'
  }

  report(): JudgeReport {
    const evidence = {
      failures: this.#failures.evidence,
      ...(this.#errorRate && { maxErrorRate: this.#errorRate.evidence }),
      ...(this.#slowness && { maxSlowdown: this.#slowness.evidence }),
    }
    const { candidate, active } = this.#tallies
    const reason = this.#reason
    const told = reason === undefined ? {} : { reason }
    return {
      verdict: this.verdict(),
      candidate,
      active,
      evidence,
      limit: this.#evidenceLimit,
      ...told,
    }
  }

  #isDoubtful(): boolean {
    if (this.#failures.evidence >= ENOUGH || this.#errorRate?.isSuspected === true) return true
    return this.#slowness !== undefined && this.#slowness.evidence >= ENOUGH
  }

  /** With keys, a limit for each phase. A crossing that was not planned gets a stricter one, so that all add up. */
  get #evidenceLimit(): number {
    const isKeyed = this.#failures.isKeyed || this.#slowness?.isKeyed === true
    return isKeyed ? this.#limit * this.#phases * 2 ** Math.max(0, this.#begun - this.#phases) : this.#limit
  }

  #conclude(): void {
    if (this.#reason !== undefined) return
    const limit = this.#evidenceLimit
    if (this.#failures.evidence >= limit) this.#reason = reasonOf('failures', this.#tallies)
    else if (this.#errorRate?.isExceeded === true) this.#reason = reasonOf('maxErrorRate', this.#tallies)
    else if (this.#slowness !== undefined && this.#slowness.evidence >= limit)
      this.#reason = reasonOf('maxSlowdown', this.#tallies)
  }
}

/** The rate of the past, where it is higher than the usual bound. */
function unsuspiciousRate({ history }: Phase): number {
  if (history === undefined) return UNSUSPICIOUS_RATE
  return Math.max(UNSUSPICIOUS_RATE, history.failures / Math.max(HISTORY, history.calls))
}
