import { types } from 'node:util'
import { type ActorRefFrom, type AnyActorRef, createActor, type SnapshotFrom, waitFor } from 'xstate'
import {
  type AggregateEffect,
  type AggregateEvent,
  type AggregateSnapshot,
  aggregateEffects,
  aggregateMachine,
  type CapabilityFacts,
  childId,
  type ErrorFacts,
  isRepeated,
  placedVersions,
  postponed,
  reportingVersionMachine,
  type VersionEffect,
  type VersionEvent,
  versionEffects,
  type versionMachine,
} from '../../machines/index.js'
import { Router } from '../calls/index.js'
import {
  asError,
  type CapabilityTEE,
  inspectSafely,
  isCutoverError,
  type Runtime,
  type RuntimeEvent,
  wrapClock,
} from '../contract/index.js'
import { type EffectOwner, EffectQueue, performedByOwner, startOwned } from '../support/index.js'
import {
  disposed,
  givenUp,
  noActiveVersion,
  noSuchVersion,
  notRunning,
  pinnedNotRunning,
  tooManyWaiting,
} from './aggregateErrors.js'
import { Channels } from './channels.js'
import { EventHub } from './eventHub.js'
import { HostedVersion } from './hostedVersion.js'
import type { AggregateObserver, Observation } from './observe.js'
import type { CompiledOptions } from './options.js'
import { routeOf } from './route.js'
import { CountsByVersion } from './versionCounts.js'

/** The statecharts of the control plane, shared by all aggregates. */
const machine = aggregateMachine.provide({
  actors: { version: reportingVersionMachine.provide({ actions: performedByOwner(versionEffects) }) },
  actions: performedByOwner(aggregateEffects),
})

type AggregateActor = ActorRefFrom<typeof machine>
type VersionActor = ActorRefFrom<typeof versionMachine>
type Effect = AggregateEffect | VersionEffect

/**
 * The control plane: owns the aggregate's actor and performs its effects. Only the machines know which version is active,
 * next or stopping. This class holds what they cannot: runtimes and streams.
 */
export class ControlPlane<Req, Res> implements EffectOwner<Effect, HostedVersion<Req, Res> | undefined> {
  readonly router: Router<Req, Res>
  readonly hub: EventHub
  readonly #options: CompiledOptions<Req>
  readonly #channels: Channels
  readonly #hosted = new Map<string, HostedVersion<Req, Res>>()
  readonly counts = new CountsByVersion()
  readonly effects: EffectQueue
  readonly #actor: AggregateActor
  /** The snapshot that the router last followed. Most events of hosts leave the route unchanged. */
  #routed: AggregateSnapshot | undefined
  #observer: AggregateObserver | undefined

  constructor(options: CompiledOptions<Req>) {
    const { name, handover, drainTimeout, stopTimeout, clock, inspect, logger, waitTimeout, maxWaitingCalls } = options
    this.#options = options
    this.#channels = new Channels(name)
    this.hub = new EventHub(err => logger.error({ err }, 'a subscriber of watchEvents threw'))
    this.router = new Router({
      aggregate: name,
      clock,
      logger,
      propagate: options.propagate,
      onMirrored: options.onMirrored,
      records: {
        isFailure: options.isFailure,
        durations: options.durations,
        isFailureThrew: (version, err) => logger.error({ version, err }, 'isFailure threw'),
      },
      timeout: waitTimeout,
      max: maxWaitingCalls,
      timedOut: () => this.#timedOut(waitTimeout),
      tooMany: () => tooManyWaiting(maxWaitingCalls),
      closed: disposed,
      hopeless: () => this.#hopeless(),
      pins: {
        gone: version => noSuchVersion(version, 'is neither active nor next, or leaves'),
        timedOut: version => this.#pinnedNotRunning(version, `did not run within ${waitTimeout} ms (waitTimeout)`),
        hopeless: version =>
          this.#hasGivenUp(version)
            ? this.#pinnedNotRunning(version, 'does not run, and its host has given up starting it')
            : undefined,
      },
      refused: version => this.#refused(version),
    })
    this.effects = new EffectQueue({
      decided: () => this.#moveRoute(),
      performed: () => this.#releaseCalls(),
      failed: err => logger.error({ err }, 'an effect threw: please report this as a bug of cutover'),
    })
    const actor = createActor(machine, {
      id: `aggregate ${name}`,
      input: { handover, drainTimeout, stopTimeout },
      clock: wrapClock(clock, fn => this.effects.decide(fn)),
      ...inspectSafely(inspect, logger),
    })
    this.#actor = startOwned(actor, this)
  }

