import { type Observable, Subject } from 'rxjs'
import { type ActorRefFrom, createActor, type SnapshotFrom, waitFor } from 'xstate'
import { type SupervisorEvent, type SupervisorInput, supervisorMachine } from '../../machines/index.js'
import { type Clock, wrapClock } from '../clock.js'
import { Effects } from '../effects.js'
import { asError, CutoverError } from '../errors.js'
import { Flights } from '../flights.js'
import { type Logger, safeLogger } from '../logger.js'
import { type Route, Router } from '../router.js'
import type { AbortOptions, CallOptions, CapabilityTEE, Runtime, RuntimeEvent, RuntimeInfo } from '../runtime.js'
import { SafeObservable } from '../safeObservable.js'
import type { CompiledInProcess } from './inProcessOptions.js'
import { ModuleRun } from './moduleRun.js'
import type { LoaderConfig, RuntimeModule } from './runtimeModule.js'

type Snapshot = SnapshotFrom<typeof supervisorMachine>
type Report = Extract<SupervisorEvent['type'], `guest.${string}`>

/** A runtime module that runs in this process, kept alive by a supervisor. */
export class ModuleRuntime<Req, Res> implements Runtime<Req, Res> {
  readonly id: string
  readonly #version: string
  readonly #config: LoaderConfig
  readonly #load: () => Promise<RuntimeModule<Req, Res>>
  readonly #logger: Logger
  readonly #router: Router<Req, Res>
  readonly #flights = new Flights<Res>()
  readonly #events$ = new Subject<RuntimeEvent>()
  readonly #watched$: Observable<RuntimeEvent>
  readonly #effects: Effects
  readonly #actor: ActorRefFrom<typeof supervisorMachine>
  /** The launch that counts; what an earlier one reports is dropped. */
  #run: ModuleRun<Req, Res>
  #lastFailure: CutoverError | undefined

