import { type Observable, Subject } from 'rxjs'
import { type ActorRefFrom, type AnyActorRef, createActor, type SnapshotFrom, waitFor } from 'xstate'
import type { Blame, SupervisorEvent } from '../../machines/supervision.js'
import { backoffOf, supervisorMachine } from '../../machines/supervisor.js'
import type { Callee } from '../calls/callee.js'
import { CallsInFlight } from '../calls/callsInFlight.js'
import { timedCallee } from '../calls/callTimeout.js'
import { type Direct, ENDPOINT, type Endpoint } from '../calls/endpoint.js'
import { type Backend, Router } from '../calls/router.js'
import { wrapClock } from '../clock.js'
import { Effects } from '../effects.js'
import { CutoverError } from '../errors.js'
import { below, type Inspectable, type Inspection, inspectSafely, SHOWN_BELOW } from '../inspection.js'
import { type Logger, safeLogger } from '../logger.js'
import type { AbortOptions, CallOptions, CapabilityTEE, Runtime, RuntimeEvent, RuntimeInfo } from '../runtime.js'
import { SafeObservable } from '../safeObservable.js'
import { signalOf } from '../validate.js'
import type { Guest, GuestReports } from './guest.js'
import type { CheckedConfig } from './provisioner.js'
import type { CompiledSupervised } from './supervisedOptions.js'
import { meaningOf } from './supervisorReasons.js'

type Snapshot = SnapshotFrom<typeof supervisorMachine>

type SupervisorActor = ActorRefFrom<typeof supervisorMachine>

/** Makes one launch of a runtime; `inspect`, if any, shows what it is given below the supervisor. */
export type MakeGuest<Req, Res> = (
  reports: GuestReports,
  logger: Logger,
  inspect: Inspection | undefined,
) => Guest<Req, Res>

/** A runtime that is kept alive by a supervisor, wherever its guest runs. */
export class SupervisedRuntime<Req, Res> implements Runtime<Req, Res>, Direct<Req, Res>, Inspectable {
  readonly id: string
  readonly #version: string
  readonly #options: CompiledSupervised
  readonly #makeGuest: MakeGuest<Req, Res>
  readonly #logger: Logger
  readonly #router: Router<Req, Res>
  /** Where calls go, by whichever way they come. Open from just before `started` is said. */
  readonly #endpoint: { callee: Callee<Req, Res> | null } = { callee: null }
  readonly #backend: Backend<Req, Res>
  /** The calls in flight that came past our queue, kept by whoever sends them. */
  #direct: CallsInFlight<Res> | undefined
  readonly #events$ = new Subject<RuntimeEvent>()
  readonly #watched$: Observable<RuntimeEvent>
  readonly #effects: Effects
  /** Made when it is first told something: by then it is known whose child it is shown as. */
  #supervisor: SupervisorActor | undefined
  #inspect: Inspection | undefined
  /** The launch that counts; what an earlier one reports is dropped. */
  #guest: Guest<Req, Res> | undefined
  #info: RuntimeInfo
  /** Why it failed last. */
  #failure: CutoverError | undefined

