/// <reference lib="esnext.disposable" preserve="true" />
import { channel } from 'node:diagnostics_channel'
import type { Observable } from 'rxjs'
import { Aggregate, NAME } from '../aggregate/index.js'
import {
  boolean,
  canonical,
  invalidOption,
  MAX_TIMEOUT,
  object,
  signalOf,
  type VersionLike,
} from '../contract/index.js'
import { onAbort } from '../support/index.js'
import { type CompiledOptions, compileOptions, type RolloutOptions } from './options.js'
import { compilePlan, type RolloutPlan } from './plan.js'
import type { RolloutResult } from './report.js'
import { RolloutControl } from './rolloutControl.js'
import { noPrevious, notStarted, verifiedTooLong } from './rolloutErrors.js'
import type { RolloutEvent, RolloutMessage, RolloutStatus } from './status.js'
import { refuseInVerify } from './verify.js'
import { unlessAborted, within } from './within.js'

/** The plan of one `to()`, where it differs from the rollout's own, and its signal. */
export interface ToOptions<Req = unknown, Res = unknown> extends Partial<RolloutPlan<Req, Res>> {
  /** Cancels this rollout. @default none */
  readonly signal?: AbortSignal | undefined
  /** If another version is promoted already and soaks: go back to the version before it first. @default false */
  readonly force?: boolean | undefined
}

const EVENTS = channel('cutover.rollout')

/** The key of the method by which a schedule starts a version in advance. */
export const HOLD: unique symbol = Symbol('cutover.hold')

/**
 * Brings up new versions of an aggregate, and lets each prove itself before, during and after the switch. A version that does
 * not prove itself leaves, and the version before it serves.
 */
export class Rollout<Req = unknown, Res = unknown> implements AsyncDisposable {
  readonly #given: RolloutOptions<Req, Res>
  readonly #options: CompiledOptions<Req, Res>
  readonly #aggregate: Aggregate<Req, Res>
  readonly #control: RolloutControl<Req, Res>