  constructor(config: LoaderConfig, options: CompiledInProcess, load: () => Promise<RuntimeModule<Req, Res>>) {
    const { version } = config
    this.id = config.id
    this.#version = version
    this.#config = config
    this.#load = load
    this.#logger = safeLogger(config.logger, { runtime: config.id, version })
    this.#run = new ModuleRun(config)
    this.#watched$ = new SafeObservable(this.#events$, err => this.#logger.error({ err }, 'a subscriber threw'))
    this.#router = this.#createRouter(options)
    this.#effects = new Effects({
      decided: () => this.#router.close(this.#route()),
      acted: () => this.#router.open(this.#route(), () => ({ version, runtime: this.#run, flights: this.#flights })),
      failed: err => this.#logger.error({ err }, 'an effect threw: please report this as a bug of cutover'),
    })
    this.#actor = this.#createActor(options.clock, options.supervisor)
  }

  call(request: Req, options?: CallOptions): Promise<Res> {
    return this.#router.call(request, options)
  }

  start(): void {
    this.#send('start')
  }

  async stop(): Promise<void> {
    this.#send('stop')
    await waitFor(this.#actor, isStopped)
  }

  async abort({ force = false, signal }: AbortOptions = {}): Promise<void> {
    signal?.throwIfAborted()
    this.#send(force ? 'restart' : 'abort')
    const isUnderWay = force || this.#actor.getSnapshot().matches({ up: 'aborting' })
    if (isUnderWay) await waitFor(this.#actor, isAtRest, signal === undefined ? {} : { signal })
  }

  watchEvents(): Observable<RuntimeEvent> {
    return this.#watched$
  }

  getActiveVersion(): string {
    return this.#version
  }

  async getInfo(options?: CallOptions): Promise<RuntimeInfo> {
    options?.signal?.throwIfAborted()
    return { version: this.#version }
  }

  /** There is no trusted execution environment in this process. */
  getCapabilityTEE(): CapabilityTEE | undefined {
    return undefined
  }

  updateCapabilityTEE(): void {}

  #createRouter({ clock, waitTimeout, maxWaitingCalls }: CompiledInProcess): Router<Req, Res> {
    return new Router({
      clock,
      logger: this.#logger,
      propagate: undefined,
      timeout: waitTimeout,
      max: maxWaitingCalls,
      timedOut: () => this.#startFailed(`is not up after ${waitTimeout} ms (waitTimeout)`, this.#lastFailure),
      tooMany: () =>
        new CutoverError(
          'CUTOVER_TOO_MANY_WAITING_CALLS',
          `${maxWaitingCalls} calls wait for version ${this.#version} to come up already (maxWaitingCalls).`,
          { version: this.#version },
        ),
      closed: () => this.#lost('is stopped; provision a new runtime'),
    })
  }

  #createActor(clock: Clock, input: SupervisorInput) {
    const act = (effect: () => void) => () => this.#effects.push(effect)
    const machine = supervisorMachine.provide({
      actions: {
        launchGuest: act(() => this.#launch()),
        cancelLaunch: act(() => this.#run.cancel(this.#lost('is to stop'))),
        abortGuest: act(() => this.#abortGuest(this.#run)),
        stopGuest: act(() => this.#stopGuest(this.#run)),
        giveUpGuest: act(() => this.#logger.error({}, 'a module did not end in time: given up')),
        reportStarted: act(() => this.#events$.next({ type: 'started', version: this.#version })),
        reportFailed: act(() => this.#reportFailed()),
        reportStopped: act(() => this.#events$.next({ type: 'stopped', version: this.#version })),
      },
    })
    const id = `runtime ${this.#version}`
    return createActor(machine, { id, input, clock: wrapClock(clock, fn => this.#effects.decide(fn)) }).start()
  }

  #route(): Route {
    const snapshot = this.#actor.getSnapshot()
    const closed = isStopped(snapshot) || snapshot.matches('stopping')
    return { active: snapshot.matches('up') ? this.#version : null, next: null, closed }
  }

  #send(type: SupervisorEvent['type']): void {
    this.#effects.decide(() => {
      if (!isStopped(this.#actor.getSnapshot())) this.#actor.send({ type })
    })
  }

  /** What a run reports counts only while it is the current one. */
  #report(run: ModuleRun<Req, Res>, type: Report): void {
    if (run === this.#run) this.#send(type)
  }

  #launch(): void {
    const run = new ModuleRun<Req, Res>(this.#config)
    this.#run = run
    const failed = (thrown: unknown) => {
      if (run === this.#run)
        this.#lastFailure = this.#startFailed(`failed to start: ${asError(thrown).message}`, thrown)
      this.#report(run, 'guest.failed')
    }
    run.launch(this.#load).then(() => this.#launched(run), failed)
  }

  /** A launch that comes up when nobody waits for it any more leaves nothing behind, and does not hurt its successor. */
  #launched(run: ModuleRun<Req, Res>): void {
    const isOver = isStopped(this.#actor.getSnapshot())
    if (run === this.#run && !isOver) this.#report(run, 'guest.launched')
    else if (isOver || !run.shares(this.#run)) {
      run.stop().catch(err => this.#logger.warn({ err }, 'a module that came up too late failed to stop'))
    }
  }

  #abortGuest(run: ModuleRun<Req, Res>): void {
    const failed = (err: unknown) => {
      this.#logger.warn({ err }, 'a module failed to interrupt its work: it is restarted')
      this.#report(run, 'guest.abortFailed')
    }
    run.abort().then(() => this.#report(run, 'guest.aborted'), failed)
  }

  #stopGuest(run: ModuleRun<Req, Res>): void {
    const reason = this.#lost('stopped or was restarted while it had the call')
    this.#flights.rejectAll(reason)
    run.cancel(reason)
    run
      .stop()
      .catch(err => this.#logger.warn({ err }, 'a module failed to stop'))
      .then(() => this.#report(run, 'guest.stopped'))
  }

  #reportFailed(): void {
    const error = this.#lastFailure
    if (error === undefined) return
    this.#logger.warn({ err: error }, 'a module failed to start: the next attempt follows')
    this.#events$.next({ type: 'failedToStart', version: this.#version, error })
  }

  #startFailed(what: string, cause: unknown): CutoverError {
    return new CutoverError('CUTOVER_START_FAILED', `Version ${this.#version} ${what}`, {
      version: this.#version,
      cause,
    })
  }

  #lost(what: string): CutoverError {
    return new CutoverError('CUTOVER_RUNTIME_LOST', `Version ${this.#version} ${what}.`, { version: this.#version })
  }
}

function isStopped(snapshot: Snapshot): boolean {
  return snapshot.status !== 'active'
}

function isAtRest(snapshot: Snapshot): boolean {
  if (isStopped(snapshot) || snapshot.matches('idle') || snapshot.matches('backingOff')) return true
  return snapshot.matches({ up: 'idle' })
}
