import { BehaviorSubject, Observable, type Subscriber, type Subscription } from 'rxjs'
import type { AnyActorRef } from 'xstate'
import type { Gate, Placed } from '../../machines/index.js'
import {
  type CallLimit,
  CallsInFlight,
  type Endpoint,
  endpointOf,
  lostCall,
  MirroredCalls,
  type StreamLimit,
  timedEndpoint,
} from '../calls/index.js'
import {
  asError,
  CutoverError,
  type Inspectable,
  type Logger,
  POOL_STATUS,
  type Pooled,
  type PoolStatus,
  type Runtime,
  type RuntimeEvent,
  readEvent,
  SHOWN_BELOW,
} from '../contract/index.js'
import { attempt } from '../support/index.js'
import { eventsLost } from './aggregateErrors.js'
import { captureAndRelease, type EventHub } from './eventHub.js'
import type { VersionCounts } from './versionCounts.js'
import { VersionLog } from './versionLog.js'

/** Gets the events of a host. */
export interface HostObserver {
  event(event: RuntimeEvent): void
  /** The host's event stream has ended: no further event will come. */
  ended(error: Error): void
}

/** One version in an aggregate: its runtime, its calls in flight and its stream of events. */
export class HostedVersion<Req, Res> {
  readonly version: string
  readonly runtime: Runtime<Req, Res>
  readonly calls: CallsInFlight<Res>
  readonly mirrored: MirroredCalls<Req, Res>
  /** The endpoint that its calls are sent to. */
  readonly endpoint: Endpoint<Req, Res>
  readonly log: VersionLog
  /** Its last failure: a failed start, its death, or the end of its event stream. */
  failure: Error | undefined
  /** Whether the runtime has an endpoint of its own, and so rejects its lost calls in this table itself. */
  readonly #rejectsLost: boolean
  readonly #counts: VersionCounts
  readonly #hub: EventHub
  readonly #logger: Logger
  /** The input of the event stream, once there is a gate. */
  #events: Subscriber<RuntimeEvent> | undefined
  #gate$: BehaviorSubject<Gate> | undefined
  #subscription: Subscription | undefined
  #warned = false
  /** Its place in the aggregate, as its runtime was last told. */
  #place: Placed | undefined

  constructor(
    version: string,
    runtime: Runtime<Req, Res>,
    counts: VersionCounts,
    hub: EventHub,
    options: CallLimit & StreamLimit & { readonly logger: Logger },
  ) {
    const { logger } = options
    this.version = version
    this.runtime = runtime
    this.calls = new CallsInFlight(counts.calls, counts.pinned, options)
    this.mirrored = new MirroredCalls(version, counts.mirrored, logger)
    this.#counts = counts
    const own = endpointOf(runtime, this.calls, this.mirrored.calls)
    this.endpoint = timedEndpoint(own ?? { callee: runtime }, version, options)
    this.#rejectsLost = own !== undefined
    this.#hub = hub
    this.#logger = logger
    this.log = new VersionLog(version, logger)
  }

  setGate(gate: Gate): void {
    if (this.#gate$ !== undefined) {
      this.#gate$.next(gate)
      return
    }
    this.#gate$ = new BehaviorSubject(gate)
    const events$ = new Observable<RuntimeEvent>(subscriber => {
      this.#events = subscriber
    })
    this.#hub.add(events$.pipe(captureAndRelease(this.#gate$)))
  }

  /** Tells the runtime which actor an inspector shows above its own, if the runtime supports that. */
  showBelow(actor: AnyActorRef): void {
    const runtime: Runtime<Req, Res> & Inspectable = this.runtime
    attempt(
      () => runtime[SHOWN_BELOW]?.(actor),
      err => this.#logger.error({ version: this.version, err }, 'a host cannot be shown below its version'),
    )
  }

