import { type Observable, Subject } from 'rxjs'
import { type ActorRefFrom, type AnyActorRef, createActor, type SnapshotFrom, waitFor } from 'xstate'
import {
  backoffOf,
  type Failure,
  type SupervisorEffect,
  type SupervisorEvent,
  supervisorEffects,
  supervisorMachine,
} from '../../../machines/index.js'
import { type CallsInFlight, type Direct, ENDPOINT, type Endpoint, timedCallee } from '../../calls/index.js'
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
  type Role,
  type Runtime,
  type RuntimeEvent,
  type RuntimeInfo,
  SHOWN_BELOW,
  safeLogger,
  signalOf,
  wrapClock,
} from '../../contract/index.js'
import { EffectQueue, performedByOwner, SafeObservable, startOwned } from '../../support/index.js'
import { OwnCalls, type OwnRoute } from '../ownCalls.js'
import { type CheckedConfig, nameOf } from '../provisioner.js'
import { meaningOf } from './failureTexts.js'
import type { Guest, GuestReports } from './guest.js'
import { GuestEndpoint } from './guestEndpoint.js'
import type { CompiledSupervised } from './supervisedOptions.js'

/** The statechart that all supervisors share. */
const machine = supervisorMachine.provide({
  actions: performedByOwner(supervisorEffects),
  delays: { backoff: ({ context }) => Math.round(backoffOf(context) * (1 - context.jitter * Math.random())) },
})

type Snapshot = SnapshotFrom<typeof supervisorMachine>
type SupervisorActor = ActorRefFrom<typeof supervisorMachine>

/** Makes one launch of a runtime. `inspect`, if given, shows its statecharts below the supervisor. */
export type MakeGuest<Req, Res> = (
  reports: GuestReports,
  logger: Logger,
  inspect: Inspection | undefined,
) => Guest<Req, Res>

/** A runtime whose guest is supervised, in any host. */
export class SupervisedRuntime<Req, Res> implements Runtime<Req, Res>, Direct<Req, Res>, Inspectable {
  readonly id: string
  readonly #version: string
  readonly #name: string
  readonly #options: CompiledSupervised
  readonly #makeGuest: MakeGuest<Req, Res>
  readonly #logger: Logger
  readonly #ownCalls: OwnCalls<Req, Res>
  /** The way to the guest, for both tables. Open from just before `started` is emitted. */
  readonly #endpoint = new GuestEndpoint<Req, Res>()
  /** The tables of an aggregate that sends calls past the queue of this runtime. */
  #direct: readonly CallsInFlight<Res>[] = []
  readonly #events$ = new Subject<RuntimeEvent>()
  readonly #watched$: Observable<RuntimeEvent>
  readonly #effects: EffectQueue
  /** Created by the first event: by then it is known which actor an inspector shows above it. */
  #supervisor: SupervisorActor | undefined
  #inspect: Inspection | undefined
  /** The current launch. Reports of earlier ones are dropped. */
  #guest: Guest<Req, Res> | undefined
  #info: RuntimeInfo
  /** The role that it was last told, for each guest to come. */
  #role: Role | undefined
  /** The role that the current guest was told. */
  #toldRole: Role | undefined
  /** The last failure. */
  #failure: CutoverError | undefined

