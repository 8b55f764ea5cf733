/// <reference lib="esnext.disposable" preserve="true" />
import type { Observable } from 'rxjs'
import type { AnyActorRef } from 'xstate'
import { stateOf, type VersionPair, versionsOf, wouldBePostponed } from '../../machines/index.js'
import { type CallsInFlight, type Direct, ENDPOINT, type Endpoint, type Router } from '../calls/index.js'
import {
  type AbortOptions,
  assertRuntime,
  boolean,
  byPrecedence,
  type CallOptions,
  type CapabilityTEE,
  canonical,
  type Inspectable,
  invalidOption,
  MAIN_COMPONENT,
  object,
  type Runtime,
  type RuntimeEvent,
  type RuntimeInfo,
  SESSION_ID,
  type SetVersionOptions,
  SHOWN_BELOW,
  signalOf,
  type VersionLike,
  type WhenRunningOptions,
} from '../contract/index.js'
import {
  containsItself,
  disposed,
  duplicateVersion,
  noActiveVersion,
  noNextVersion,
  noneAfterDispose,
  noSuchVersion,
  notKnown,
  notSettled,
  runtimeMismatch,
  versionInUse,
} from './aggregateErrors.js'
import { CONTAINS, contains } from './contains.js'
import { ControlPlane } from './controlPlane.js'
import type { HostedVersion } from './hostedVersion.js'
import { type AggregateMetrics, metricsOf } from './metrics.js'
import { type AggregateObserver, OBSERVE, type Observation } from './observe.js'
import { type AggregateOptions, compileOptions, NAME } from './options.js'
import { isServing, isSettled } from './snapshotQueries.js'
import { type AggregateStatus, statusOf } from './status.js'
import { whenRunning } from './whenRunning.js'

/**
 * Hosts several versions of one runtime behind one object, and moves from the active version to the next without losing
 * a call. Itself a {@link Runtime}.
 *
 * Comments refer to the numbered rules of `docs/semantics.md`.
 */