  /** Subscribes to the host's events, then starts it. If `start()` throws, it counts as a failed start. */
  start(observer: HostObserver): void {
    this.#watch(observer)
    attempt(
      () => this.runtime.start(),
      thrown => observer.event({ type: 'failedToStart', error: this.#startFailed(thrown), version: this.version }),
    )
  }

  /** Tells the runtime its role, if that has changed or the runtime has come up (rule 31). */
  settleIn(place: Placed): void {
    const { role, isUp } = place
    const before = this.#place
    this.#place = place
    const comesUp = isUp && before?.isUp !== true
    const changes = before !== undefined && before.role !== role
    if (!comesUp && !changes) return
    attempt(
      () => this.runtime.setRole?.(role),
      err => this.#logger.error({ version: this.version, role, err }, 'a host failed to take its role'),
    )
  }

  /** Takes an event of the runtime, after its machine has. */
  hear(event: RuntimeEvent): void {
    if (event.type === 'stopped' && event.reason !== undefined) this.#rejectLost(asError(event.reason))
    this.publish(event)
  }

  /** Passes an event to the aggregate's subscribers, as far as the gate allows. */
  publish(event: RuntimeEvent): void {
    this.#events?.next(event)
  }

  /** How its pool is doing; null if it is not a pool. */
  get poolStatus(): PoolStatus | null {
    const runtime: Runtime<Req, Res> & Pooled = this.runtime
    try {
      return runtime[POOL_STATUS]?.() ?? null
    } catch (err) {
      this.#logger.error({ version: this.version, err }, 'a pool failed to give its status')
      return null
    }
  }

  /** Its runtime went down while it was running. */
  countRestart(): void {
    this.#counts.restarts++
  }

  /** Rejects the calls that are still in flight. */
  cutOff(): void {
    const { version, calls } = this
    if (calls.count === 0) return
    this.#logger.warn({ version, calls: calls.count }, 'calls were still in flight when their version left')
    calls.rejectAll(this.#left(), true)
  }

  /** Ends its mirrored calls and asks the host to stop. If that throws, it is logged; only the events tell whether the host has stopped. */
  stop(): void {
    if (this.mirrored.count > 0) this.mirrored.endAll(this.#left(), true)
    attempt(
      () => this.runtime.stop(),
      err => this.#logger.error({ version: this.version, err }, 'a host failed to stop'),
    )
  }

  updateCapabilityTEE(): void {
    attempt(
      () => this.runtime.updateCapabilityTEE(),
      err => this.#logger.error({ version: this.version, err }, 'a host failed to update its capability'),
    )
  }

  /** Unsubscribes from the runtime: the version has left. */
  release(): void {
    this.#events?.complete()
    attempt(
      () => this.#subscription?.unsubscribe(),
      err => this.#logger.error({ version: this.version, err }, "a host's event stream failed to end"),
    )
  }

  #watch(observer: HostObserver): void {
    const { version } = this
    const lost = (reason: string, err?: unknown) => {
      this.#logger.warn({ version, err }, `a host's events ${reason}: it counts as stopped`)
      observer.ended(eventsLost(version, reason, err))
    }
    const hear = (said: unknown) => {
      try {
        const event = readEvent(said)
        if (event === undefined) this.#warnOnce(said)
        else observer.event(event)
      } catch (err) {
        this.#logger.error({ version, err }, 'a host emitted a malformed event: ignored')
      }
    }
    try {
      this.#subscription = this.runtime.watchEvents().subscribe({
        next: hear,
        error: error => lost('failed', error),
        complete: () => lost('ended'),
      })
    } catch (error) {
      lost('cannot be watched', error)
    }
  }

  /** Rejects the calls of a runtime that has died. One with an endpoint of its own has done so itself. */
  #rejectLost(cause: Error): void {
    if (this.#rejectsLost) return
    const { version, calls, mirrored } = this
    const lost = lostCall(version, cause)
    mirrored.endAll(lost, false)
    if (calls.count === 0) return
    this.#logger.warn({ version, calls: calls.count, err: cause }, 'calls were in flight when their runtime died')
    calls.rejectAll(lost)
  }

  /** The error of calls that were in flight when the version left. */
  #left(): CutoverError {
    const { version } = this
    return new CutoverError(
      'CUTOVER_VERSION_STOPPED',
      `Version ${version} left before it answered. Call again to reach the active version, or raise drainTimeout.`,
      { version },
    )
  }

  #warnOnce(event: unknown): void {
    if (this.#warned) return
    this.#warned = true
    this.#logger.warn({ version: this.version, event }, 'a host emitted an event of unknown type: ignored, said once')
  }

  #startFailed(thrown: unknown): CutoverError {
    const cause = asError(thrown)
    const remedy = 'See the cause; if its host does not try again, name another version with setVersion().'
    const message = `Version ${this.version} failed to start: ${cause.message}. ${remedy}`
    return new CutoverError('CUTOVER_START_FAILED', message, { version: this.version, cause })
  }
}
