import { type Observable, Subject } from 'rxjs'
import { type ActorRefFrom, type AnyActorRef, createActor, type SnapshotFrom, waitFor } from 'xstate'
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
  below,
  type CallOptions,
  type CapabilityTEE,
  CutoverError,
  type Inspectable,
  type Inspection,
  inspectSafely,
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
  shownBelow,
  signalOf,
  wrapClock,
} from '../../contract/index.js'
import { attempt, EffectQueue, performedByOwner, SafeObservable, startOwned } from '../../support/index.js'
import { OwnCalls, type OwnRoute } from '../ownCalls.js'
import { type CheckedConfig, nameOf } from '../provisioner.js'
import { Instance, type InstanceReports } from './instance.js'
import { PoolCalls } from './poolCalls.js'
import type { CompiledPool } from './poolOptions.js'

/** The statechart that all pools share. */
const machine = poolMachine.provide({ actions: performedByOwner(poolEffects) })

type Snapshot = SnapshotFrom<typeof poolMachine>
type PoolActor = ActorRefFrom<typeof poolMachine>

/** Several runtimes of one version that look like one. */
export class PoolRuntime<Req, Res> implements Runtime<Req, Res>, Direct<Req, Res>, Inspectable, Pooled {
  readonly id: string
  readonly #version: string
  readonly #name: string
  readonly #options: CompiledPool
  readonly #logger: Logger
  readonly #instances: readonly Instance<Req, Res>[]
  readonly #calls: PoolCalls<Req, Res>
  readonly #ownCalls: OwnCalls<Req, Res>
  readonly #events$ = new Subject<RuntimeEvent>()
  readonly #watched$: Observable<RuntimeEvent>
  readonly #effects: EffectQueue
  /** Created by the first event: by then it is known which actor an inspector shows above it. */
  #pool: PoolActor | undefined
  #inspect: Inspection | undefined
  /** The actor that an inspector shows above that of the pool. */
  #parent: AnyActorRef | undefined
  /** The role that it was last told, for each instance to come. */
  #role: Role | undefined
  /** The last failure. */
  #failure: Error | undefined

