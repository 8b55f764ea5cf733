import { type CallObserver, isGivenUp, type ObservedCall, type RouteObserver } from '../calls/index.js'
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
  readonly now: () => number
  readonly isTimed: boolean
  readonly #judge: Judge
  readonly #versions: JudgedVersions
  readonly #listener: JudgeListener
  readonly #clock: Clock
  readonly #inFlight: Set<JudgedCall> | undefined
  #timer: unknown
  #phase: Phase | undefined
  #begun = 0
  /** Whether the judge gets answers later, as a number: most calls are answered, and each pays for it. */
  countsAnswers = false
  /** Has answers that the judge has not been told. */
  readonly #untold: JudgedRoute[] = []

  constructor(judge: Judge, versions: JudgedVersions, listener: JudgeListener, options: JudgedCallsOptions) {
    this.#judge = judge
    this.now = options.now
    this.isTimed = options.isTimed
    this.#versions = versions
    this.#listener = listener
    this.#clock = options.clock
    if (!options.isSwept) return
    this.#inFlight = new Set()
    this.#sweepLater()
  }

  /** The judge, told of every call that has ended. */
  get judge(): Judge {
    this.#tellAnswers()
    return this.#judge
  }

  /** Begins a phase. A verdict on calls of the phase before is told at once. */
  begin(phase: Phase): StepReport | undefined {
    const report = this.endPhase()
    // Answers between two phases are not judged.
    this.#tellAnswers()
    this.#phase = phase
    this.#begun = this.now()
    this.judge.begin(phase)
    // The last call of a crossing ends it.
    this.countsAnswers = !this.isTimed && phase.kind !== 'crossing' && this.#judge.countsAnswers
    this.#conclude()
    return report
  }

  /** The phase as it stands; undefined if there is none. */
  get progress(): StepReport | undefined {
    if (this.#phase === undefined) return undefined
    const { kind: phase, step, percent } = this.#phase
    return { phase, step, percent, duration: this.now() - this.#begun, ...this.judge.report() }
  }

  /** Ends the phase, if there is one. Later calls are not judged. */
  endPhase(): StepReport | undefined {
    const report = this.progress
    this.#phase = undefined
    return report
  }

  /** Ends all. */
  end(): void {
    this.#inFlight?.clear()
    this.#clock.clearTimeout(this.#timer)
    this.#timer = undefined
  }

  routed(version: string, chance: number): RouteObserver | null {
    const isCandidate = version === this.#versions.candidate
    if (!isCandidate && version !== this.#versions.from) return null
    return new JudgedRoute(this, isCandidate, isCandidate ? chance : 1 - chance)
  }

  /** Only for {@link JudgedRoute}. A call that has a time of its own is about to be sent. */
  sent(isCandidate: boolean, share: number, options: CallOptions | undefined): JudgedCall {
    const key = keyOf(options)
    // Only a judge of slowness leaves calls out while versions warm up.
    const isWarm = this.#inFlight === undefined || this.judge.routed(isCandidate, share, key).isWarm
    const call = new JudgedCall(this, isCandidate, share, key, isWarm, options)
    this.#inFlight?.add(call)
    return call
  }

  /** Only for {@link JudgedCall}. */
  ended(call: JudgedCall, failed: boolean, options: CallOptions | undefined): void {
    this.#inFlight?.delete(call)
    this.settled(call, failed, options, call.sentAt)
  }

  /** Only for {@link JudgedRoute}, and for calls that have ended. */
  settled(call: RoutedCall, failed: boolean, options: CallOptions | undefined, sentAt: number): void {
    // Its caller gave it up, so its end says nothing.
    if (isGivenUp(options)) return
    const phase = this.#phase
    if (phase === undefined) return
    this.judge.settled(call, failed, this.isTimed ? this.now() - sentAt : 0)
    // An answer in time is no news, unless it was the last one of a crossing.
    if (failed || this.isTimed || phase.kind === 'crossing') this.#conclude()
  }

  /** Only for {@link JudgedRoute}: it has an answer that is reported later. */
  hasUntold(route: JudgedRoute): void {
    this.#untold.push(route)
  }

  #tellAnswers(): void {
    for (const route of this.#untold) {
      const { isCandidate, untold } = route
      route.untold = 0
      if (this.#phase !== undefined) this.#judge.answered(isCandidate, untold)
    }
    this.#untold.length = 0
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
    for (const call of this.#inFlight ?? []) {
      if (isGivenUp(call.options)) {
        this.#inFlight?.delete(call)
        continue
      }
      const elapsed = now - call.sentAt
      if (elapsed > this.judge.slowAfter(call.isCandidate)) this.judge.stillRunning(call, elapsed)
    }
    if (this.#phase !== undefined) this.#conclude()
  }
}

/** The calls to one version on one route. All are one call for a judge that does not ask how long they take. */
class JudgedRoute implements RouteObserver, RoutedCall {
  readonly isCandidate: boolean
  readonly share: number
  readonly isWarm = true
  late = 0
  /** Answers that the judge has not been told. */
  untold = 0
  /** The key of the call that has failed last. */
  key: string | undefined
  readonly sent: RouteObserver['sent']
  readonly #calls: JudgedCalls

  constructor(calls: JudgedCalls, isCandidate: boolean, share: number) {
    this.#calls = calls
    this.isCandidate = isCandidate
    this.share = share
    this.sent = calls.isTimed ? options => calls.sent(isCandidate, share, options) : undefined
  }

  settled(failed: boolean, options: CallOptions | undefined): void {
    if (!failed && this.#calls.countsAnswers) {
      if (isGivenUp(options)) return
      this.untold += 1
      if (this.untold === 1) this.#calls.hasUntold(this)
      return
    }
    if (failed) this.key = keyOf(options)
    this.#calls.settled(this, failed, options, 0)
  }
}

/** One call in flight whose time the judge asks for: the record of the router and of the judge in one. */
class JudgedCall implements ObservedCall, RoutedCall {
  late = 0
  readonly isCandidate: boolean
  readonly share: number
  readonly key: string | undefined
  readonly isWarm: boolean
  readonly sentAt: number
  readonly #calls: JudgedCalls
  readonly options: CallOptions | undefined

  constructor(
    calls: JudgedCalls,
    isCandidate: boolean,
    share: number,
    key: string | undefined,
    isWarm: boolean,
    options: CallOptions | undefined,
  ) {
    this.#calls = calls
    this.options = options
    this.isCandidate = isCandidate
    this.share = share
    this.key = key
    this.isWarm = isWarm
    this.sentAt = calls.now()
  }

  settled(failed: boolean, options: CallOptions | undefined): void {
    this.#calls.ended(this, failed, options)
  }
}

/** The key of a call. One that cannot be read is none. */
function keyOf(options: CallOptions | undefined): string | undefined {
  try {
    return options?.key ?? undefined
  } catch {
    return undefined
  }
}
