import type { Observable } from 'rxjs'
import { type AnyActorRef, createActor } from 'xstate'
import {
  countOf,
  type PoolEffect,
  type PoolEvent,
  poolEffects,
  poolMachine,
  speakerOf,
} from '../../../machines/index.js'
import { type CallsInFlight, type Direct, ENDPOINT, type Endpoint } from '../../calls/index.js'
import {
  type AbortOptions,
  type CallOptions,
  type CapabilityTEE,
  type Inspectable,
  type Logger,
  POOL_STATUS,
  type Pooled,
  type PoolStatus,
  type Role,
  type Runtime,
  type RuntimeEvent,
  type RuntimeInfo,
  SHOWN_BELOW,
  safeLogger,
  signalOf,
} from '../../contract/index.js'
import { attempt, performedByOwner } from '../../support/index.js'
import { type CheckedConfig, nameOf } from '../provisioner.js'
import { hasEnded, LazyActor } from '../runtime/lazyActor.js'
import { OwnCalls, type OwnRoute } from '../runtime/ownCalls.js'
import { OwnEvents } from '../runtime/ownEvents.js'
import { runtimeLost } from '../runtime/versionErrors.js'
import { Instance, type InstanceReports } from './instance.js'
import { PoolCalls } from './poolCalls.js'
import type { CompiledPool } from './poolOptions.js'

/** The statechart that all pools share. */
const machine = poolMachine.provide({ actions: performedByOwner(poolEffects) })

/** Several runtimes of one version that look like one. */
export class PoolRuntime<Req, Res> implements Runtime<Req, Res>, Direct<Req, Res>, Inspectable, Pooled {
  readonly id: string
  readonly #version: string
  readonly #logger: Logger
  readonly #instances: readonly Instance<Req, Res>[]
  readonly #calls: PoolCalls<Req, Res>
  readonly #ownCalls: OwnCalls<Req, Res>
  readonly #events: OwnEvents
  readonly #actor: LazyActor<typeof poolMachine, PoolEffect>
  /** The role that it was last told, for each instance to come. */
  #role: Role | undefined
  /** The last failure. */
  #failure: Error | undefined

