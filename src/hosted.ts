import { BehaviorSubject, Observable, type Subscriber, type Subscription } from 'rxjs'
import type { AnyActorRef } from 'xstate'
import type { Gate } from '../machines/index.js'
import { attempt } from './attempt.js'
import { type CallLimit, withCallTimeout } from './callTimeout.js'
import { asError, CutoverError } from './errors.js'
import { captureAndRelease, type EventHub } from './events.js'
import { type Callee, Flights } from './flights.js'
import { type Inspectable, SHOWN_BELOW } from './inspection.js'
import type { Logger } from './logger.js'
import { type CallOptions, type Runtime, type RuntimeEvent, readEvent } from './runtime.js'

/** Who is told what a host does. */
export interface HostObserver {
  event(event: RuntimeEvent): void
  /** The host's event stream is over: nothing more will be heard of it. */
  ended(): void
}

/** What the shell holds of one version: its runtime, its calls in flight and its stream of events. */
export class Hosted<Req, Res> {
  readonly version: string
  readonly runtime: Runtime<Req, Res>
  readonly callee: Callee<Req, Res, CallOptions | undefined>
  readonly flights = new Flights<Res>()
  readonly #hub: EventHub
  readonly #logger: Logger
  /** Where its events go in, once there is a gate. */
  #events: Subscriber<RuntimeEvent> | undefined
  #gate$: BehaviorSubject<Gate> | undefined
  #subscription: Subscription | undefined
  #warned = false

  constructor(
    version: string,
    runtime: Runtime<Req, Res>,
    hub: EventHub,
    { logger, ...limit }: CallLimit & { readonly logger: Logger },
  ) {
    this.version = version
    this.runtime = runtime
    this.callee = withCallTimeout(runtime, version, limit)
    this.#hub = hub
    this.#logger = logger
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

  /** Tells the runtime, if it can be told, which actor an inspector shows above its own. */
  showBelow(actor: AnyActorRef): void {
    const runtime: Runtime<Req, Res> & Inspectable = this.runtime
    attempt(
      () => runtime[SHOWN_BELOW]?.(actor),
      err => this.#logger.error({ version: this.version, err }, 'a host cannot be shown below its version'),
    )
  }

  /** Watches the host's events, then starts it. A host that throws has failed to start. */
  start(observer: HostObserver): void {
    this.#watch(observer)
    attempt(
      () => this.runtime.start(),
      thrown => observer.event({ type: 'failedToStart', error: this.#startFailed(thrown), version: this.version }),
    )
  }

  /** Hands an event on to the aggregate's subscribers, as far as the gate allows. */
  publish(event: RuntimeEvent): void {
    this.#events?.next(event)
  }

  /** Rejects the calls that are still in flight. */
  cutOff(): void {
    const { version } = this
    if (this.flights.count === 0) return
    this.#logger.warn({ version, calls: this.flights.count }, 'calls were still in flight when their version left')
    this.flights.rejectAll(
      new CutoverError(
        'CUTOVER_VERSION_STOPPED',
        `Version ${version} left before it answered. Call again to reach the active version, or raise drainTimeout.`,
        { version },
      ),
    )
  }

  /** Asks the host to stop. A host that cannot is logged; whether it stopped, only its events tell. */
  stop(): void {
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

  /** The version has left: nothing of ours listens to the runtime any more. */
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
      observer.ended()
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