  constructor(config: CheckedConfig, options: CompiledSupervised, makeGuest: MakeGuest<Req, Res>) {
    const { id, version, instance } = config
    this.id = id
    this.#version = version
    this.#options = options
    this.#makeGuest = makeGuest
    this.#info = { version }
    this.#name = nameOf('supervisor', config)
    this.#logger = safeLogger(config.logger, { runtime: id, version, ...(instance === undefined ? {} : { instance }) })
    this.#watched$ = new SafeObservable(this.#events$, err => this.#logger.error({ err }, 'a subscriber threw'))
    this.#ownCalls = this.#createOwnCalls()
    this.#effects = new EffectQueue({
      decided: () => this.#moveRoute(),
      performed: () => this.#ownCalls.release(this.#route()),
      failed: err => this.#logger.error({ err }, 'an effect threw: please report this as a bug of cutover'),
    })
    this.#inspect = options.inspect
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

  /** Rejects with the reason if the runtime had to be restarted and does not start again at once. */
  async abort(options: AbortOptions = {}): Promise<void> {
    const signal = signalOf(options)
    const { force = false } = options
    signal?.throwIfAborted()
    this.#send({ type: force ? 'restart' : 'abort' })
    const isUnderWay = force || this.#actor.getSnapshot().matches({ up: 'aborting' })
    if (!isUnderWay) return
    const atRest = await waitFor(this.#actor, isAtRest, signal === undefined ? {} : { signal })
    if ((atRest.matches('backingOff') || atRest.matches('gaveUp')) && this.#failure !== undefined) throw this.#failure
  }

  watchEvents(): Observable<RuntimeEvent> {
    return this.#watched$
  }

  getActiveVersion(): string {
    return this.#version
  }

  /** The info that the runtime last reported; before its first start, only its version. */
  async getInfo(options?: CallOptions): Promise<RuntimeInfo> {
    signalOf(options)?.throwIfAborted()
    return this.#info
  }

  /** These hosts have no trusted execution environment. */
  getCapabilityTEE(): CapabilityTEE | undefined {
    return undefined
  }

  updateCapabilityTEE(): void {}

  setRole(role: Role): void {
    this.#role = role
    this.#tellRole()
  }

  [ENDPOINT](...tables: CallsInFlight<Res>[]): Endpoint<Req, Res> {
    this.#direct = tables
    return this.#endpoint
  }

  [SHOWN_BELOW](parent: AnyActorRef): void {
    // A runtime started before it was added is already shown, as a root.
    if (this.#inspect === undefined || this.#supervisor !== undefined) return
    this.#inspect = below(parent, this.#inspect)
  }

  get #actor(): SupervisorActor {
    this.#supervisor ??= this.#createActor()
    return this.#supervisor
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
      endpoint: this.#endpoint,
      timedOut: () => this.#startFailed(`is not up after ${waitTimeout} ms (waitTimeout).`, this.#failure),
      closed: () =>
        hasGivenUp(this.#actor.getSnapshot())
          ? this.#startFailed('is given up; restart it with abort({ force: true }), or replace it.', this.#failure)
          : this.#lost('is stopped; provision a new runtime.'),
    })
  }

  #createActor() {
    const { supervisor, clock } = this.#options
    const actor = createActor(machine, {
      id: this.#name,
      input: supervisor,
      clock: wrapClock(clock, fn => this.#effects.decide(fn)),
      ...inspectSafely(this.#inspect, this.#logger),
    })
    return startOwned(actor, { effects: this.#effects, perform: (effect: SupervisorEffect) => this.#perform(effect) })
  }

  #perform(effect: SupervisorEffect): void {
    const version = this.#version
    switch (effect.type) {
      case 'launchGuest':
        this.#launch()
        break
      case 'pingGuest':
        this.#guest?.ping()
        break
      case 'abortGuest':
        this.#guest?.abort()
        break
      case 'askGuest':
        this.#guest?.askToStop()
        break
      case 'terminateGuest':
        this.#guest?.terminate()
        break
      case 'killGuest':
        this.#guest?.kill()
        break
      case 'giveUpGuest':
        this.#logger.error({}, 'a guest did not end in time: given up')
        break
      case 'rejectCalls':
        this.#rejectCalls(effect)
        break
      case 'emitStarted':
        this.#emitStarted()
        break
      case 'emitFailed':
        this.#emitFailed(effect)
        break
      case 'emitFinalFailure':
        this.#emitFinalFailure(effect)
        break
      case 'emitGaveUp':
        this.#emitGaveUp()
        break
      case 'emitStopped':
        this.#events$.next({ type: 'stopped', version })
        break
      case 'emitDied':
        this.#emitDied()
        break
    }
  }

  #route(): OwnRoute {
    const snapshot = this.#actor.getSnapshot()
    const isClosed = isStopped(snapshot) || snapshot.matches('stopping') || hasGivenUp(snapshot)
    return { isUp: snapshot.matches('up'), isClosed }
  }

  #moveRoute(): void {
    const route = this.#route()
    if (!route.isUp) this.#endpoint.callee = null
    this.#ownCalls.move(route)
  }

  #send(event: SupervisorEvent): void {
    this.#effects.decide(() => {
      if (!isStopped(this.#actor.getSnapshot())) this.#actor.send(event)
    })
  }

  #launch(): void {
    const report = (event: SupervisorEvent) => {
      if (guest === this.#guest) this.#send(event)
    }
    const guest: Guest<Req, Res> = this.#makeGuest(
      {
        connected: () => report({ type: 'guest.connected' }),
        started: info => {
          if (guest === this.#guest) this.#info = info
          report({ type: 'guest.started' })
        },
        failed: (error, isFinal = false) => report({ type: 'guest.failed', error, isFinal }),
        disconnected: () => report({ type: 'guest.disconnected' }),
        ponged: () => report({ type: 'guest.ponged' }),
        released: () => {
          if (guest === this.#guest) this.#endpoint.onReleased?.()
        },
        aborted: () => report({ type: 'guest.aborted' }),
        abortFailed: err => {
          this.#logger.warn({ err }, 'a runtime failed to interrupt its work: it is restarted')
          report({ type: 'guest.abortFailed' })
        },
        stopRefused: () => report({ type: 'guest.stopRefused' }),
        exited: error => report({ type: 'guest.exited', error }),
      },
      this.#logger,
      this.#inspect === undefined ? undefined : below(this.#actor, this.#inspect),
    )
    this.#guest = guest
    this.#endpoint.guest = guest
    this.#toldRole = undefined
    guest.launch()
  }

  #rejectCalls({ reason }: Failure): void {
    const error = this.#lost(
      meaningOf(reason, this.#options.supervisor).lost,
      typeof reason === 'string' ? undefined : reason,
    )
    const tables = [this.#ownCalls.calls, ...this.#direct]
    this.#failure = error
    if (reason !== 'stopped' && reason !== 'restarted') {
      this.#logger.warn(
        { err: error, calls: tables.reduce((sum, { count }) => sum + count, 0) },
        'a runtime was lost: it is launched again',
      )
    }
    for (const calls of tables) calls.rejectAll(error)
  }

  /** Tells the guest its role, if that is up and has not been told. */
  #tellRole(): void {
    const role = this.#role
    if (role === undefined || role === this.#toldRole || !this.#actor.getSnapshot().matches('up')) return
    this.#toldRole = role
    this.#guest?.setRole(role)
  }

  #emitStarted(): void {
    const guest = this.#guest
    this.#tellRole()
    // An earlier effect may have ended the guest already.
    const isUp = this.#actor.getSnapshot().matches('up')
    if (isUp && guest !== undefined) this.#endpoint.callee = timedCallee(guest, this.#version, this.#options)
    this.#events$.next({ type: 'started', version: this.#version })
  }

  #emitDied(): void {
    const reason = this.#failure
    this.#events$.next({ type: 'stopped', version: this.#version, ...(reason === undefined ? {} : { reason }) })
  }

  #emitFailed({ reason }: Failure): void {
    const { failed } = meaningOf(reason, this.#options.supervisor)
    const error = this.#startFailed(failed, typeof reason === 'string' ? undefined : reason)
    this.#failure = error
    this.#logger.warn({ err: error }, 'a runtime failed to start: the next attempt follows')
    this.#events$.next({ type: 'failedToStart', version: this.#version, error })
  }

  #emitFinalFailure({ reason }: Failure): void {
    const { failed } = meaningOf(reason, this.#options.supervisor)
    const remedy = 'It is not tried again: mend it and call abort({ force: true }), or replace the version.'
    const error = this.#startFailed(`${failed.replace(/\.?$/, '.')} ${remedy}`, reason)
    this.#failure = error
    this.#emitFinal(error, 'a runtime cannot start: no further attempt follows')
  }

  #emitGaveUp(): void {
    const { giveUpAfter } = this.#options.supervisor
    const what = `has failed for ${giveUpAfter} ms (giveUpAfter) and is given up; restart it with abort({ force: true }), or replace it.`
    const error = this.#startFailed(what, this.#failure)
    this.#emitFinal(error, 'a runtime failed for too long: no further attempt follows')
  }

  #emitFinal(error: CutoverError, message: string): void {
    this.#logger.error({ err: error }, message)
    this.#events$.next({ type: 'failedToStart', version: this.#version, error, final: true })
  }

  #startFailed(what: string, cause: unknown): CutoverError {
    const version = this.#version
    return new CutoverError('CUTOVER_START_FAILED', `Version ${version} ${what}`, { version, cause })
  }

  #lost(what: string, cause?: unknown): CutoverError {
    const version = this.#version
    return new CutoverError('CUTOVER_RUNTIME_LOST', `Version ${version} ${what}`, { version, cause })
  }
}

function isStopped(snapshot: Snapshot): boolean {
  return snapshot.status !== 'active'
}

function hasGivenUp(snapshot: Snapshot): boolean {
  return snapshot.matches('givingUp') || snapshot.matches('gaveUp')
}

function isAtRest(snapshot: Snapshot): boolean {
  if (isStopped(snapshot)) return true
  const isUp = snapshot.matches({ up: 'idle' }) || snapshot.matches({ up: 'pinging' })
  return isUp || snapshot.matches('idle') || snapshot.matches('backingOff') || snapshot.matches('gaveUp')
}
