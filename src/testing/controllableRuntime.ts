import { type Observable, Subject } from 'rxjs'
import { CutoverError } from '../errors.js'
import type { AbortOptions, CallOptions, CapabilityTEE, Runtime, RuntimeEvent, RuntimeInfo } from '../runtime.js'
import { canonical, type VersionLike } from '../version.js'

/** What to pretend to be, and what to do without being told. */
export interface ControllableRuntimeOptions {
  /** The id of the runtime: that of the aggregate it goes into. */
  readonly id: string
  /** The version it pretends to be, SemVer. */
  readonly version: VersionLike
  /** `start()` emits `started` at once. @default false */
  readonly autoStart?: boolean
  /** `stop()` emits `stopped` at once. @default false */
  readonly autoStop?: boolean
}

/** A call that reached the runtime; the test decides what becomes of it. */
export interface ReceivedCall<Req = unknown, Res = unknown> {
  /** What was asked. */
  readonly request: Req
  /** The options of the call, as the caller gave them. */
  readonly options: CallOptions | undefined
  /** Resolves the call with `value`. */
  answer(value: Res): void
  /** Rejects the call with `error`. */
  fail(error: unknown): void
}

/**
 * A runtime whose every event and answer the test decides: nothing happens by itself, unless an option says so.
 *
 * `starts`, `stops` and `aborts` tell what it was asked to do, `calls` holds every call that reached it, until
 * `answerAll` takes them, `subscribers` tells how many watch its events.
 */
export class ControllableRuntime<Req = unknown, Res = unknown> implements Runtime<Req, Res> {
  readonly id: string
  /** The calls that reached it, oldest first, until `answerAll` takes them. */
  readonly calls: ReceivedCall<Req, Res>[] = []
  /** The options of every `abort()`, in order. */
  readonly aborts: (AbortOptions | undefined)[] = []
  /** How often it was asked to start. */
  starts = 0
  /** How often it was asked to stop. */
  stops = 0
  /** How often it was asked to renew its capability. */
  capabilityUpdates = 0
  /** What `getCapabilityTEE()` gives. */
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

  /** How many subscribers its events have. */
  get subscribers(): number {
    return this.#events$.observers.length
  }

  /** Emits any event, also one out of order. */
  emit(event: RuntimeEvent): void {
    this.#events$.next(event)
  }

  /** Says that it came up. */
  emitStarted(capabilityTEE?: CapabilityTEE): void {
    this.emit({ type: 'started', version: this.#version, ...(capabilityTEE === undefined ? {} : { capabilityTEE }) })
  }

  /** Says that it did not come up, with a `CUTOVER_START_FAILED` unless another error is given. */
  emitFailedToStart(error: Error = this.#startFailed()): void {
    this.emit({ type: 'failedToStart', version: this.#version, error })
  }

  /** Says that it did not come up and does not try again by itself, with an error as above. */
  emitGaveUp(error: Error = this.#startFailed()): void {
    this.emit({ type: 'failedToStart', version: this.#version, error, final: true })
  }

  /** Says that it went down; with a `reason`, that it has died. */
  emitStopped(reason?: Error): void {
    this.emit({ type: 'stopped', version: this.#version, ...(reason === undefined ? {} : { reason }) })
  }

  /** Says that it has a new capability. */
  emitUpdated(capabilityTEE?: CapabilityTEE): void {
    this.emit({ type: 'updated', version: this.#version, ...(capabilityTEE === undefined ? {} : { capabilityTEE }) })
  }

  /** Ends the stream of events, with an error if one is given. */
  endEvents(error?: Error): void {
    if (error === undefined) this.#events$.complete()
    else this.#events$.error(error)
  }

  /** Answers every call it holds, oldest first; by default with the request itself. */
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

  #startFailed(): CutoverError {
    const message = `Version ${this.#version} failed to start because the test said so.`
    return new CutoverError('CUTOVER_START_FAILED', message, { version: this.#version })
  }
}
