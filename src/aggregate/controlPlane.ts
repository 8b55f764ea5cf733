import { type ActorRefFrom, type AnyActorRef, createActor, waitFor } from 'xstate'
import {
  type AggregateEvent,
  type AggregateSnapshot,
  aggregateEffects,
  aggregateMachine,
  childId,
  placedVersions,
  reportingVersionMachine,
  versionEffects,
} from '../../machines/index.js'
import { Router } from '../calls/index.js'
import { inspectSafely, MovableInspection, type Runtime, shownBelow, wrapClock } from '../contract/index.js'
import { type EffectOwner, EffectQueue, performedByOwner, startOwned } from '../support/index.js'
import { callErrors } from './callErrors.js'
import { Channels } from './channels.js'
import type { ControlFacts, VersionActor, VersionSnapshot } from './controlFacts.js'
import { type Effect, EffectPerformer } from './effectPerformer.js'
import { EventHub } from './eventHub.js'
import { HostedVersion } from './hostedVersion.js'
import { HostedVersions } from './hostedVersions.js'
import { HostListener } from './hostListener.js'
import type { AggregateObserver, Observation } from './observe.js'
import type { CompiledOptions } from './options.js'
import { routeOf } from './route.js'
import { isClosed } from './snapshotQueries.js'
import type { CountsByVersion } from './versionCounts.js'

/** The statecharts of the control plane, shared by all aggregates. */
const machine = aggregateMachine.provide({
  actors: { version: reportingVersionMachine.provide({ actions: performedByOwner(versionEffects) }) },
  actions: performedByOwner(aggregateEffects),
})

/**
 * The control plane: owns the aggregate's actor, and moves the route of calls as it decides. Only the machines know which
 * version is active, next or stopping. This class holds what they cannot: runtimes and streams of events.
 */
