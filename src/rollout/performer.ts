import type { RolloutEffect, RolloutEvent } from '../../machines/index.js'
import type { Runtime } from '../contract/index.js'
import type { Attempt } from './attempt.js'
import type { Candidates } from './candidates.js'
import { CROSSING_PERCENT, type History } from './judge/index.js'
import { judgedCallsOf } from './judgedCallsOf.js'
import type { Memory } from './memory.js'
import type { ObservedAggregate } from './observedAggregate.js'
import type { CompiledOptions } from './options.js'
import { alreadyThere, because } from './rolloutErrors.js'
import { runVerify } from './verify.js'

/** Performs the effects that are about one attempt, on the aggregate, the store and the user's functions. */
export class Performer<Req, Res> {
  readonly #observed: ObservedAggregate<Req, Res>
  readonly #candidates: Candidates<Req, Res>
  readonly #memory: Memory
  readonly #options: CompiledOptions<Req, Res>
  readonly #tell: (attempt: Attempt<Req, Res>, event: RolloutEvent) => void

  constructor(
    observed: ObservedAggregate<Req, Res>,
    candidates: Candidates<Req, Res>,
    memory: Memory,
    options: CompiledOptions<Req, Res>,
    tell: (attempt: Attempt<Req, Res>, event: RolloutEvent) => void,
  ) {
    this.#observed = observed
    this.#candidates = candidates
    this.#memory = memory
    this.#options = options
    this.#tell = tell
  }

  /** Performs an effect. Its result is told later, unless the attempt is over by then. */
  perform(attempt: Attempt<Req, Res>, effect: RolloutEffect): void {
    switch (effect.type) {
      case 'prepare':
        void this.#prepare(attempt)
        break
      case 'verify':
        void this.#verify(attempt)
        break
      case 'beginStep':
        this.#share(attempt, effect.percent, 'step', effect.percent, effect.step)
        break
      case 'judgeStep':
        this.#judge(attempt, effect.advance)
        break
      case 'promote':
        this.#promote(attempt)
        break
      case 'beginSoak':
        this.#share(attempt, effect.percent, 'soak', 100 - effect.percent)
        break
      case 'beginCrossing':
        this.#share(attempt, CROSSING_PERCENT, 'crossing', CROSSING_PERCENT)
        break
      case 'swapBack':
        this.#swapBack(attempt)
        break
      case 'finish':
        void this.#finish(attempt)
        break
      case 'leave':
        void this.#leave(attempt)
        break
      case 'noteCause':
        attempt.cause ??= effect.cause
        break
    }
  }

