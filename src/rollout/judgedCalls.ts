import type { CallObserver, ObservedCall } from '../calls/index.js'
import type { CallOptions, Clock } from '../contract/index.js'
import { CROSSING_CALLS, type Judge, type Phase, type RoutedCall } from './judge/index.js'
import type { StepReport } from './report.js'

/** How often calls in flight are looked at, to find those that hang, in ms. */
const SWEEP = 100

/** Is told what the judge finds. */
export interface JudgeListener {
  unhealthy(why: string, cause: unknown): void
  suspected(): void
  crossed(): void
}

export interface JudgedVersions {
  readonly candidate: string
  /** The version that the candidate replaces. */
  readonly from: string
}

export interface JudgedCallsOptions {
  readonly clock: Clock
  readonly now: () => number
  /** Whether the judge wants to know how long calls take. */
  readonly isTimed: boolean
  /** Whether the judge wants to know of calls that hang. */
  readonly isSwept: boolean
}

/** Tells the judge of the calls of one rollout, and the rollout of its findings. */
export class JudgedCalls implements CallObserver {
  readonly judge: Judge
  readonly now: () => number
  readonly isTimed: boolean
  readonly #versions: JudgedVersions
  readonly #listener: JudgeListener
  readonly #clock: Clock
  readonly #inFlight: Set<JudgedCall> | undefined
  #timer: unknown
  #phase: Phase | undefined
  #begun = 0
  /** The calls of the version that is replaced, before the candidate became active. */
  readonly history = { calls: 0, failures: 0 }

  constructor(judge: Judge, versions: JudgedVersions, listener: JudgeListener, options: JudgedCallsOptions) {
    this.judge = judge
    this.now = options.now
    this.isTimed = options.isTimed
    this.#versions = versions
    this.#listener = listener
    this.#clock = options.clock
    if (!options.isSwept) return
    this.#inFlight = new Set()
    this.#sweepLater()
  }

  /** Begins a phase. A verdict on calls of the phase before is told at once. */
  begin(phase: Phase): StepReport | undefined {
    const report = this.endPhase()
    this.#phase = phase
    this.#begun = this.now()
    this.judge.begin(phase)
    this.#conclude()
    return report
  }

  /** Ends the phase, if there is one. Later calls are only history. */
  endPhase(): StepReport | undefined {
    if (this.#phase === undefined) return undefined
    const { kind: phase, step, percent } = this.#phase
    this.#phase = undefined
    return { phase, step, percent, duration: this.now() - this.#begun, ...this.judge.report() }
  }

  /** Ends all. */
  end(): void {
    this.#inFlight?.clear()
    this.#clock.clearTimeout(this.#timer)
    this.#timer = undefined
  }

  routed(version: string, chance: number, options: CallOptions | undefined): ObservedCall | null {
    const isCandidate = version === this.#versions.candidate
    if (!isCandidate && version !== this.#versions.from) return null
    const call = this.judge.routed(isCandidate, isCandidate ? chance : 1 - chance, options?.key ?? undefined)
    const judged = new JudgedCall(this, call, options?.signal ?? undefined)
    this.#inFlight?.add(judged)
    return judged
  }

  /** Only for {@link JudgedCall}. */
  settled(judged: JudgedCall, failed: boolean): void {
    const { call } = judged
    this.#inFlight?.delete(judged)
    // Its caller gave it up, so its end says nothing.
    if (judged.signal?.aborted === true) return
    if (this.#phase?.kind !== 'soak' && this.#phase?.kind !== 'crossing' && !call.isCandidate) {
      this.history.calls += 1
      if (failed) this.history.failures += 1
    }
    if (this.#phase === undefined) return
    this.judge.settled(call, failed, this.isTimed ? this.now() - judged.sentAt : 0)
    this.#conclude()
  }

  #conclude(): void {
    const { judge } = this
    const kind = this.#phase?.kind
    if (judge.isUnhealthy) this.#listener.unhealthy(judge.report().reason ?? 'It is unhealthy.', judge.cause)
    else if (kind === 'soak' && judge.suspects) this.#listener.suspected()
    else if (kind === 'crossing' && judge.calls >= CROSSING_CALLS) this.#listener.crossed()
  }

  #sweepLater(): void {
    this.#timer = this.#clock.setTimeout(() => {
      this.#sweepLater()
      this.#sweep()
    }, SWEEP)
  }

  #sweep(): void {
    const now = this.now()
    for (const { call, sentAt } of this.#inFlight ?? []) {
      const elapsed = now - sentAt
      if (elapsed > this.judge.slowAfter(call.isCandidate)) this.judge.stillRunning(call, elapsed)
    }
    if (this.#phase !== undefined) this.#conclude()
  }
}

/** One call in flight. */
class JudgedCall implements ObservedCall {
  readonly call: RoutedCall
  readonly signal: AbortSignal | undefined
  readonly sentAt: number
  readonly #calls: JudgedCalls

  constructor(calls: JudgedCalls, call: RoutedCall, signal: AbortSignal | undefined) {
    this.#calls = calls
    this.call = call
    this.signal = signal
    this.sentAt = calls.isTimed ? calls.now() : 0
  }

  settled(failed: boolean): void {
    this.#calls.settled(this, failed)
  }
}