  constructor(config: CheckedConfig, options: CompiledPool, runtimes: readonly Runtime<Req, Res>[]) {
    const { id, version } = config
    this.id = id
    this.#version = version
    this.#name = nameOf('pool', config)
    this.#options = options
    this.#logger = safeLogger(config.logger, { runtime: id, version })
    this.#watched$ = new SafeObservable(this.#events$, err => this.#logger.error({ err }, 'a subscriber threw'))
    this.#effects = new EffectQueue({
      decided: () => this.#moveRoute(),
      performed: () => this.#releaseCalls(),
      failed: err => this.#logger.error({ err }, 'an effect threw: please report this as a bug of cutover'),
    })
    this.#inspect = options.inspect
    this.#instances = runtimes.map((runtime, i) => this.#createInstance(runtime, i))
    this.#calls = new PoolCalls(this.#instances, { ...options, version, logger: this.#logger })
    this.#ownCalls = this.#createOwnCalls()
  }

  call(request: Req, options?: CallOptions): Promise<Res> {
    return this.#ownCalls.call(request, options)
  }

  start(): void {
    this.#send({ type: 'start' })
  }

  async stop(): Promise<void> {
    this.#send({ type: 'stop' })
    await waitFor(this.#actor, isStopped)
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
    return this.#watched$
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

  /** The tables are not needed: each instance has one, in which it rejects its own lost calls and no others. */
  [ENDPOINT](..._tables: CallsInFlight<Res>[]): Endpoint<Req, Res> {
    return this.#calls
  }

  [SHOWN_BELOW](parent: AnyActorRef): void {
    // A pool started before it was added is already shown, as a root.
    if (this.#pool !== undefined) return
    this.#parent = parent
    if (this.#inspect !== undefined) this.#inspect = below(parent, this.#inspect)
  }

  [POOL_STATUS](): PoolStatus {
    const snapshot = this.#actor.getSnapshot()
    const { value, context } = snapshot
    const state = typeof value === 'string' ? value : value.running
    return { state, up: countOf(context, 'up'), size: context.instances.length }
  }

  get #actor(): PoolActor {
    if (this.#pool !== undefined) return this.#pool
    const actor = this.#createActor()
    this.#pool = actor
    for (const instance of this.#instances) instance.watch()
    return actor
  }

  get #speaker(): Runtime<Req, Res> {
    const speaker = speakerOf(this.#actor.getSnapshot().context) ?? 0
    return (this.#instances[speaker] as Instance<Req, Res>).runtime
  }

  #createInstance(runtime: Runtime<Req, Res>, number: number): Instance<Req, Res> {
    const reports: InstanceReports = {
      up: () => this.#cameUp(instance),
      down: reason => this.#send({ type: 'instance.down', instance: number, reason }, reason),
      failed: error => this.#send({ type: 'instance.failed', instance: number, error }, error),
      gaveUp: error => this.#send({ type: 'instance.gaveUp', instance: number, error }, error),
      updated: () => this.#send({ type: 'instance.updated', instance: number }),
      freed: () => this.#calls.releaseTo(instance),
      isUp: () => this.#actor.getSnapshot().context.instances[number] === 'up',
    }
    const instance: Instance<Req, Res> = new Instance(number, runtime, reports, this.#logger)
    return instance
  }

  #createOwnCalls(): OwnCalls<Req, Res> {
    const { clock, waitTimeout, maxWaitingCalls, streamTimeout } = this.#options
    return new OwnCalls({
      version: this.#version,
      clock,
      logger: this.#logger,
      waitTimeout,
      maxWaitingCalls,
      streamTimeout,
      endpoint: this.#calls,
      timedOut: () => this.#startFailed(`is not up after ${waitTimeout} ms (waitTimeout).`),
      closed: () => this.#refusal(),
    })
  }

  #createActor(): PoolActor {
    const actor = createActor(machine, {
      id: this.#name,
      input: this.#options.machine,
      clock: wrapClock(this.#options.clock, fn => this.#effects.decide(fn)),
      ...inspectSafely(this.#inspect, this.#logger),
    })
    const shown = this.#parent === undefined ? actor : shownBelow(this.#parent, actor)
    for (const { runtime } of this.#instances) {
      const inspectable: Runtime<Req, Res> & Inspectable = runtime
      attempt(
        () => inspectable[SHOWN_BELOW]?.(shown),
        err => this.#logger.error({ err }, 'an instance cannot be shown below its pool'),
      )
    }
    return startOwned(actor, { effects: this.#effects, perform: (effect: PoolEffect) => this.#perform(effect) })
  }

  #perform(effect: PoolEffect): void {
    const version = this.#version
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
        this.#events$.next({ type: 'failedToStart', version, error: effect.error })
        break
      case 'emitGaveUp':
        this.#events$.next({ type: 'failedToStart', version, error: effect.error, final: true })
        break
      case 'emitDown':
        this.#emitDown(effect.reason)
        break
      case 'emitStopped':
        for (const instance of this.#instances) instance.release(this.#lost('is stopped.'))
        this.#events$.next({ type: 'stopped', version })
        break
      case 'emitUpdated':
        this.#events$.next({ type: 'updated', version, ...this.#capability() })
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
    if (route.isClosed) this.#calls.rejectWaiting(this.#refusal())
    else this.#calls.release()
  }

  #route(): OwnRoute {
    const snapshot = this.#actor.getSnapshot()
    const isClosed = isStopped(snapshot) || snapshot.matches('stopping') || snapshot.matches('gaveUp')
    return { isUp: snapshot.matches('running'), isClosed }
  }

  #send(event: PoolEvent, failure?: Error): void {
    this.#effects.decide(() => {
      if (failure !== undefined) this.#failure = failure
      if (!isStopped(this.#actor.getSnapshot())) this.#actor.send(event)
    })
  }

  #cameUp(instance: Instance<Req, Res>): void {
    if (this.#role !== undefined) instance.setRole(this.#role)
    const alone = !this.#instances.some(other => other !== instance && other.isOpen)
    this.#send({ type: 'instance.up', instance: instance.number, alone })
  }

  #emitStarted(): void {
    // An earlier effect may have ended it already.
    if (this.#actor.getSnapshot().matches('running')) this.#calls.open()
    this.#events$.next({ type: 'started', version: this.#version, ...this.#capability() })
  }

  #emitDown(reason: Error | undefined): void {
    this.#events$.next({ type: 'stopped', version: this.#version, ...(reason === undefined ? {} : { reason }) })
  }

  #capability(): { readonly capabilityTEE?: CapabilityTEE } {
    const capabilityTEE = this.getCapabilityTEE()
    return capabilityTEE === undefined ? {} : { capabilityTEE }
  }

  /** The error of calls that the pool does not take any more. */
  #refusal(): CutoverError {
    return this.#actor.getSnapshot().matches('gaveUp')
      ? this.#startFailed('is given up; restart it with abort({ force: true }), or replace it.')
      : this.#lost('is stopped; provision a new runtime.')
  }

  #startFailed(what: string): CutoverError {
    const version = this.#version
    return new CutoverError('CUTOVER_START_FAILED', `Version ${version} ${what}`, { version, cause: this.#failure })
  }

  #lost(what: string): CutoverError {
    const version = this.#version
    return new CutoverError('CUTOVER_RUNTIME_LOST', `Version ${version} ${what}`, { version })
  }
}

function isStopped(snapshot: Snapshot): boolean {
  return snapshot.status !== 'active'
}