  constructor(config: CheckedConfig, options: CompiledPool, runtimes: readonly Runtime<Req, Res>[]) {
    const { id, version } = config
    const { clock, inspect } = options
    const logger = safeLogger(config.logger, { runtime: id, version })
    this.id = id
    this.#version = version
    this.#logger = logger
    this.#events = new OwnEvents(version, logger)
    this.#actor = new LazyActor({
      clock,
      logger,
      inspect,
      create: given => createActor(machine, { ...given, id: nameOf('pool', config), input: options.machine }),
      created: shown => this.#watchInstances(shown),
      perform: (effect: PoolEffect) => this.#perform(effect),
      decided: () => this.#moveRoute(),
      performed: () => this.#releaseCalls(),
    })
    this.#instances = runtimes.map((runtime, i) => this.#createInstance(i, runtime))
    this.#calls = new PoolCalls(this.#instances, { ...options, version, logger })
    this.#ownCalls = new OwnCalls({
      ...options,
      version,
      logger,
      endpoint: this.#calls,
      hasGivenUp: () => this.#actor.snapshot.matches('gaveUp'),
      failure: () => this.#failure,
    })
    this.#calls.useTables([this.#ownCalls.calls])
  }

  call(request: Req, options?: CallOptions): Promise<Res> {
    return this.#ownCalls.call(request, options)
  }

  start(): void {
    this.#send({ type: 'start' })
  }

  async stop(): Promise<void> {
    this.#send({ type: 'stop' })
    await this.#actor.waitFor(hasEnded)
  }

  /** Waits for all instances. Rejects with what they reject with: several errors in an AggregateError. */
  async abort(options: AbortOptions = {}): Promise<void> {
    const signal = signalOf(options)
    signal?.throwIfAborted()
    if (options.force === true) this.#send({ type: 'restart' })
    const aborts = this.#instances.map(async ({ runtime }) => runtime.abort(options))
    const outcomes = await Promise.allSettled(aborts)
    const errors = new Set(
      outcomes.flatMap(outcome => (outcome.status === 'rejected' ? [outcome.reason as unknown] : [])),
    )
    if (errors.size > 1) throw new AggregateError(errors, `${errors.size} instances failed to abort.`)
    for (const error of errors) throw error
  }

  watchEvents(): Observable<RuntimeEvent> {
    return this.#events.watched$
  }

  getActiveVersion(): string {
    return this.#version
  }

  /** The info of the first instance that is up. */
  async getInfo(options?: CallOptions): Promise<RuntimeInfo> {
    return this.#speaker.getInfo(options)
  }

  /** The capability of the first instance that is up. */
  getCapabilityTEE(): CapabilityTEE | undefined {
    return this.#speaker.getCapabilityTEE()
  }

  updateCapabilityTEE(): void {
    for (const instance of this.#instances) instance.updateCapabilityTEE()
  }

  setRole(role: Role): void {
    this.#role = role
    for (const instance of this.#instances) instance.setRole(role)
  }

  /** The only instance rejects its lost calls in these tables. Several instances have a table of their own each. */
  [ENDPOINT](...tables: CallsInFlight<Res>[]): Endpoint<Req, Res> {
    this.#calls.useTables([this.#ownCalls.calls, ...tables])
    return this.#calls
  }

  [SHOWN_BELOW](parent: AnyActorRef): void {
    this.#actor.showBelow(parent)
  }

  [POOL_STATUS](): PoolStatus {
    const { value, context } = this.#actor.snapshot
    const state = typeof value === 'string' ? value : value.running
    return { state, up: countOf(context, 'up'), size: context.instances.length }
  }

  get #speaker(): Runtime<Req, Res> {
    const speaker = speakerOf(this.#actor.snapshot.context) ?? 0
    return (this.#instances[speaker] as Instance<Req, Res>).runtime
  }

  #createInstance(number: number, runtime: Runtime<Req, Res>): Instance<Req, Res> {
    const config = { id: this.id, version: this.#version, logger: this.#logger }
    const reports: InstanceReports = {
      up: () => this.#cameUp(instance),
      down: reason => this.#send({ type: 'instance.down', instance: number, reason }, reason),
      failed: error => this.#send({ type: 'instance.failed', instance: number, error }, error),
      gaveUp: error => this.#send({ type: 'instance.gaveUp', instance: number, error }, error),
      updated: () => this.#send({ type: 'instance.updated', instance: number }),
      freed: () => {
        this.#calls.releaseTo(instance)
        this.#calls.onReleased?.()
      },
      isUp: () => this.#actor.snapshot.context.instances[number] === 'up',
    }
    const instance: Instance<Req, Res> = new Instance(number, runtime, config, reports)
    return instance
  }

  /** Hears the instances from now on. An inspector shows each of them below the pool. */
  #watchInstances(shown: AnyActorRef): void {
    for (const { runtime } of this.#instances) {
      const inspectable: Runtime<Req, Res> & Inspectable = runtime
      attempt(
        () => inspectable[SHOWN_BELOW]?.(shown),
        err => this.#logger.error({ err }, 'an instance cannot be shown below its pool'),
      )
    }
    for (const instance of this.#instances) instance.watch()
  }

  #perform(effect: PoolEffect): void {
    switch (effect.type) {
      case 'startInstance':
        this.#instances[effect.instance]?.start()
        break
      case 'stopInstances':
        for (const instance of this.#instances) instance.stop()
        break
      case 'emitStarted':
        this.#emitStarted()
        break
      case 'emitFailed':
        this.#events.failed(effect.error)
        break
      case 'emitGaveUp':
        this.#events.gaveUp(effect.error)
        break
      case 'emitDown':
        this.#events.stopped(effect.reason)
        break
      case 'emitStopped':
        this.#releaseInstances()
        this.#events.stopped()
        break
      case 'emitUpdated':
        this.#events.updated(this.#capability())
        break
      case 'logDegraded':
        this.#logger.warn({ pool: this[POOL_STATUS]() }, 'a pool lacks instances')
        break
      case 'logFull':
        this.#logger.info({ pool: this[POOL_STATUS]() }, 'a pool has all its instances')
        break
    }
  }

  /** The first step of a move: as soon as the machine has decided, no call goes to a pool that is not running. */
  #moveRoute(): void {
    const route = this.#route()
    if (!route.isUp) this.#calls.close()
    this.#ownCalls.move(route)
  }

  #releaseCalls(): void {
    const route = this.#route()
    this.#ownCalls.release(route)
    if (route.isClosed) this.#calls.rejectWaiting(this.#ownCalls.refusal())
    else this.#calls.release()
  }

  #route(): OwnRoute {
    const snapshot = this.#actor.snapshot
    const isClosed = hasEnded(snapshot) || snapshot.matches('stopping') || snapshot.matches('gaveUp')
    return { isUp: snapshot.matches('running'), isClosed }
  }

  #send(event: PoolEvent, failure?: Error): void {
    if (failure !== undefined) this.#failure = failure
    this.#actor.send(event)
  }

  #cameUp(instance: Instance<Req, Res>): void {
    if (this.#role !== undefined) instance.setRole(this.#role)
    const alone = !this.#instances.some(other => other !== instance && other.isOpen)
    this.#send({ type: 'instance.up', instance: instance.number, alone })
  }

  #emitStarted(): void {
    // An earlier effect may have ended it already.
    if (this.#actor.snapshot.matches('running')) this.#calls.open()
    this.#events.started(this.#capability())
  }

  /** For events: that of a runtime of the user may throw. */
  #capability(): CapabilityTEE | undefined {
    try {
      return this.getCapabilityTEE()
    } catch (err) {
      this.#logger.error({ err }, 'an instance failed to give its capability')
      return undefined
    }
  }

  #releaseInstances(): void {
    const error = runtimeLost(this.#version, 'is stopped.')
    for (const instance of this.#instances) instance.release(error)
  }
}