  async #prepare(attempt: Attempt<Req, Res>): Promise<void> {
    const { version, signal } = attempt
    try {
      const isLeaving = () =>
        this.#observed.status.versions.some(its => its.version === version && its.state === 'stopping')
      await this.#observed.until(() => !isLeaving(), signal)
      if (signal.aborted) return
      const { active, wanted } = this.#observed.status
      if (version === active && version === wanted.active) {
        attempt.from = version
        this.#tell(attempt, { type: 'already' })
        return
      }
      if (this.#observed.aggregate.hasVersion(version)) throw alreadyThere(version)
      const runtime = await this.#candidates.provision(attempt.plan, version)
      if (signal.aborted) return
      attempt.onEnd(this.#follow(attempt, runtime))
      await this.#add(attempt, runtime)
    } catch (cause) {
      this.#fail(attempt, 'It could not be provisioned', cause)
    }
  }

  #follow(attempt: Attempt<Req, Res>, runtime: Runtime<Req, Res>): () => void {
    let { failFast } = attempt.plan
    return this.#candidates.follow(runtime, error => {
      attempt.lastError = error
      if (error !== undefined && failFast) this.#fail(attempt, 'It did not start', error)
      failFast = false
    })
  }

  async #add(attempt: Attempt<Req, Res>, runtime: Runtime<Req, Res>): Promise<void> {
    const { version } = attempt
    const { active } = this.#observed.status.wanted
    // Wanted as active, but absent: once added it would serve at once.
    if (active === version) void this.#observed.place({ active: null, next: version })
    else attempt.from = active
    this.#observed.aggregate.addVersion(version, runtime)
    this.#listen(attempt)
    await this.#observed.place({ active: attempt.from, next: version })
  }

  /** Lets the judge hear of the calls of both versions. */
  #listen(attempt: Attempt<Req, Res>): void {
    attempt.calls = judgedCallsOf(attempt, this.#options.clock, {
      unhealthy: (why, cause) => this.#tell(attempt, { type: 'unhealthy', why, cause }),
      suspected: () => this.#tell(attempt, { type: 'suspected' }),
      crossed: () => this.#tell(attempt, { type: 'crossed' }),
    })
    this.#observed.observeCalls(attempt.calls)
    attempt.onEnd(() => this.#observed.observeCalls(null))
  }

  async #verify(attempt: Attempt<Req, Res>): Promise<void> {
    try {
      await runVerify(attempt, this.#observed.aggregate)
      this.#tell(attempt, { type: 'verified', canCompare: this.#canCompare() })
    } catch (cause) {
      this.#fail(attempt, 'verify failed', cause)
    }
  }

  /** Gives the next version its share, and begins a phase in which the candidate has `percent` of the calls. */
  #share(
    attempt: Attempt<Req, Res>,
    share: number,
    kind: 'step' | 'soak' | 'crossing',
    percent: number,
    step = attempt.order.plan.steps.length,
  ): void {
    try {
      this.#observed.aggregate.setShare(share)
    } catch (err) {
      // The next version leaves or has left. A look at the aggregate follows, and ends the step; a soak goes on without a standby.
      this.#options.logger.debug({ err, version: attempt.version, kind }, 'a share was refused')
    }
    attempt.beginPhase({ kind, percent, step, history: kind === 'soak' ? this.#historyOf(attempt) : undefined })
  }

  /** The past of the standby, as it was when the candidate became active: a crossing adds nothing to it. */
  #historyOf(attempt: Attempt<Req, Res>): History {
    attempt.history ??= this.#observed.history(attempt.from ?? attempt.version)
    return attempt.history
  }

  #judge(attempt: Attempt<Req, Res>, advance: boolean): void {
    const { calls } = attempt
    const verdict = calls?.judge.verdict() ?? 'unknown'
    if (verdict !== 'unhealthy') {
      this.#tell(attempt, { type: 'judged', verdict, advance, canCompare: this.#canCompare() })
      return
    }
    const why = calls?.judge.report().reason ?? 'It is unhealthy.'
    this.#tell(attempt, { type: 'unhealthy', why, cause: calls?.judge.cause })
  }

  #promote(attempt: Attempt<Req, Res>): void {
    attempt.endPhase()
    const hasStandby = this.#observed.status.active !== null
    const { version } = attempt
    const promoted = hasStandby ? this.#observed.swap() : this.#observed.place({ active: version, next: null })
    promoted.then(
      () => this.#tell(attempt, { type: 'promoted', hasStandby }),
      cause => this.#fail(attempt, 'It could not be promoted', cause),
    )
  }

  #swapBack(attempt: Attempt<Req, Res>): void {
    attempt.endPhase()
    this.#observed.swap().then(
      () => this.#tell(attempt, { type: 'reverted' }),
      (error: Error) => this.#tell(attempt, { type: 'stuck', why: `It could not go back: ${error.message}` }),
    )
  }

  async #finish(attempt: Attempt<Req, Res>): Promise<void> {
    attempt.stopWork()
    const { version, from } = attempt
    attempt.saved = await this.#memory.makePermanent(version)
    // It was active already: its next version is not the rollout's.
    if (from !== version && !this.#observed.isForeign) await this.#settled({ active: version, next: null })
    this.#tell(attempt, { type: 'finished' })
  }

  async #leave(attempt: Attempt<Req, Res>): Promise<void> {
    attempt.stopWork()
    if (attempt.calls !== undefined && !this.#observed.isForeign)
      await this.#settled({ active: attempt.from, next: null })
    this.#tell(attempt, { type: 'left' })
  }

  /** A disposed aggregate has no pair, and needs none. */
  async #settled(pair: { readonly active: string | null; readonly next: null }): Promise<void> {
    await this.#observed
      .place(pair)
      .catch((err: unknown) => this.#options.logger.debug({ err, ...pair }, 'a pair was refused'))
  }

  #canCompare(): boolean {
    return this.#observed.runs(this.#observed.status.active)
  }

  #fail(attempt: Attempt<Req, Res>, what: string, cause: unknown): void {
    this.#tell(attempt, { type: 'failed', why: `${what}${because(cause)}`, cause })
  }
}
