import type { Observable } from 'rxjs'
import { type AnyActorRef, createActor } from 'xstate'
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
  type CallOptions,
  type CapabilityTEE,
  type CutoverError,
  type Inspectable,
  type Inspection,
  type Logger,
  type Role,
  type Runtime,
  type RuntimeEvent,
  type RuntimeInfo,
  SHOWN_BELOW,
  safeLogger,
  signalOf,
} from '../../contract/index.js'
import { performedByOwner } from '../../support/index.js'
import { type CheckedConfig, nameOf } from '../provisioner.js'
import { hasEnded, LazyActor } from '../runtime/lazyActor.js'
import { OwnCalls } from '../runtime/ownCalls.js'
import { OwnEvents } from '../runtime/ownEvents.js'
import type { Guest, GuestReports } from './guest.js'
import { GuestEndpoint } from './guestEndpoint.js'
import { callsLost, cannotStart, failedTooLong, launchFailed } from './supervisedErrors.js'
import type { CompiledSupervised } from './supervisedOptions.js'
import { hasGivenUp, isAtRest, isUp, routeOf } from './supervisorQueries.js'

/** The statechart that all supervisors share. */
const machine = supervisorMachine.provide({
  actions: performedByOwner(supervisorEffects),
  delays: { backoff: ({ context }) => Math.round(backoffOf(context) * (1 - context.jitter * Math.random())) },
})

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
  readonly #options: CompiledSupervised
  readonly #makeGuest: MakeGuest<Req, Res>
  readonly #logger: Logger
  readonly #ownCalls: OwnCalls<Req, Res>
  /** The way to the guest, for both tables. Open from just before `started` is emitted. */
  readonly #endpoint = new GuestEndpoint<Req, Res>()
  /** The tables of an aggregate that sends calls past the queue of this runtime. */
  #direct: readonly CallsInFlight<Res>[] = []
  readonly #events: OwnEvents
  readonly #actor: LazyActor<typeof supervisorMachine, SupervisorEffect>
  #info: RuntimeInfo
  /** The role that it was last told, for each guest to come. */
  #role: Role | undefined
  /** The role that the current guest was told. */
  #toldRole: Role | undefined
  /** The last failure. */
  #failure: CutoverError | undefined

  constructor(config: CheckedConfig, options: CompiledSupervised, makeGuest: MakeGuest<Req, Res>) {
    const { id, version, instance } = config
    const { clock, inspect, supervisor } = options
    const logger = safeLogger(config.logger, { runtime: id, version, ...(instance === undefined ? {} : { instance }) })
    this.id = id
    this.#version = version
    this.#options = options
    this.#makeGuest = makeGuest
    this.#info = { version }
    this.#logger = logger
    this.#events = new OwnEvents(version, logger)
    this.#ownCalls = new OwnCalls({
      ...options,
      version,
      logger,
      endpoint: this.#endpoint,
      hasGivenUp: () => hasGivenUp(this.#actor.snapshot),
      failure: () => this.#failure,
    })
    this.#actor = new LazyActor({
      clock,
      logger,
      inspect,
      create: given => createActor(machine, { ...given, id: nameOf('supervisor', config), input: supervisor }),
      perform: (effect: SupervisorEffect) => this.#perform(effect),
      decided: () => this.#moveRoute(),
      performed: () => this.#ownCalls.release(routeOf(this.#actor.snapshot)),
    })
  }

  call(request: Req, options?: CallOptions): Promise<Res> {
    return this.#ownCalls.call(request, options)
  }

  start(): void {
    this.#actor.send({ type: 'start' })
  }

  async stop(): Promise<void> {
    this.#actor.send({ type: 'stop' })
    await this.#actor.waitFor(hasEnded)
  }

  /** Rejects with the reason if the runtime had to be restarted and does not start again at once. */
  async abort(options: AbortOptions = {}): Promise<void> {
    const signal = signalOf(options)
    const { force = false } = options
    signal?.throwIfAborted()
    this.#actor.send({ type: force ? 'restart' : 'abort' })
    const isUnderWay = force || this.#actor.snapshot.matches({ up: 'aborting' })
    if (!isUnderWay) return
    const atRest = await this.#actor.waitFor(isAtRest, signal)
    if ((atRest.matches('backingOff') || atRest.matches('gaveUp')) && this.#failure !== undefined) throw this.#failure
  }

  watchEvents(): Observable<RuntimeEvent> {
    return this.#events.watched$
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
    this.#actor.showBelow(parent)
  }

  #perform(effect: SupervisorEffect): void {
    switch (effect.type) {
      case 'launchGuest':
        this.#launch()
        break
      case 'pingGuest':
        this.#endpoint.guest?.ping()
        break
      case 'abortGuest':
        this.#endpoint.guest?.abort()
        break
      case 'askGuest':
        this.#endpoint.guest?.askToStop()
        break
      case 'terminateGuest':
        this.#endpoint.guest?.terminate()
        break
      case 'killGuest':
        this.#endpoint.guest?.kill()
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
        this.#events.stopped()
        break
      case 'emitDied':
        this.#events.stopped(this.#failure)
        break
    }
  }

  #moveRoute(): void {
    const route = routeOf(this.#actor.snapshot)
    if (!route.isUp) this.#endpoint.callee = null
    this.#ownCalls.move(route)
  }

  #launch(): void {
    const report = (event: SupervisorEvent) => {
      if (guest === this.#endpoint.guest) this.#actor.send(event)
    }
    const guest: Guest<Req, Res> = this.#makeGuest(
      {
        connected: () => report({ type: 'guest.connected' }),
        started: info => {
          if (guest === this.#endpoint.guest) this.#info = info
          report({ type: 'guest.started' })
        },
        failed: (error, isFinal = false) => report({ type: 'guest.failed', error, isFinal }),
        disconnected: () => report({ type: 'guest.disconnected' }),
        ponged: () => report({ type: 'guest.ponged' }),
        released: () => {
          if (guest === this.#endpoint.guest) this.#endpoint.onReleased?.()
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
      this.#actor.inspectBelow,
    )
    this.#endpoint.guest = guest
    this.#toldRole = undefined
    guest.launch()
  }

  #rejectCalls(failure: Failure): void {
    const error = callsLost(this.#version, failure, this.#options.supervisor)
    const tables = [this.#ownCalls.calls, ...this.#direct]
    this.#failure = error
    if (failure.reason !== 'stopped' && failure.reason !== 'restarted') {
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
    if (role === undefined || role === this.#toldRole || !isUp(this.#actor.snapshot)) return
    this.#toldRole = role
    this.#endpoint.guest?.setRole(role)
  }

  #emitStarted(): void {
    const guest = this.#endpoint.guest
    this.#tellRole()
    // An earlier effect may have ended the guest already.
    if (isUp(this.#actor.snapshot) && guest !== undefined)
      this.#endpoint.callee = timedCallee(guest, this.#version, this.#options)
    this.#events.started()
  }

  #emitFailed(failure: Failure): void {
    const error = launchFailed(this.#version, failure, this.#options.supervisor)
    this.#failure = error
    this.#logger.warn({ err: error }, 'a runtime failed to start: the next attempt follows')
    this.#events.failed(error)
  }

  #emitFinalFailure(failure: Failure): void {
    const error = cannotStart(this.#version, failure, this.#options.supervisor)
    this.#failure = error
    this.#logger.error({ err: error }, 'a runtime cannot start: no further attempt follows')
    this.#events.gaveUp(error)
  }

  #emitGaveUp(): void {
    const error = failedTooLong(this.#version, this.#failure, this.#options.supervisor)
    this.#logger.error({ err: error }, 'a runtime failed for too long: no further attempt follows')
    this.#events.gaveUp(error)
  }
}