  get snapshot(): AggregateSnapshot {
    return this.#actor.getSnapshot()
  }

  get isDisposed(): boolean {
    return routeOf(this.snapshot).closed
  }

  /** The state of one version's own actor. */
  versionSnapshot(version: string): VersionSnapshot | undefined {
    return this.#versionActor(version)?.getSnapshot()
  }

  hosted(version: string | null): HostedVersion<Req, Res> | undefined {
    return version === null ? undefined : this.#hosted.get(version)
  }

  get runtimes(): Runtime<Req, Res>[] {
    return [...this.#hosted.values()].map(({ runtime }) => runtime)
  }

  /** Sends an event to the aggregate's machine. Does nothing after the aggregate was disposed. */
  send(event: AggregateEvent): void {
    this.effects.decide(() => {
      if (!this.snapshot.matches('disposed')) this.#actor.send(event)
    })
  }

  add(version: string, runtime: Runtime<Req, Res>): void {
    const counts = this.counts.enter(version)
    this.#hosted.set(version, new HostedVersion(version, runtime, counts, this.hub, this.#options))
    this.send({ type: 'addVersion', version })
  }

  /** Resolves with the first snapshot, current or later, for which `predicate` is true, or with the last one. */
  until(predicate: (snapshot: AggregateSnapshot) => boolean, signal?: AbortSignal): Promise<AggregateSnapshot> {
    const isEnough = (snapshot: AggregateSnapshot) => snapshot.matches('disposed') || predicate(snapshot)
    return waitFor(this.#actor, isEnough, signal === undefined ? {} : { signal })
  }

  /** Resolves with the first defined value of `read`, on the current or a later snapshot; undefined once disposed. */
  async untilDefined<T>(
    read: (snapshot: AggregateSnapshot) => T | undefined,
    signal?: AbortSignal,
  ): Promise<T | undefined> {
    let value: T | undefined
    await this.until(snapshot => {
      value = snapshot.matches('disposed') ? undefined : read(snapshot)
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
    return version === undefined ? undefined : this.#hosted.get(version)
  }

  perform(effect: Effect, actor: AnyActorRef, hosted: HostedVersion<Req, Res> | undefined): void {
    switch (effect.type) {
      case 'setGate':
        hosted?.setGate(effect.gate)
        break
      case 'announceConfig':
        // Queued behind the other effects of the same decision.
        this.effects.push(() => this.hub.announce({ type: 'configUpdated' }))
        break
      case 'logActive':
        hosted?.log.isActive()
        break
      case 'standBy':
        this.hub.announce({ type: 'stopped', version: effect.version, standby: true })
        hosted?.setGate('capture')
        break
      case 'announceSwap':
        this.hub.announce({ type: 'configUpdated' })
        break
      case 'warnPostponed':
        this.#warnPostponed(effect.versions)
        break
      case 'close':
        this.effects.push(() => this.#close())
        break
      default:
        if (hosted === undefined) throw new Error(`${actor.id} decided "${effect.type}", but has no runtime.`)
        this.#performOn(hosted, effect, actor)
        break
    }
  }

  /** Performs an effect of one version. */
  #performOn(hosted: HostedVersion<Req, Res>, effect: VersionEffect, actor: VersionActor): void {
    const { version } = hosted
    switch (effect.type) {
      case 'startHost':
        this.#startHost(hosted, actor)
        break
      case 'logRunning':
        hosted.log.isRunning()
        break
      case 'awaitDrain':
        hosted.log.leaves()
        hosted.calls.whenEmpty(() => this.#tell(actor, { type: 'drained' }))
        break
      case 'rejectCalls':
        hosted.cutOff()
        break
      case 'stopHost':
        hosted.log.stops()
        hosted.stop()
        break
      case 'giveUpHost':
        this.#logGivenUp(version)
        break
      case 'emitStopped':
        this.#channels.event(version, { type: 'stopped', version }, this.snapshot)
        hosted.publish({ type: 'stopped', version })
        break
      case 'releaseHost':
        hosted.release()
        hosted.log.hasLeft()
        if (this.#hosted.get(version) === hosted) {
          this.#hosted.delete(version)
          this.counts.leave(version)
        }
        break
    }
  }

  #startHost(hosted: HostedVersion<Req, Res>, actor: VersionActor): void {
    const { inspect } = this.#options
    hosted.log.starts()
    if (inspect !== undefined) hosted.showBelow(actor)
    hosted.start({
      event: event => this.#hear(actor, hosted, event, toVersionEvent(event)),
      ended: error => this.#hear(actor, hosted, undefined, { type: 'host.ended', error: errorFacts(error) }, error),
    })
  }

  #warnPostponed(versions: readonly string[]): void {
    const { logger, waitTimeout } = this.#options
    const { active } = this.snapshot.context
    const wait = waitTimeout === Number.POSITIVE_INFINITY ? 'wait' : `wait up to ${waitTimeout} ms (waitTimeout)`
    const calls = active === null ? `Until a version is active, calls ${wait}.` : `Calls go to version ${active}.`
    const message = `wanted versions have not been added, or have left. They start as soon as they are added. ${calls}`
    logger.warn({ versions, active }, message)
  }

  #logGivenUp(version: string): void {
    const { logger, stopTimeout } = this.#options
    logger.error({ version }, `a host did not report that it stopped within ${stopTimeout} ms: given up`)
  }

  #versionActor(version: string): ActorRefFrom<typeof versionMachine> | undefined {
    return this.snapshot.children[childId(version)]
  }

  #moveRoute(): void {
    if (this.snapshot !== this.#routed) {
      this.#tellRoles()
      this.router.move(routeOf(this.snapshot), version => this.#hosted.get(version))
      const publish = this.#channels.follow(this.snapshot)
      if (publish !== undefined) this.effects.push(publish)
    }
    // Queued behind the other effects of the decision. A version whose host gives up does not change the aggregate's snapshot.
    if (this.#observer !== undefined) this.effects.push(() => this.#observer?.changed())
  }

  /** Tells runtimes their roles before calls reach them (rule 31). One of them may change the roles meanwhile. */
  #tellRoles(): void {
    for (const { version } of placedVersions(this.snapshot.context)) {
      const place = placedVersions(this.snapshot.context).find(its => its.version === version)
      if (place !== undefined) this.#hosted.get(version)?.settleIn(place)
    }
  }

  #releaseCalls(): void {
    const { snapshot } = this
    if (snapshot !== this.#routed) this.router.release()
    this.#routed = snapshot
    if (this.router.waiting > 0) this.router.rejectHopeless()
  }

  /** The error of calls that would wait for a version whose host has given up (rule 15). */
  #hopeless(): Error | undefined {
    const { active } = this.snapshot.context
    return active !== null && this.#hasGivenUp(active) ? givenUp(active, this.failureOf(active)) : undefined
  }

