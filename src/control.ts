import { type ActorRefFrom, type SnapshotFrom, waitFor } from 'xstate'
import type { AggregateSnapshot } from '../machines/aggregate.js'
import { type AggregateEvent, childId, type Gate } from '../machines/steps.js'
import {
  type CapabilityFacts,
  type ErrorFacts,
  isRepeated,
  type VersionEvent,
  type versionMachine,
} from '../machines/version.js'
import { Router } from './calls/router.js'
import { wrapClock } from './clock.js'
import { Effects } from './effects.js'
import { asError, isCutoverError } from './errors.js'
import { EventHub } from './events.js'
import { HostedVersion } from './hostedVersion.js'
import { inspectSafely } from './inspection.js'
import type { CompiledOptions } from './options.js'
import { disposed, givenUp, noActiveVersion, notRunning, tooManyWaiting } from './refusals.js'
import { routeOf } from './route.js'
import type { CapabilityTEE, Runtime, RuntimeEvent } from './runtime.js'
import { type AggregateActor, type Shell, startActor, stopActor, type VersionActor } from './shell.js'

/**
 * The control plane: the aggregate's actor, and the shell that carries out what it decides. Which version is active,
 * next or stopping is the machines' alone to know; the shell keeps only what they cannot: runtimes and streams.
 */
export class ControlPlane<Req, Res> implements Shell {
  readonly router: Router<Req, Res>
  readonly hub: EventHub
  readonly #options: CompiledOptions<Req>
  readonly #hosted = new Map<string, HostedVersion<Req, Res>>()
  readonly #effects: Effects
  readonly #actor: AggregateActor
  /** What the router went by last. Most events of hosts change nothing for it. */
  #routed: AggregateSnapshot | undefined