  /**
   * Attaches a rollout to an aggregate, which has one at most. Nothing starts yet.
   *
   * @throws CutoverError `CUTOVER_INVALID_OPTION`, naming the option and what it got
   */
  constructor(aggregate: Aggregate<Req, Res>, options: RolloutOptions<Req, Res>) {
    if (!(aggregate instanceof Aggregate)) throw invalidOption('aggregate', 'an Aggregate of this library', aggregate)
    this.#aggregate = aggregate
    this.#options = compileOptions(options, aggregate[NAME])
    this.#given = options
    this.#control = new RolloutControl(aggregate, this.#options)
    this.#control.events$.subscribe(event => {
      if (!EVENTS.hasSubscribers) return
      const message: RolloutMessage = { aggregate: aggregate[NAME], event }
      EVENTS.publish(message)
    })
  }

  /**
   * Opens the store, starts the aggregate, and brings up the version that the store calls permanent. If another version is
   * active already, that one stays.
   *
   * @returns the permanent version, once it runs, or another one has replaced it; null if there is none
   * @throws (rejects) what `provision` throws; CutoverError `CUTOVER_START_FAILED` (it did not run within `startTimeout`; its host
   * may try on), `CUTOVER_DISPOSED`; what the store rejects with, then nothing has started
   */
  async start(): Promise<string | null> {
    await this.#control.ready()
    const { permanent } = this.#control.status
    this.#aggregate.start()
    if (permanent === null) return null
    await this.#control.restore()
    const { active } = this.#aggregate.status().wanted
    if (active !== permanent) return permanent
    const { clock, plan } = this.#options
    const { startTimeout } = plan.facts
    const controller = new AbortController()
    const running = this.#aggregate.whenRunning({ version: permanent, signal: controller.signal })
    try {
      await within(
        clock,
        startTimeout,
        () => notStarted(permanent, startTimeout, undefined),
        this.#control.closing,
        running,
      )
      return permanent
    } catch (error) {
      // An order that was given meanwhile has replaced it: that one serves.
      if (this.#control.closing.aborted || this.#aggregate.status().wanted.active === permanent) throw error
      return this.#control.status.permanent
    } finally {
      controller.abort()
    }
  }

  /**
   * Brings up a version and lets it prove itself, in order: provisions and starts it; runs `verify`; gives it the share of each step;
   * swaps it with the active version; keeps that as standby for `soak`; removes that, and saves that the version is permanent.
   *
   * Before the swap, the newest `to()` wins. After it, another one is refused unless `force`. For the active version it
   * resolves at once.
   *
   * @param plan - replaces parts of the rollout's own plan
   * @returns when the version stays
   * @throws (rejects, once the version has left) CutoverError `CUTOVER_REJECTED`, `CUTOVER_ROLLED_BACK`, `CUTOVER_SUPERSEDED`,
   * `CUTOVER_CANCELLED`: each a `RolloutError` with `report`. Without any effect: `CUTOVER_INVALID_VERSION`,
   * `CUTOVER_INVALID_OPTION`, `CUTOVER_ROLLOUT_STATE`, `CUTOVER_DISPOSED`, the signal's reason, what the store rejects with
   */
  async to(version: VersionLike, plan: ToOptions<Req, Res> = {}): Promise<RolloutResult> {
    refuseInVerify('to()')
    const key = canonical(version)
    const signal = signalOf(object('plan', plan))
    const force = boolean('force', plan.force, false)
    const compiled = compilePlan({ ...this.#given, ...defined(plan) }, this.#options.logger)
    await unlessAborted(signal, this.#control.ready())
    const joined = force ? undefined : this.#control.joinable(key)
    if (joined !== undefined) return joined.promise
    const attempt = this.#control.order(key, compiled, force)
    if (signal !== undefined) {
      const why = 'Its signal was aborted.'
      const { id } = attempt.order
      const cancel = () => this.#control.send({ type: 'cancel', id, why, cause: signal.reason })
      // A subscriber that heard of the order may have aborted it.
      if (signal.aborted) cancel()
      else attempt.onEnd(onAbort(signal, cancel))
    }
    return attempt.promise
  }

  /** @internal For a schedule: as {@link to}, but the version is verified only once `isDue` has resolved. */
  [HOLD](version: VersionLike, isDue: Promise<unknown>, signal: AbortSignal): Promise<RolloutResult> {
    const { clock, plan } = this.#options
    const { verifyTimeout } = plan.facts
    const verify: ToOptions<Req, Res>['verify'] = async next => {
      await isDue
      const verified = Promise.resolve(plan.verify?.(next))
      await within(clock, verifyTimeout, () => verifiedTooLong(verifyTimeout), next.signal, verified)
    }
    return this.to(version, { signal, verify, verifyTimeout: MAX_TIMEOUT })
  }

  /**
   * Goes back to the version before the permanent one, which is provisioned and verified, without steps. While a version
   * soaks, swaps back to its standby instead.
   *
   * @returns when that version stays
   * @throws (rejects) as {@link to}; CutoverError `CUTOVER_NO_SUCH_VERSION` (there is none before it), `CUTOVER_ROLLOUT_STATE`
   */
  async rollback(): Promise<RolloutResult> {
    refuseInVerify('rollback()')
    await this.#control.ready()
    const attempt = this.#control.soaking
    if (attempt !== undefined) {
      this.#control.send({ type: 'rollBack' })
      return this.#control.wentBack(attempt)
    }
    if (this.#control.status.state !== 'idle') throw this.#control.refusal('rollback()')
    const { previous } = this.#control.status
    if (previous === null) throw noPrevious()
    return this.to(previous, { steps: [] })
  }

  /**
   * Lets the current step pass, unless the candidate is unhealthy. @throws CutoverError `CUTOVER_ROLLOUT_STATE` (there is no
   * step, or it is paused), `CUTOVER_DISPOSED`
   */
  advance(): void {
    this.#control.ask({ type: 'advance' }, 'advance()')
  }

  /**
   * Stops the time of a step. The candidate keeps its share, and is judged on. @throws CutoverError `CUTOVER_ROLLOUT_STATE`
   * (no time passes in a step), `CUTOVER_DISPOSED`
   */
  pause(): void {
    this.#control.ask({ type: 'pause' }, 'pause()')
  }

  /** Restarts the time of a paused step; its evidence stays. @throws CutoverError `CUTOVER_ROLLOUT_STATE`, `CUTOVER_DISPOSED` */
  resume(): void {
    this.#control.ask({ type: 'resume' }, 'resume()')
  }

  /**
   * Ends the rollout under way: the version before it serves. Its `to()` rejects with `CUTOVER_CANCELLED`.
   *
   * @param reason - the `cause` of that error
   * @throws CutoverError `CUTOVER_ROLLOUT_STATE` (none is under way, or it is over), `CUTOVER_DISPOSED`
   */
  cancel(reason?: unknown): void {
    this.#control.ask({ type: 'cancel', id: null, why: 'cancel() was called.', cause: reason }, 'cancel()')
  }

  /** Where the rollout stands, as plain JSON. */
  status(): RolloutStatus {
    return this.#control.status
  }

  /** Emits each change of the status, and the end of each rollout. Hot; completes on dispose. */
  watch(): Observable<RolloutEvent> {
    return this.#control.events$
  }

  /**
   * Cancels the rollout under way, waits until its candidate has left, and gives back the store. The aggregate goes on. A
   * second call joins the first.
   */
  [Symbol.asyncDispose](): Promise<void> {
    return this.#control.dispose()
  }
}

/** Without the members that are undefined, which would hide the rollout's own. */
function defined<T extends object>(given: T): Partial<T> {
  return Object.fromEntries(Object.entries(given).filter(([, value]) => value !== undefined)) as Partial<T>
}