  #hasGivenUp(version: string): boolean {
    return this.versionSnapshot(version)?.matches('gaveUp') === true
  }

  #pinnedNotRunning(version: string, what: string): Error {
    return pinnedNotRunning(version, what, this.failureOf(version))
  }

  #timedOut(waitTimeout: number): Error {
    const { active } = this.snapshot.context
    if (active !== null) return notRunning(active, waitTimeout, this.failureOf(active))
    return noActiveVersion(`No version became active within ${waitTimeout} ms (waitTimeout).${this.#missing()}`)
  }

  /** Names the wanted active version if nobody has added it. */
  #missing(): string {
    const { context } = this.snapshot
    const { active } = context.wanted
    return active !== null && postponed(context).includes(active) ? ` Version ${active} has not been added.` : ''
  }

  /** The last failure of a version that has not run since. */
  failureOf(version: string): Error | undefined {
    const lastError = this.versionSnapshot(version)?.context.lastError ?? null
    return lastError === null ? undefined : this.#hosted.get(version)?.failure
  }

  /** The endpoint is closed although the runtime has not emitted `stopped`: the version is starting again. */
  #refused(version: string): void {
    const actor = this.#versionActor(version)
    const hosted = this.#hosted.get(version)
    if (actor === undefined || hosted === undefined) return
    this.effects.decide(() => {
      if (isAlive(actor)) this.#sendOfHost(actor, hosted, { type: 'host.refused' })
    })
  }

  /** Takes an event of a host: first the version's machine decides, then subscribers get the event. */
  #hear(
    self: VersionActor,
    hosted: HostedVersion<Req, Res>,
    event: RuntimeEvent | undefined,
    versionEvent: VersionEvent | undefined,
    failure = failureIn(event),
  ): void {
    this.effects.decide(() => {
      if (!isAlive(self)) return
      if (event !== undefined) this.effects.push(() => this.#pass(hosted, event))
      // The machine keeps an earlier failure when a stream of events ends.
      const isKept = versionEvent?.type === 'host.ended' && this.failureOf(hosted.version) !== undefined
      if (failure !== undefined && !isKept) hosted.failure = failure
      if (versionEvent !== undefined && !this.#isNoNews(self, versionEvent))
        this.#sendOfHost(self, hosted, versionEvent)
    })
  }

  #pass(hosted: HostedVersion<Req, Res>, event: RuntimeEvent): void {
    const { active, next } = this.snapshot.context
    const { version } = hosted
    hosted.log.heard(event, version === active ? 'active' : version === next ? 'next' : 'leaving')
    this.#channels.event(version, event, this.snapshot)
    hosted.hear(event)
  }

  /** Sends an event of a host to the machine of its version, and counts the runtimes that have to start again. */
  #sendOfHost(self: VersionActor, hosted: HostedVersion<Req, Res>, event: VersionEvent): void {
    const wasRunning = self.getSnapshot().matches('running')
    self.send(event)
    if (wasRunning && self.getSnapshot().matches('starting')) hosted.countRestart()
  }

  /** Whether the event changes the version's machine in no state. An inspector sees it all the same. */
  #isNoNews(self: VersionActor, event: VersionEvent): boolean {
    return this.#options.inspect === undefined && isRepeated(self.getSnapshot().context, event)
  }

  /** The actor may have stopped by now: a version without time to drain, whose host was gone. */
  #tell(self: VersionActor, event: VersionEvent): void {
    this.effects.decide(() => {
      if (isAlive(self)) self.send(event)
    })
  }

  /** The remaining versions were never started, so nothing subscribes to them. */
  #close(): void {
    this.#hosted.clear()
    this.hub.close()
    this.#actor.stop()
  }
}