export class ControlPlane<Req, Res>
  implements ControlFacts<Req, Res>, EffectOwner<Effect, HostedVersion<Req, Res> | undefined>
{
  readonly router: Router<Req, Res>
  readonly hub: EventHub
  readonly effects: EffectQueue
  readonly #options: CompiledOptions<Req>
  readonly #channels: Channels
  readonly #versions = new HostedVersions<Req, Res>()
  readonly #performer: EffectPerformer<Req, Res>
  readonly #actor: ActorRefFrom<typeof machine>
  readonly #inspection: MovableInspection | undefined
  /** The actor as an inspector sees it: with a parent, if the aggregate is a version of another. */
  #shown: AnyActorRef
  /** The snapshot that the router last followed. Most events of hosts leave the route unchanged. */
  #routed: AggregateSnapshot | undefined
  #observer: AggregateObserver | undefined

  constructor(options: CompiledOptions<Req>) {
    const { name, handover, drainTimeout, stopTimeout, clock, inspect, logger } = options
    this.#options = options
    this.#channels = new Channels(name)
    this.hub = new EventHub(err => logger.error({ err }, 'a subscriber of watchEvents threw'))
    const { inspect: safely } = inspectSafely(inspect, logger)
    this.#inspection = safely === undefined ? undefined : new MovableInspection(safely)
    const hosts = new HostListener(this, this.#channels, inspect !== undefined)
    this.router = this.#createRouter(hosts)
    this.effects = new EffectQueue({
      decided: () => this.#moveRoute(),
      performed: () => this.#releaseCalls(),
      failed: err => logger.error({ err }, 'an effect threw: please report this as a bug of cutover'),
    })
    this.#performer = new EffectPerformer({
      ...options,
      control: this,
      versions: this.#versions,
      hub: this.hub,
      channels: this.#channels,
      hosts,
      close: () => this.#close(),
    })
    const actor = createActor(machine, {
      id: `aggregate ${name}`,
      input: { handover, drainTimeout, stopTimeout },
      clock: wrapClock(clock, fn => this.effects.decide(fn)),
      ...(this.#inspection === undefined ? {} : { inspect: this.#inspection.inspect }),
    })
    this.#actor = startOwned(actor, this)
    this.#shown = this.#actor
  }

  get sessionId(): string {
    return this.#actor.sessionId
  }

  /** Shows the aggregate below an actor of another one, from now on. Does nothing without an inspector. */
  showBelow(parent: AnyActorRef): void {
    if (this.#inspection === undefined) return
    this.#shown = shownBelow(parent, this.#actor)
    this.#inspection.move(parent, this.#actor)
  }

  /** The actor of a version, as an inspector sees it. */
  shownActor(version: VersionActor): AnyActorRef {
    return this.#shown === this.#actor ? version : shownBelow(this.#shown, version)
  }

  get snapshot(): AggregateSnapshot {
    return this.#actor.getSnapshot()
  }

  get isDisposed(): boolean {
    return isClosed(this.snapshot)
  }

  get counts(): CountsByVersion {
    return this.#versions.counts
  }

  versionActor(version: string): VersionActor | undefined {
    return this.snapshot.children[childId(version)]
  }

  /** The state of one version's own actor. */
  versionSnapshot(version: string): VersionSnapshot | undefined {
    return this.versionActor(version)?.getSnapshot()
  }

  hosted(version: string | null): HostedVersion<Req, Res> | undefined {
    return this.#versions.get(version)
  }

  get runtimes(): Runtime<Req, Res>[] {
    return this.#versions.all().map(({ runtime }) => runtime)
  }

  failureOf(version: string): Error | undefined {
    const lastError = this.versionSnapshot(version)?.context.lastError ?? null
    return lastError === null ? undefined : this.#versions.get(version)?.failure
  }

  /** Sends an event to the aggregate's machine. Does nothing after the aggregate was disposed. */
  send(event: AggregateEvent): void {
    this.effects.decide(() => {
      if (this.snapshot.value !== 'disposed') this.#actor.send(event)
    })
  }

  add(version: string, runtime: Runtime<Req, Res>): void {
    this.#versions.add(version, counts => new HostedVersion(version, runtime, counts, this.hub, this.#options))
    this.send({ type: 'addVersion', version })
  }

  /** Resolves with the first snapshot, current or later, for which `predicate` is true, or with the last one. */
  until(predicate: (snapshot: AggregateSnapshot) => boolean, signal?: AbortSignal): Promise<AggregateSnapshot> {
    const isEnough = (snapshot: AggregateSnapshot) => snapshot.value === 'disposed' || predicate(snapshot)
    return waitFor(this.#actor, isEnough, signal === undefined ? {} : { signal })
  }

  /** Resolves with the first defined value of `read`, on the current or a later snapshot; undefined once disposed. */
  async untilDefined<T>(
    read: (snapshot: AggregateSnapshot) => T | undefined,
    signal?: AbortSignal,
  ): Promise<T | undefined> {
    let value: T | undefined
    await this.until(snapshot => {
      value = snapshot.value === 'disposed' ? undefined : read(snapshot)
      return value !== undefined
    }, signal)
    return value
  }

  /** Shows the changes of the aggregate to `observer`. Returns undefined if there is an observer already. */
  observe(observer: AggregateObserver): Observation | undefined {
    if (this.#observer !== undefined) return undefined
    this.#observer = observer
    return {
      observeCalls: calls => this.router.observe(calls),
      end: () => {
        this.#observer = undefined
        this.router.observe(null)
      },
    }
  }

  /** Resolved at the decision: a subscriber may add a version again while effects of its predecessor are still queued. */
  targetOf(effect: Effect, actor: AnyActorRef): HostedVersion<Req, Res> | undefined {
    const { version }: { readonly version?: string } = 'version' in effect ? effect : actor.getSnapshot().context
    return this.#versions.get(version)
  }

  perform(effect: Effect, actor: AnyActorRef, hosted: HostedVersion<Req, Res> | undefined): void {
    this.#performer.perform(effect, actor, hosted)
  }

  #createRouter(hosts: HostListener<Req, Res>): Router<Req, Res> {
    const { name, clock, logger, propagate, onMirrored, isFailure, durations, ...limits } = this.#options
    return new Router({
      aggregate: name,
      clock,
      logger,
      propagate,
      onMirrored,
      outcomes: {
        isFailure,
        durations,
        isFailureThrew: (version, err) => logger.error({ version, err }, 'isFailure threw'),
      },
      timeout: limits.waitTimeout,
      max: limits.maxWaitingCalls,
      refused: version => hosts.refused(version),
      ...callErrors(this, limits),
    })
  }

  #moveRoute(): void {
    if (this.snapshot !== this.#routed) {
      this.#tellRoles()
      this.router.move(routeOf(this.snapshot), version => this.#versions.get(version))
      const publish = this.#channels.follow(this.snapshot)
      if (publish !== undefined) this.effects.push(publish)
    }
    // Queued behind the other effects of the decision. A version whose host gives up does not change the aggregate's snapshot.
    if (this.#observer !== undefined) this.effects.push(() => this.#observer?.changed())
  }

  /** Tells runtimes their roles before calls reach them (rule 31). One of them may change the roles meanwhile. */
  #tellRoles(): void {
    const { snapshot } = this
    for (const before of placedVersions(snapshot.context)) {
      const isBefore = this.snapshot === snapshot
      const place = isBefore
        ? before
        : placedVersions(this.snapshot.context).find(its => its.version === before.version)
      if (place !== undefined) this.#versions.get(place.version)?.settleIn(place)
    }
  }

  #releaseCalls(): void {
    const { snapshot } = this
    if (snapshot !== this.#routed) this.router.release()
    this.#routed = snapshot
    if (this.router.waiting > 0) this.router.rejectHopeless()
  }

  /** The remaining versions were never started, so nothing subscribes to them. */
  #close(): void {
    this.#versions.clear()
    this.hub.close()
    this.#actor.stop()
  }
}