  constructor(options: CompiledOptions<Req>) {
    const { id, handover, drainTimeout, stopTimeout, clock, inspect, logger, waitTimeout, maxWaitingCalls } = options
    this.#options = options
    this.hub = new EventHub(err => logger.error({ err }, 'a subscriber of watchEvents threw'))
    this.router = new Router({
      clock,
      logger,
      propagate: options.propagate,
      timeout: waitTimeout,
      max: maxWaitingCalls,
      timedOut: () => this.#timedOut(waitTimeout),
      tooMany: () => tooManyWaiting(maxWaitingCalls),
      closed: disposed,
      hopeless: () => this.#hopeless(),
      refused: version => this.#refused(version),
    })
    this.#effects = new Effects({
      decided: () => this.#moveRoute(),
      acted: () => this.#releaseCalls(),
      failed: err => logger.error({ err }, 'an effect threw: please report this as a bug of cutover'),
    })
    this.#actor = startActor(this, {
      id: `aggregate ${id}`,
      input: { handover, drainTimeout, stopTimeout },
      clock: wrapClock(clock, fn => this.#effects.decide(fn)),
      ...inspectSafely(inspect, logger),
    })
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

  /** Sends an event to the aggregate's machine; once disposed, nothing happens. */
  send(event: AggregateEvent): void {
    this.#effects.decide(() => {
      if (!this.snapshot.matches('disposed')) this.#actor.send(event)
    })
  }

  add(version: string, runtime: Runtime<Req, Res>): void {
    this.#hosted.set(version, new HostedVersion(version, runtime, this.hub, this.#options))
    this.send({ type: 'addVersion', version })
  }

  /** Resolves with the first snapshot, now or later, for which `predicate` is true, or that is the last one. */
  until(predicate: (snapshot: AggregateSnapshot) => boolean, signal?: AbortSignal): Promise<AggregateSnapshot> {
    const isEnough = (snapshot: AggregateSnapshot) => snapshot.matches('disposed') || predicate(snapshot)
    return waitFor(this.#actor, isEnough, signal === undefined ? {} : { signal })
  }

  setGate(version: string, gate: Gate): void {
    this.#onHosted(version, hosted => hosted.setGate(gate))
  }

  announceConfig(): void {
    this.#effects.pushLast(() => this.hub.announce({ type: 'configUpdated' }))
  }

  forgetVersion(version: string): void {
    this.#onHosted(version, hosted => hosted.release())
    this.#hosted.delete(version)
  }

  warnPostponed(versions: readonly string[]): void {
    const { logger } = this.#options
    this.#effects.push(() => logger.warn({ versions }, 'wanted versions are unknown: they start when they are added'))
  }

  closeDown(): void {
    this.#effects.pushLast(() => this.#closeDown())
  }

  startHost(version: string, actor: VersionActor): void {
    const { logger, inspect } = this.#options
    this.#onHosted(version, hosted => {
      logger.info({ version }, 'version starts')
      if (inspect !== undefined) hosted.showBelow(actor)
      hosted.start({
        event: event => this.#hear(actor, hosted, event, toVersionEvent(event)),
        ended: () => this.#hear(actor, hosted, undefined, { type: 'host.ended' }),
      })
    })
  }

  awaitDrain(version: string, actor: VersionActor): void {
    this.#onHosted(version, hosted => hosted.calls.whenEmpty(() => this.#tell(actor, { type: 'drained' })))
  }

  rejectCalls(version: string): void {
    this.#onHosted(version, hosted => hosted.cutOff())
  }

  stopHost(version: string): void {
    this.#onHosted(version, hosted => {
      this.#options.logger.info({ version }, 'version stops')
      hosted.stop()
    })
  }

  giveUpHost(version: string): void {
    const { logger, stopTimeout } = this.#options
    const said = `a host did not report that it stopped within ${stopTimeout} ms: given up`
    this.#effects.push(() => logger.error({ version }, said))
  }

  sayStopped(version: string): void {
    this.#onHosted(version, hosted => hosted.publish({ type: 'stopped', version }))
  }

  #versionActor(version: string): ActorRefFrom<typeof versionMachine> | undefined {
    return this.snapshot.children[childId(version)]
  }

  #moveRoute(): void {
    const { snapshot } = this
    if (snapshot !== this.#routed) this.router.move(routeOf(snapshot), version => this.#hosted.get(version))
  }

  #releaseCalls(): void {
    const { snapshot } = this
    if (snapshot !== this.#routed) this.router.release()
    this.#routed = snapshot
    if (this.router.waiting === 0) return
    const error = this.#hopeless()
    if (error !== undefined) this.router.rejectWaiting(error)
  }

  /** Why calls need not wait: the host of the active version has given up (rule 15). */
  #hopeless(): Error | undefined {
    const { active } = this.snapshot.context
    if (active === null || this.versionSnapshot(active)?.matches('gaveUp') !== true) return undefined
    return givenUp(active, this.#failureOf(active))
  }

  #timedOut(waitTimeout: number): Error {
    const { active } = this.snapshot.context
    if (active === null) return noActiveVersion(`No version became active within ${waitTimeout} ms (waitTimeout).`)
    return notRunning(active, waitTimeout, this.#failureOf(active))
  }

  /** The last failure of a version that has not come up since. */
  #failureOf(version: string): Error | undefined {
    const lastError = this.versionSnapshot(version)?.context.lastError ?? null
    return lastError === null ? undefined : this.#hosted.get(version)?.failure
  }

  /** The runtime took no call, though it has not said that it stopped: the version is starting again. */
  #refused(version: string): void {
    const actor = this.#versionActor(version)
    if (actor !== undefined) this.#tell(actor, { type: 'host.refused' })
  }

  /** A host said something: first the version's machine decides, then subscribers hear of it, in that order. */
  #hear(
    self: VersionActor,
    hosted: HostedVersion<Req, Res>,
    event: RuntimeEvent | undefined,
    versionEvent: VersionEvent | undefined,
  ): void {
    this.#effects.decide(() => {
      if (!isAlive(self)) return
      if (event !== undefined) this.#effects.push(() => hosted.hear(event))
      if (versionEvent !== undefined && !this.#isNoNews(self, versionEvent)) self.send(versionEvent)
    })
  }

  /** In no state does the version's machine change by it; only an inspector is to see it all the same. */
  #isNoNews(self: VersionActor, event: VersionEvent): boolean {
    return this.#options.inspect === undefined && isRepeated(self.getSnapshot().context, event)
  }

  /** A version that had no time to drain, and whose host was gone, is gone itself by then. */
  #tell(self: VersionActor, event: VersionEvent): void {
    this.#effects.decide(() => {
      if (isAlive(self)) self.send(event)
    })
  }

  #onHosted(version: string, act: (hosted: HostedVersion<Req, Res>) => void): void {
    const hosted = this.#hosted.get(version)
    if (hosted === undefined) throw new Error(`The machines act on version ${version}, whose runtime is not here.`)
    this.#effects.push(() => act(hosted))
  }

  /** What is still here was never started: nothing of ours listens to it. */
  #closeDown(): void {
    this.#hosted.clear()
    this.hub.close()
    stopActor(this.#actor)
  }
}

/** The state of one version. */
export type VersionSnapshot = SnapshotFrom<typeof versionMachine>

function isAlive(actor: VersionActor): boolean {
  return (actor.getSnapshot() as { readonly status: string }).status === 'active'
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
      return { type: 'host.stopped' }
    case 'configUpdated':
      return undefined
  }
}

/** Hosts in other languages may send anything, such as null for nothing. */
function capabilityFacts(capability: CapabilityTEE | null | undefined): CapabilityFacts | null {
  if (capability === undefined || capability === null) return null
  const hex = (bytes: unknown) => (bytes instanceof Uint8Array ? Buffer.from(bytes).toString('hex') : null)
  return { hardware: `${capability.hardware}`, rak: hex(capability.rak), attestation: hex(capability.attestation) }
}

function errorFacts(thrown: unknown): ErrorFacts {
  const { name, message } = asError(thrown)
  return { name, message, code: isCutoverError(thrown) ? thrown.code : null }
}