/** The state of one version. */
export type VersionSnapshot = SnapshotFrom<typeof versionMachine>

function isAlive(actor: VersionActor): boolean {
  const snapshot = actor.getSnapshot()
  return snapshot.status === 'active' && !snapshot.matches('stopped')
}

function toVersionEvent(event: RuntimeEvent): VersionEvent | undefined {
  switch (event.type) {
    case 'started':
      return { type: 'host.started', capability: capabilityFacts(event.capabilityTEE) }
    case 'updated':
      return { type: 'host.updated', capability: capabilityFacts(event.capabilityTEE) }
    case 'failedToStart':
      return { type: 'host.failedToStart', error: errorFacts(event.error), isFinal: event.final === true }
    case 'stopped':
      return { type: 'host.stopped', error: event.reason === undefined ? null : errorFacts(event.reason) }
    case 'configUpdated':
      return undefined
  }
}

function failureIn(event: RuntimeEvent | undefined): Error | undefined {
  if (event?.type === 'failedToStart') return asError(event.error)
  return event?.type === 'stopped' && event.reason !== undefined ? asError(event.reason) : undefined
}

/** Hosts in other languages may send anything, such as null for a missing value. */
function capabilityFacts(capability: CapabilityTEE | null | undefined): CapabilityFacts | null {
  if (capability === undefined || capability === null) return null
  const hex = (bytes: unknown) => (types.isUint8Array(bytes) ? Buffer.from(bytes).toString('hex') : null)
  return { hardware: `${capability.hardware}`, rak: hex(capability.rak), attestation: hex(capability.attestation) }
}

function errorFacts(thrown: unknown): ErrorFacts {
  const { name, message } = asError(thrown)
  return { name, message, code: isCutoverError(thrown) ? thrown.code : null }
}