export class Aggregate<Req = unknown, Res = unknown>
  implements Runtime<Req, Res>, Direct<Req, Res>, Inspectable, AsyncDisposable
{
  /** The id of the runtime, which all versions share. */
  readonly id: string
  readonly #name: string
  readonly #control: ControlPlane<Req, Res>
  readonly #router: Router<Req, Res>

  /**
   * Creates an aggregate without versions. It is not started.
   *
   * @throws CutoverError `CUTOVER_INVALID_OPTION`, naming the option and what it got
   */
  constructor(options: AggregateOptions<Req>) {
    const compiled = compileOptions(options)
    this.id = compiled.id
    this.#name = compiled.name
    this.#control = new ControlPlane(compiled)
    this.#router = this.#control.router
  }

  /**
   * Adds a version. A running aggregate starts it at once if it is the wanted active or next (rules 1 and 3).
   *
   * @param version - SemVer; build metadata does not distinguish
   * @param runtime - newly provisioned: not started, and not used elsewhere
   * @throws CutoverError `CUTOVER_INVALID_VERSION`, `CUTOVER_INVALID_RUNTIME` (not a runtime, or this aggregate, or an
   * aggregate that contains it), `CUTOVER_RUNTIME_MISMATCH` (its id is not the aggregate's),
   * `CUTOVER_DUPLICATE_VERSION`, `CUTOVER_DISPOSED`; then nothing has changed
   */
  addVersion(version: VersionLike, runtime: Runtime<Req, Res>): void {
    const key = canonical(version)
    assertRuntime(runtime)
    if (runtime.id !== this.id) throw runtimeMismatch(key, runtime.id, this.id)
    if (contains(runtime, this)) throw containsItself(key)
    this.#assertNotDisposed()
    if (this.#isKnown(key)) throw duplicateVersion(key)
    this.#control.add(key, runtime)
  }

  /**
   * Removes a version that was never started. Its runtime is neither started nor stopped (rule 4).
   *
   * @throws CutoverError `CUTOVER_INVALID_VERSION`, `CUTOVER_NO_SUCH_VERSION`, `CUTOVER_VERSION_IN_USE` (it is wanted,
   * or still stopping; a stopping version leaves by itself), `CUTOVER_DISPOSED`
   */
  removeVersion(version: VersionLike): void {
    const key = canonical(version)
    this.#assertNotDisposed()
    if (!this.#isKnown(key)) throw noSuchVersion(key, 'is not in the aggregate')
    const { context } = this.#control.snapshot
    const { wanted } = context
    if (key === wanted.active || key === wanted.next) {
      const role = key === wanted.active ? 'active' : 'next'
      throw versionInUse(key, `is the wanted ${role} version. Name others with setVersion() first.`)
    }
    if (stateOf(context, key) !== 'provisioned') {
      throw versionInUse(key, 'is stopping and leaves by itself. Wait for stop() or setVersion().')
    }
    this.#control.send({ type: 'removeVersion', version: key })
  }

  /** Whether the aggregate has the version, in any state (rule 5). @throws CutoverError `CUTOVER_INVALID_VERSION` */
  hasVersion(version: VersionLike): boolean {
    return this.#isKnown(canonical(version))
  }

  /**
   * The runtime of the current active or next version (rule 5).
   *
   * @throws CutoverError `CUTOVER_INVALID_VERSION`, `CUTOVER_NO_SUCH_VERSION`
   */
  version(version: VersionLike): Runtime<Req, Res> {
    const key = canonical(version)
    const { active, next } = this.#control.snapshot.context
    const hosted = key === active || key === next ? this.#control.hosted(key) : undefined
    if (hosted === undefined) throw noSuchVersion(key, 'is neither active nor next')
    return hosted.runtime
  }

  /** All versions in the aggregate, canonical, ascending by SemVer precedence (rule 2). */
  versions(): string[] {
    return versionsOf(this.#control.snapshot.context).sort(byPrecedence)
  }

  /**
   * Sets the wanted active and next versions, and brings them into place (rules 7 to 10).
   *
   * A stopped aggregate only records the pair. A running one, in order: drains and stops an active version that is no longer
   * wanted; promotes the wanted version if it is the next one, else starts it; then does the same for the next version. It
   * postpones a version that nobody has added, which `status().postponed` names, and starts it as soon as you add it. Of
   * overlapping calls the last one wins.
   *
   * @param active - the version to serve calls; null for none
   * @param next - the version to start in advance; null, or the same as `active`, for none. Without an `active` it
   * becomes the active version, unless `promote` is false
   * @param options - `requireKnown` refuses versions that would be postponed; `promote: false` lets a next version without
   * an `active` wait as next
   * @returns the pair in place once everything has settled
   * @throws CutoverError (rejects) `CUTOVER_INVALID_VERSION`, `CUTOVER_INVALID_OPTION`, `CUTOVER_NO_SUCH_VERSION` (only
   * with `requireKnown`), `CUTOVER_DISPOSED`; then nothing has changed
   */
  async setVersion(
    active?: VersionLike | null,
    next?: VersionLike | null,
    options: SetVersionOptions = {},
  ): Promise<VersionPair> {
    const { requireKnown, promote } = object('options', options)
    const isStrict = boolean('requireKnown', requireKnown, false)
    const wanted = {
      active: canonicalOrNull(active, 'active'),
      next: canonicalOrNull(next, 'next'),
      promote: boolean('promote', promote, true),
    }
    this.#assertNotDisposed()
    const missing = isStrict ? wouldBePostponed(this.#control.snapshot.context, wanted) : []
    if (missing.length > 0) throw notKnown(missing)
    this.#control.send({ type: 'setVersion', ...wanted })
    const { context } = await this.#control.until(isSettled)
    return { active: context.active, next: context.next }
  }

  /**
   * Makes the next version active and the active one next (rules 23 to 25). Neither is started or stopped, no call waits, and
   * the option `handover` does not matter. The wanted pair is exchanged too.
   *
   * New calls go to the new active version at once; calls in flight finish where they are. Subscribers get, in order: `stopped`
   * of the version that made way, with `standby: true`; what was held back of the new active one; `configUpdated`.
   *
   * @returns the exchanged pair
   * @throws CutoverError (rejects) `CUTOVER_DISPOSED`, `CUTOVER_NOT_SETTLED` (it is not running, or in the middle of a switch),
   * `CUTOVER_NO_NEXT_VERSION` (no next version is running), `CUTOVER_NO_ACTIVE_VERSION` (none is in place); then nothing
   * has changed
   */
  async swap(): Promise<VersionPair> {
    this.#assertNotDisposed()
    const refusal = this.#refusalToSwap()
    if (refusal !== undefined) throw refusal
    const { active, next } = this.#control.snapshot.context
    this.#control.send({ type: 'swap' })
    return { active: next, next: active }
  }

  /**
   * Sends a share of the new calls to the next version while that is running (rules 26 and 27). All others, and all calls while
   * it is not running, go to the active version. While the active version is down, the others wait.
   *
   * The choice is made when a call is sent: at random, or by its `key`. The share outlives a crash of either version. It becomes 0
   * when another version becomes active or next, in a swap too, and when the next version begins to leave.
   *
   * @param percent - 0 to 100, fractions too
   * @throws CutoverError `CUTOVER_INVALID_OPTION`, `CUTOVER_DISPOSED`, `CUTOVER_NO_NEXT_VERSION` (no next version is in place,
   * or it leaves, and `percent` is not 0); then nothing has changed
   */
  setShare(percent: number): void {
    if (!(typeof percent === 'number' && percent >= 0 && percent <= 100)) {
      throw invalidOption('percent', 'a number from 0 to 100', percent)
    }
    this.#assertNotDisposed()
    const { context } = this.#control.snapshot
    const { next } = context
    if (percent !== 0) {
      if (next === null) throw noNextVersion('There is no next version to get a share.')
      if (stateOf(context, next) === 'stopping') throw noNextVersion(`Version ${next} is next, but leaves.`, next)
    }
    this.#control.send({ type: 'setShare', percent })
  }

  /**
   * Waits until the active version is running or, with `version`, until that version is running as active or as next. There
   * is no time limit: pass `AbortSignal.timeout(ms)` as `signal` for one. With `failFast` it does not wait for a version that
   * has failed, even if its host may try again.
   *
   * @returns the version that is running
   * @throws (rejects) the signal's reason, or, if the version has failed, a copy of it whose `cause` is the last failure;
   * CutoverError `CUTOVER_INVALID_OPTION`, `CUTOVER_DISPOSED`; with `failFast` also `CUTOVER_START_FAILED` (`cause` is the
   * last failure); with `version` also `CUTOVER_INVALID_VERSION`, `CUTOVER_NO_SUCH_VERSION` (it is not wanted, or has
   * left meanwhile)
   */
  async whenRunning(options?: WhenRunningOptions): Promise<string> {
    const signal = signalOf(options)
    const version = canonicalOrNull(options?.version)
    const failFast = boolean('failFast', options?.failFast, false)
    this.#assertNotDisposed()
    return whenRunning(this.#control, { version, failFast, signal })
  }

  /** The current state and the wanted pair, as plain JSON. */
  status(): AggregateStatus {
    return statusOf(this.#name, this.#control)
  }

  /**
   * How many calls each version got, how they ended and how long they took, as plain JSON (rule 32). Counters only grow. A version that
   * left keeps its counters until 16 others have left after it, and goes on counting if it is added again.
   */
  metrics(): AggregateMetrics {
    return metricsOf(this.#name, this.#control)
  }

  /**
   * Calls the active version (rules 15 to 18).
   *
   * If no active version is running, the call waits, for up to `waitTimeout`; waiting calls go out in the order of their arrival.
   * A call is sent to one version, at most once, in the async context of its caller. A request for which `propagate`
   * returns true also goes to the next version, while that is running. While the next version has a share ({@link setShare}), its
   * calls go there instead, and those that are propagated also go to the active version.
   *
   * @param options - its `signal` ends the wait; its `key` decides whether the call is in the share; both are passed on to the
   * runtime. `version` sends the call to that version and no other: it waits while that starts, and is not propagated (rule 28).
   * `onVersion` hears which version gets the call (rule 33)
   * @throws (rejects) what the runtime rejects with; the signal's reason; CutoverError `CUTOVER_INVALID_OPTION` (`signal`
   * is not an AbortSignal, `key` or `traceparent` no string, or `onVersion` no function), `CUTOVER_NO_ACTIVE_VERSION` (waited too long, or the host of the active version has given up;
   * `cause` is its last failed start), `CUTOVER_TOO_MANY_WAITING_CALLS`,
   * `CUTOVER_RUNTIME_LOST` (the runtime died), `CUTOVER_VERSION_STOPPED` (unanswered when its version left
   * and `drainTimeout` had passed), `CUTOVER_CALL_TIMEOUT` (unanswered after `callTimeout`), `CUTOVER_DISPOSED`; with
   * `version` also `CUTOVER_INVALID_VERSION`, `CUTOVER_NO_SUCH_VERSION` (it is neither active nor next, or begins to leave),
   * `CUTOVER_NOT_RUNNING` (it did not run within `waitTimeout`, or its host has given up)
   */
  call(request: Req, options?: CallOptions): Promise<Res> {
    return this.#router.call(request, options)
  }

  /**
   * The events of the active version, those of its successor once it takes over, and `configUpdated` when a next
   * version was started or torn down (rules 11 to 14). Hot; completes on `dispose`.
   */
  watchEvents(): Observable<RuntimeEvent> {
    return this.#control.hub.watch()
  }

  /** Starts the wanted versions that are known; a second call does nothing (rule 19). @throws CutoverError `CUTOVER_DISPOSED` */
  start(): void {
    this.#assertNotDisposed()
    this.#control.send({ type: 'start' })
  }

  /**
   * Drains and stops the active and next versions, which then leave the aggregate. Waiting calls keep waiting. A second call
   * joins the first (rules 19 and 20).
   *
   * @returns when both are down, `drainTimeout` + `stopTimeout` later at the latest (twice that in the middle of an
   * overlap)
   */
  async stop(): Promise<void> {
    this.#control.send({ type: 'stop' })
    await this.#control.until(snapshot => !snapshot.matches('stopping'))
  }

  /**
   * Stops for good, as {@link stop} does. Waiting and later calls reject with `CUTOVER_DISPOSED`, and `watchEvents` completes.
   * A second call joins the first.
   */
  async dispose(): Promise<void> {
    this.#control.send({ type: 'dispose' })
    await this.#control.until(() => false)
  }

  /** For `await using`: the same as {@link dispose}. */
  [Symbol.asyncDispose](): Promise<void> {
    return this.dispose()
  }

  /** The active version (rule 21). @throws CutoverError `CUTOVER_NO_ACTIVE_VERSION` */
  getActiveVersion(): string {
    return this.#active().version
  }

  /**
   * Asks the active runtime for its info.
   *
   * @param options - its `signal` is passed on to the runtime
   * @throws (rejects) what the runtime rejects with; CutoverError `CUTOVER_INVALID_OPTION` (the signal is none),
   * `CUTOVER_NO_ACTIVE_VERSION`
   */
  async getInfo(options?: CallOptions): Promise<RuntimeInfo> {
    signalOf(options)
    return this.#active().runtime.getInfo(options)
  }

  /** The active runtime's capability, if it has one. @throws CutoverError `CUTOVER_NO_ACTIVE_VERSION` */
  getCapabilityTEE(): CapabilityTEE | undefined {
    return this.#active().runtime.getCapabilityTEE()
  }

  /** Asks the active and the next runtime to renew their capability (rule 21). */
  updateCapabilityTEE(): void {
    const { active, next } = this.#control.snapshot.context
    for (const version of [active, next]) this.#control.hosted(version)?.updateCapabilityTEE()
  }

  /**
   * Asks the active runtime to interrupt its work, or, with `force`, to restart.
   *
   * @param options - its `signal` is passed on to the runtime
   * @throws (rejects) what the runtime rejects with; CutoverError `CUTOVER_INVALID_OPTION` (the signal is none),
   * `CUTOVER_NO_ACTIVE_VERSION`
   */
  async abort(options?: AbortOptions): Promise<void> {
    signalOf(options)
    await this.#active().runtime.abort(options)
  }

  /** A component of the active runtime; `ronl` is the active runtime itself unless it is composite (rule 21). */
  component(id: string): Runtime | undefined {
    const runtime = this.#control.hosted(this.#control.snapshot.context.active)?.runtime
    if (typeof runtime?.component === 'function') return runtime.component(id)
    return id === MAIN_COMPONENT ? (runtime as Runtime | undefined) : undefined
  }

  /** @internal For an aggregate that contains this one. Calls sent here are in flight in the tables of this one's versions. */
  [ENDPOINT](..._tables: CallsInFlight<Res>[]): Endpoint<Req, Res> {
    return this.#router
  }

  /** @internal For an aggregate or a composite that contains this one, and has an inspector. */
  [SHOWN_BELOW](parent: AnyActorRef): void {
    this.#control.showBelow(parent)
  }

  /** @internal For an inspector. */
  get [SESSION_ID](): string {
    return this.#control.sessionId
  }

  /** @internal The id, or the name of the component that it is. */
  get [NAME](): string {
    return this.#name
  }

  /** @internal Whether the runtime is this aggregate, or in it, at any depth. */
  [CONTAINS](runtime: unknown): boolean {
    return runtime === this || this.#control.runtimes.some(its => contains(its, runtime))
  }

  /** @internal For a rollout. Returns undefined if the aggregate has an observer already. */
  [OBSERVE](observer: AggregateObserver): Observation | undefined {
    return this.#control.observe(observer)
  }

  #active(): HostedVersion<Req, Res> {
    const hosted = this.#control.hosted(this.#control.snapshot.context.active)
    if (hosted !== undefined) return hosted
    throw this.#control.isDisposed ? noneAfterDispose() : noActiveVersion('No version is active.')
  }

  #refusalToSwap(): Error | undefined {
    const { snapshot } = this.#control
    const { active, next } = snapshot.context
    if (!snapshot.matches('running')) return notSettled('it is not running')
    if (!isSettled(snapshot)) return notSettled('a switch is in progress')
    if (next === null) return noNextVersion('There is no next version to swap with.')
    if (!isServing(snapshot, next)) return noNextVersion(`Version ${next} is next, but is not running.`, next)
    return active === null ? noActiveVersion('No version is active to swap with.') : undefined
  }

  #isKnown(key: string): boolean {
    return stateOf(this.#control.snapshot.context, key) !== undefined
  }

  #assertNotDisposed(): void {
    if (this.#control.isDisposed) throw disposed()
  }
}

function canonicalOrNull(version: VersionLike | null | undefined, name?: string): string | null {
  return version === null || version === undefined ? null : canonical(version, name)
}