  constructor(config: CheckedConfig, options: CompiledSupervised, makeGuest: MakeGuest<Req, Res>) {
    const { id, version } = config
    this.id = id
    this.#version = version
    this.#options = options
    this.#makeGuest = makeGuest
    this.#info = { version }
    this.#logger = safeLogger(config.logger, { runtime: id, version })
    this.#watched$ = new SafeObservable(this.#events$, err => this.#logger.error({ err }, 'a subscriber threw'))
    this.#backend = { version, endpoint: this.#endpoint, calls: new CallsInFlight() }
    this.#router = this.#createRouter()
    this.#effects = new Effects({
      decided: () => this.#moveRoute(),
      acted: () => this.#router.release(),
      failed: err => this.#logger.error({ err }, 'an effect threw: please report this as a bug of cutover'),
    })
    this.#inspect = options.inspect
  }

  call(request: Req, options?: CallOptions): Promise<Res> {
    return this.#router.call(request, options)
  }

  start(): void {
    this.#send({ type: 'start' })
  }

  async stop(): Promise<void> {
    this.#send({ type: 'stop' })
    await waitFor(this.#actor, isStopped)
  }

  /** Rejects, with why, when the runtime had to be restarted for it and does not come up again at once. */
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

  /** What the runtime last said of itself; before it is up for the first time, only its version. */
  async getInfo(options?: CallOptions): Promise<RuntimeInfo> {
    signalOf(options)?.throwIfAborted()
    return this.#info
  }

  /** There is no trusted execution environment behind these hosts. */
  getCapabilityTEE(): CapabilityTEE | undefined {
    return undefined
  }

  updateCapabilityTEE(): void {}

  [ENDPOINT](calls: CallsInFlight<Res>): Endpoint<Req, Res> {
    this.#direct = calls
    return this.#endpoint
  }

  [SHOWN_BELOW](parent: AnyActorRef): void {
    // One that was started before it was added has been shown already, as what it is: nobody's child.
    if (this.#inspect === undefined || this.#supervisor !== undefined) return
    this.#inspect = below(parent, this.#inspect)
  }

  get #actor(): SupervisorActor {
    this.#supervisor ??= this.#createActor()
    return this.#supervisor
  }

  #createRouter(): Router<Req, Res> {
    const { clock, waitTimeout, maxWaitingCalls } = this.#options
    const version = this.#version
    return new Router({
      clock,
      logger: this.#logger,
      propagate: undefined,
      timeout: waitTimeout,
      max: maxWaitingCalls,
      timedOut: () => this.#startFailed(`is not up after ${waitTimeout} ms (waitTimeout).`, this.#failure),
      tooMany: () =>
        new CutoverError(
          'CUTOVER_TOO_MANY_WAITING_CALLS',
          `${maxWaitingCalls} calls wait for version ${version} to come up already (maxWaitingCalls).`,
          { version },
        ),
      closed: () =>
        this.#actor.getSnapshot().matches('gaveUp')
          ? this.#startFailed('is given up; restart it with abort({ force: true }), or replace it.', this.#failure)
          : this.#lost('is stopped; provision a new runtime.'),
      hopeless: () => undefined,
      // What closes the endpoint moves the route as well.
      refused: () => {},
    })
  }

  #createActor() {
    const act = (effect: () => void) => () => this.#effects.push(effect)
    const tell = (method: 'ping' | 'abort' | 'askToStop' | 'terminate' | 'kill') => act(() => this.#guest?.[method]())
    const blame = (effect: (blame: Blame) => void) => (_: unknown, params: Blame) =>
      this.#effects.push(() => effect(params))
    const { supervisor, jitter, clock } = this.#options
    const machine = supervisorMachine.provide({
      actions: {
        launchGuest: act(() => this.#launch()),
        pingGuest: tell('ping'),
        abortGuest: tell('abort'),
        askGuest: tell('askToStop'),
        terminateGuest: tell('terminate'),
        killGuest: tell('kill'),
        giveUpGuest: act(() => this.#logger.error({}, 'a guest did not end in time: given up')),
        loseCalls: blame(params => this.#loseCalls(params)),
        reportStarted: act(() => this.#reportStarted()),
        reportFailed: blame(params => this.#reportFailed(params)),
        reportGaveUp: act(() => this.#reportGaveUp()),
        reportStopped: act(() => this.#events$.next({ type: 'stopped', version: this.#version })),
        reportDied: act(() => this.#reportDied()),
      },
      delays: { backoff: ({ context }) => Math.round(backoffOf(context) * (1 - jitter * Math.random())) },
    })
    return createActor(machine, {
      id: `supervisor ${this.id} ${this.#version}`,
      input: supervisor,
      clock: wrapClock(clock, fn => this.#effects.decide(fn)),
      ...inspectSafely(this.#inspect, this.#logger),
    }).start()
  }

  #moveRoute(): void {
    const snapshot = this.#actor.getSnapshot()
    const isUp = snapshot.matches('up')
    if (!isUp) this.#endpoint.callee = null
    const closed = isStopped(snapshot) || snapshot.matches('stopping') || snapshot.matches('gaveUp')
    this.#router.move({ active: isUp ? this.#version : null, next: null, closed }, () => this.#backend)
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
        failed: error => report({ type: 'guest.failed', error }),
        disconnected: () => report({ type: 'guest.disconnected' }),
        ponged: () => report({ type: 'guest.ponged' }),
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
    guest.launch()
  }

  #loseCalls({ why }: Blame): void {
    const error = this.#lost(meaningOf(why, this.#options.supervisor).lost, typeof why === 'string' ? undefined : why)
    this.#failure = error
    if (why !== 'stopped' && why !== 'restarted') {
      const calls = this.#backend.calls.count + (this.#direct?.count ?? 0)
      this.#logger.warn({ err: error, calls }, 'a runtime was lost: it is launched again')
    }
    this.#backend.calls.rejectAll(error)
    this.#direct?.rejectAll(error)
  }

  #reportStarted(): void {
    const guest = this.#guest
    // What was done before may have ended it already.
    const isUp = this.#actor.getSnapshot().matches('up')
    if (isUp && guest !== undefined) this.#endpoint.callee = timedCallee(guest, this.#version, this.#options)
    this.#events$.next({ type: 'started', version: this.#version })
  }

  #reportDied(): void {
    const reason = this.#failure
    this.#events$.next({ type: 'stopped', version: this.#version, ...(reason === undefined ? {} : { reason }) })
  }

  #reportFailed({ why }: Blame): void {
    const { failed } = meaningOf(why, this.#options.supervisor)
    const error = this.#startFailed(failed, typeof why === 'string' ? undefined : why)
    this.#failure = error
    this.#logger.warn({ err: error }, 'a runtime failed to start: the next attempt follows')
    this.#events$.next({ type: 'failedToStart', version: this.#version, error })
  }

  #reportGaveUp(): void {
    const { giveUpAfter } = this.#options.supervisor
    const what = `has failed for ${giveUpAfter} ms (giveUpAfter) and is given up; restart it with abort({ force: true }), or replace it.`
    const error = this.#startFailed(what, this.#failure)
    this.#logger.error({ err: error }, 'a runtime failed for too long: no further attempt follows')
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

function isAtRest(snapshot: Snapshot): boolean {
  if (isStopped(snapshot)) return true
  const isUp = snapshot.matches({ up: 'idle' }) || snapshot.matches({ up: 'pinging' })
  return isUp || snapshot.matches('idle') || snapshot.matches('backingOff') || snapshot.matches('gaveUp')
}
