import { channel } from 'node:diagnostics_channel'
import type { Subscription } from 'rxjs'
import {
  type Callee,
  CallsInFlight,
  type Endpoint,
  endpointOf,
  lostCall,
  type ObservedCall,
  SharedRecord,
} from '../../calls/index.js'
import {
  asError,
  type CallOptions,
  INSTANCE_CHANNEL,
  type InstanceMessage,
  type Logger,
  type Role,
  type Runtime,
  type RuntimeEvent,
  readEvent,
} from '../../contract/index.js'
import { attempt, fmix32 } from '../../support/index.js'

/** Kept for good: Node.js drops a channel without subscribers that nobody holds. */
const instances = channel(INSTANCE_CHANNEL)

/** The config that all instances of a pool share. */
export interface InstanceConfig {
  readonly id: string
  readonly version: string
  readonly logger: Logger
}

/** Hears of one instance. */
export interface InstanceReports {
  up(): void
  down(reason: Error | undefined): void
  failed(error: Error): void
  /** No further report will come, unless the instance is restarted. */
  gaveUp(error: Error): void
  updated(): void
  /** A call has ended: there is room for another one. */
  freed(): void
  /** Whether the pool's machine says that it is up. Asked for runtimes that are not of this library. */
  isUp(): boolean
}

/** One instance of a pool: its runtime, and its calls in flight. */
export class Instance<Req, Res> implements ObservedCall {
  readonly number: number
  readonly runtime: Runtime<Req, Res>
  readonly #config: InstanceConfig
  readonly calls = new CallsInFlight<Res>()
  readonly #endpoint: Endpoint<Req, Res>
  /** Whether the runtime rejects its lost calls itself, in the tables that it knows. */
  readonly rejectsLost: boolean
  readonly #seed: number
  /** Hears when a call has ended. */
  readonly #record: SharedRecord
  readonly #reports: InstanceReports
  readonly #logger: Logger
  #subscription: Subscription | undefined
  /** Its stream of events has ended: it will not say that it has stopped. */
  #isMute = false

  constructor(number: number, runtime: Runtime<Req, Res>, config: InstanceConfig, reports: InstanceReports) {
    this.number = number
    this.runtime = runtime
    this.#config = config
    this.#reports = reports
    this.#logger = config.logger
    this.#seed = fmix32(number + 1)
    this.#record = new SharedRecord(this.calls.counts, this)
    const own = endpointOf(runtime, this.calls)
    this.rejectsLost = own !== undefined
    this.#endpoint = own ?? whileUp(runtime, reports)
    this.#endpoint.onReleased = () => reports.freed()
  }

  /** How many calls it has, with those that were given up and that it still works on. */
  get load(): number {
    return this.calls.count + this.givenUp
  }

  /** How many calls were given up that it still works on. */
  get givenUp(): number {
    return this.#endpoint.givenUp ?? 0
  }

  /** Takes calls at once, past {@link calls}; null while the runtime is not running. */
  get callee(): Callee<Req, Res> | null {
    return this.#endpoint.callee
  }

  /** Whether it takes calls. */
  get isOpen(): boolean {
    return this.callee !== null
  }

  /** Lets the runtime reject its lost calls in these tables, too. Call it only if {@link rejectsLost}. */
  shareTables(tables: readonly CallsInFlight<Res>[]): void {
    endpointOf(this.runtime, this.calls, ...tables)
  }

  /** Sends a call. Only while it {@link isOpen}. */
  send(request: Req, options: CallOptions | undefined): Promise<Res> {
    const { callee } = this.#endpoint
    if (callee === null) throw new Error('A call reached an instance that takes none.')
    return this.calls.track(callee, request, options, this.#record)
  }

  /** A call has ended. */
  settled(): void {
    this.#reports.freed()
  }

  /** The weight of a key on this instance: its calls go to the instance with the largest one (rendezvous hashing). */
  weightOf(hash: number): number {
    return fmix32(hash ^ this.#seed)
  }

  /** Hears the events of the runtime from now on. */
  watch(): void {
    const ended = (reason: string, thrown?: unknown) => {
      this.#isMute = true
      this.#logger.warn({ err: thrown }, `the events of an instance ${reason}`)
      this.#reports.gaveUp(new Error(`The events of an instance ${reason}.`, { cause: thrown }))
    }
    try {
      this.#subscription = this.runtime.watchEvents().subscribe({
        next: event => this.#hear(event),
        error: error => ended('failed', error),
        complete: () => ended('ended'),
      })
    } catch (error) {
      ended('cannot be watched', error)
    }
  }

  start(): void {
    attempt(
      () => this.runtime.start(),
      thrown => this.#reports.gaveUp(asError(thrown)),
    )
  }

  /** Asks the runtime to stop. If that throws, only its events tell whether it has stopped. */
  stop(): void {
    attempt(
      () => this.runtime.stop(),
      err => this.#logger.error({ err }, 'an instance failed to stop'),
    )
    if (this.#isMute) this.#reports.down(undefined)
  }

  setRole(role: Role): void {
    attempt(
      () => this.runtime.setRole?.(role),
      err => this.#logger.error({ role, err }, 'an instance failed to take its role'),
    )
  }

  updateCapabilityTEE(): void {
    attempt(
      () => this.runtime.updateCapabilityTEE(),
      err => this.#logger.error({ err }, 'an instance failed to update its capability'),
    )
  }

  /** The pool has stopped: rejects the remaining calls, and hears no more events. */
  release(error: Error): void {
    this.#subscription?.unsubscribe()
    this.calls.rejectAll(error)
  }

  #hear(said: unknown): void {
    let event: RuntimeEvent | undefined
    try {
      event = readEvent(said)
    } catch (err) {
      this.#logger.error({ err }, 'an instance emitted a malformed event: ignored')
    }
    if (event !== undefined && instances.hasSubscribers) this.#publish(event)
    switch (event?.type) {
      case 'started':
        this.#reports.up()
        break
      case 'stopped':
        // Down first: the places of its lost calls must not be given to waiting calls.
        this.#reports.down(event.reason)
        if (event.reason !== undefined) this.#rejectLost(asError(event.reason))
        break
      case 'failedToStart':
        if (event.final === true) this.#reports.gaveUp(asError(event.error))
        else this.#reports.failed(asError(event.error))
        break
      case 'updated':
        this.#reports.updated()
        break
    }
  }

  #publish(event: RuntimeEvent): void {
    const { id: runtime, version } = this.#config
    const message: InstanceMessage = { runtime, version, instance: this.number, event }
    instances.publish(message)
  }

  #rejectLost(cause: Error): void {
    if (!this.rejectsLost) this.calls.rejectAll(lostCall(this.#config.version, cause))
  }
}

/** The endpoint of a runtime that has none of its own. */
function whileUp<Req, Res>(runtime: Runtime<Req, Res>, reports: InstanceReports): Endpoint<Req, Res> {
  return {
    get callee() {
      return reports.isUp() ? runtime : null
    },
  }
}
