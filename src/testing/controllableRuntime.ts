import { type Observable, Subject } from 'rxjs'
import {
  type AbortOptions,
  type CallOptions,
  type CapabilityTEE,
  CutoverError,
  canonical,
  type Role,
  type Runtime,
  type RuntimeEvent,
  type RuntimeInfo,
  type VersionLike,
} from '../contract/index.js'

/** The options of {@link ControllableRuntime}. */
export interface ControllableRuntimeOptions {
  /** The id of the runtime. It must be that of the aggregate. */
  readonly id: string
  /** The version of the runtime, SemVer. */
  readonly version: VersionLike
  /** Whether `start()` emits `started` at once. @default false */
  readonly autoStart?: boolean
  /** Whether `stop()` emits `stopped` at once. @default false */
  readonly autoStop?: boolean
}

/** A call that reached the runtime. The test settles it. */
export interface ReceivedCall<Req = unknown, Res = unknown> {
  /** The request of the call. */
  readonly request: Req
  /** The options of the call. */
  readonly options: CallOptions | undefined
  /** Resolves the call with `value`. */
  answer(value: Res): void
  /** Rejects the call with `error`. */
  fail(error: unknown): void
}

/**
 * A runtime for tests: it emits events and answers calls only when the test says so, or as the options say.
 *
 * `starts`, `stops`, `aborts` and `roles` record what was asked of it. `calls` holds the calls that reached it until `answerAll`
 * removes them.
 */
export class ControllableRuntime<Req = unknown, Res = unknown> implements Runtime<Req, Res> {
  readonly id: string
  /** The calls that reached it, oldest first, until `answerAll` removes them. */
  readonly calls: ReceivedCall<Req, Res>[] = []
  /** The options of each `abort()`, in order. */
  readonly aborts: (AbortOptions | undefined)[] = []
  /** The roles that it was told, in order. */
  readonly roles: Role[] = []
  /** How often `start()` was called. */
  starts = 0
  /** How often `stop()` was called. */
  stops = 0
  /** How often `updateCapabilityTEE()` was called. */
  capabilityUpdates = 0
  /** The result of `getCapabilityTEE()`. */
  capability: CapabilityTEE | undefined
  readonly #version: string
  readonly #autoStart: boolean
  readonly #autoStop: boolean
  readonly #events$ = new Subject<RuntimeEvent>()

  /** @throws CutoverError `CUTOVER_INVALID_VERSION` */
  constructor({ id, version, autoStart = false, autoStop = false }: ControllableRuntimeOptions) {
    this.id = id
    this.#version = canonical(version)
    this.#autoStart = autoStart
    this.#autoStop = autoStop
  }

  /** The number of subscribers to its events. */
  get subscribers(): number {
    return this.#events$.observers.length
  }

  /** Emits any event, even one that breaks the contract of `Runtime`. */
  emit(event: RuntimeEvent): void {
    this.#events$.next(event)
  }

  /** Emits `started`. */
  emitStarted(capabilityTEE?: CapabilityTEE): void {
    this.emit({ type: 'started', version: this.#version, ...(capabilityTEE === undefined ? {} : { capabilityTEE }) })
  }

  /** Emits `failedToStart`, with a `CUTOVER_START_FAILED` unless another error is given. */
  emitFailedToStart(error: Error = this.#startFailed()): void {
    this.emit({ type: 'failedToStart', version: this.#version, error })
  }

  /** Emits a `failedToStart` that is final: no further attempt follows. @param error - as in {@link emitFailedToStart} */
  emitGaveUp(error: Error = this.#startFailed()): void {
    this.emit({ type: 'failedToStart', version: this.#version, error, final: true })
  }

  /** Emits `stopped`. @param reason - why the runtime has died; none for a stop that was asked for */
  emitStopped(reason?: Error): void {
    this.emit({ type: 'stopped', version: this.#version, ...(reason === undefined ? {} : { reason }) })
  }

  /** Emits `updated`. */
  emitUpdated(capabilityTEE?: CapabilityTEE): void {
    this.emit({ type: 'updated', version: this.#version, ...(capabilityTEE === undefined ? {} : { capabilityTEE }) })
  }

  /** Ends the stream of events, with an error if one is given. */
  endEvents(error?: Error): void {
    if (error === undefined) this.#events$.complete()
    else this.#events$.error(error)
  }

  /** Answers all calls in `calls`, oldest first, and removes them. @param answer - by default gives the request itself */
  answerAll(answer: (request: Req) => Res = request => request as unknown as Res): void {
    for (const call of this.calls.splice(0)) call.answer(answer(call.request))
  }

  call(request: Req, options?: CallOptions): Promise<Res> {
    return new Promise((resolve, reject) => {
      this.calls.push({ request, options, answer: resolve, fail: reject })
    })
  }

  start(): void {
    this.starts++
    if (this.#autoStart) this.emitStarted()
  }

  stop(): void {
    this.stops++
    if (this.#autoStop) this.emitStopped()
  }

  async abort(options?: AbortOptions): Promise<void> {
    this.aborts.push(options)
  }

  watchEvents(): Observable<RuntimeEvent> {
    return this.#events$.asObservable()
  }

  getActiveVersion(): string {
    return this.#version
  }

  async getInfo(): Promise<RuntimeInfo> {
    return { version: this.#version }
  }

  getCapabilityTEE(): CapabilityTEE | undefined {
    return this.capability
  }

  updateCapabilityTEE(): void {
    this.capabilityUpdates++
  }

  setRole(role: Role): void {
    this.roles.push(role)
  }

  #startFailed(): CutoverError {
    const message = `Version ${this.#version} failed to start, as the test told it to.`
    return new CutoverError('CUTOVER_START_FAILED', message, { version: this.#version })
  }
}
