import { type Observable, Subject, type Subscription } from 'rxjs'
import {
  type AbortOptions,
  asError,
  assertRuntime,
  type CallOptions,
  type CapabilityTEE,
  describe,
  isSameVersion,
  type Role,
  type Runtime,
  type RuntimeEvent,
  type RuntimeInfo,
  readEvent,
} from '../../contract/index.js'
import type { Deadline } from '../deadline.js'
import { EventContract } from './eventContract.js'

interface BufferedEvent {
  readonly event: RuntimeEvent
  /** Whether it was emitted after `stop()`. */
  readonly isAfterStop: boolean
}

/**
 * Wraps a user's runtime: forwards every call to it at once, but buffers its events until the scenario releases them. So
 * a scenario follows its path exactly, however fast or slow the runtime is.
 */
export class BufferedRuntime implements Runtime {
  readonly id: string
  readonly version: string
  /** How often `start()` was called. */
  starts = 0
  /** How often `stop()` was called. */
  stops = 0
  /** The signals of all calls that it got, in order. */
  readonly received: (AbortSignal | undefined)[] = []
  /** The roles that it was told, in order. */
  readonly roles: Role[] = []
  /** How many calls it got before it was told a role. */
  callsWithoutRole = 0
  readonly #target: Runtime
  readonly #contract: EventContract
  readonly #buffer: BufferedEvent[] = []
  readonly #events$ = new Subject<RuntimeEvent>()
  readonly #violations: Error[] = []
  #rejectCalls: (reason: Error) => void = () => {}
  /** Rejects when the runtime is abandoned. */
  readonly #abandoned = new Promise<never>((_, reject) => {
    this.#rejectCalls = reject
  })
  #subscription: Subscription | undefined
  #stopSettled: Promise<unknown> = Promise.resolve()
  #deliver: (buffered: BufferedEvent) => void = buffered => this.#buffer.push(buffered)
  #onChange: () => void = () => {}

  /** @throws CutoverError `CUTOVER_INVALID_RUNTIME`; Error if the runtime has another version */
  constructor(target: unknown, version: string) {
    assertRuntime(target)
    assertVersion(target, version)
    this.id = target.id
    this.version = version
    this.#target = target
    this.#contract = new EventContract(version)
    this.#abandoned.catch(() => {})
  }

  /** How many subscribers its events have. */
  get subscribers(): number {
    return this.#events$.observers.length
  }

  /** How the runtime first violated the contract of `Runtime`, if it did. */
  get violation(): Error | undefined {
    return this.#violations[0]
  }

  /** Waits until the runtime has emitted this event; after `stop()`, for a `stopped` that came after it. */
  async waitFor(type: RuntimeEvent['type'], deadline: Deadline): Promise<void> {
    while (this.#indexOf(type) === -1) {
      if (this.violation !== undefined) throw this.violation
      const changed = new Promise<void>(resolve => {
        this.#onChange = resolve
      })
      const history = `events so far: ${this.#contract.history}`
      await deadline.wait(changed, `version ${this.version} to emit "${type}" (${history})`)
    }
  }

  /** Releases the events up to this one, and every `updated` right after it. @returns the released events */
  releaseUpTo(type: RuntimeEvent['type']): RuntimeEvent[] {
    let count = this.#indexOf(type) + 1
    while (this.#buffer[count]?.event.type === 'updated') count++
    const released = this.#buffer.splice(0, count).map(({ event }) => event)
    for (const event of released) this.#events$.next(event)
    return released
  }

  /** Crashes the runtime with the user's function. Its result is ignored: only the events of the runtime count. */
  crash(crash: (runtime: Runtime, version: string) => unknown): void {
    this.#contract.expectCrash()
    // The function may make a call that kills the runtime; that call rejects.
    void (async () => crash(this.#target, this.version))().catch(() => {})
  }

  /** Releases all events, and buffers no more. */
  releaseAll(): void {
    this.#deliver = ({ event }) => this.#events$.next(event)
    for (const buffered of this.#buffer.splice(0)) this.#deliver(buffered)
  }

  /** Settles when the runtime's `stop()` has settled. */
  stopSettled(): Promise<unknown> {
    return this.#stopSettled
  }

  /** Rejects the calls in flight and ends the events, whatever the runtime does. */
  abandon(): void {
    this.#rejectCalls(new Error(`Version ${this.version} was abandoned.`))
    this.#events$.complete()
  }

  /** Unsubscribes from the runtime's events. */
  unsubscribe(): void {
    this.#subscription?.unsubscribe()
  }

  start(): void {
    if (this.starts === 0) this.#subscribe()
    else this.#addViolation('was started twice')
    this.starts++
    try {
      this.#target.start()
    } catch (thrown) {
      this.#receive({ type: 'failedToStart', error: asError(thrown), version: this.version })
    }
  }

  stop(): void {
    this.stops++
    this.#stopSettled = (async () => this.#target.stop())()
    this.#stopSettled.catch(error => this.#addViolation('failed to stop', error))
  }

  call(request: unknown, options?: CallOptions): Promise<unknown> {
    this.received.push(options?.signal)
    if (this.roles.length === 0) this.callsWithoutRole++
    const answer = (async () => this.#target.call(request, options))()
    return Promise.race([answer, this.#abandoned])
  }

  abort(options?: AbortOptions): Promise<void> {
    return this.#target.abort(options)
  }

  watchEvents(): Observable<RuntimeEvent> {
    return this.#events$
  }

  getActiveVersion(): string {
    return this.version
  }

  getInfo(options?: CallOptions): Promise<RuntimeInfo> {
    return this.#target.getInfo(options)
  }

  getCapabilityTEE(): CapabilityTEE | undefined {
    return this.#target.getCapabilityTEE()
  }

  updateCapabilityTEE(): void {
    this.#target.updateCapabilityTEE()
  }

  setRole(role: Role): void {
    this.roles.push(role)
    const told = (async () => this.#target.setRole?.(role))()
    told.catch(error => this.#addViolation('failed to take its role', error))
  }

  #subscribe(): void {
    try {
      this.#subscription = this.#target.watchEvents().subscribe({
        next: event => this.#receive(event),
        error: thrown => this.#addViolation('ended its events with an error', thrown),
        complete: () => {
          if (this.stops === 0) this.#addViolation('ended its events before it was stopped')
        },
      })
    } catch (thrown) {
      this.#addViolation('cannot be watched: watchEvents() must return an Observable', thrown)
    }
  }

  #receive(emitted: unknown): void {
    const event = this.#read(emitted)
    if (event === undefined) return
    const violation = this.#contract.check(event, this)
    if (violation === undefined) this.#deliver({ event, isAfterStop: this.stops > 0 })
    else this.#addViolation(violation)
    this.#onChange()
  }

  #read(emitted: unknown): RuntimeEvent | undefined {
    try {
      const event = readEvent(emitted)
      if (event === undefined) this.#addViolation(`emitted ${describe(emitted)}, which is not a RuntimeEvent`)
      return event
    } catch (thrown) {
      this.#addViolation('emitted an event that throws when it is read', thrown)
      return undefined
    }
  }

  #indexOf(type: RuntimeEvent['type']): number {
    const isFinal = type === 'stopped' && this.stops > 0
    return this.#buffer.findIndex(({ event, isAfterStop }) => event.type === type && (!isFinal || isAfterStop))
  }

  #addViolation(what: string, cause?: unknown): void {
    const reason = cause === undefined ? '' : `: ${asError(cause).message}`
    const message = `Version ${this.version} ${what}${reason}.`
    this.#violations.push(new Error(message, cause === undefined ? undefined : { cause }))
    this.#onChange()
  }
}

/** Accepts a runtime whose `getActiveVersion()` throws: an aggregate without an active version has none to give. */
function assertVersion(target: Runtime, version: string): void {
  let actual: unknown
  try {
    actual = target.getActiveVersion()
  } catch {
    return
  }
  if (typeof actual === 'string' && isSameVersion(actual, version)) return
  throw new Error(`Provisioned version ${version}, but getActiveVersion() returns ${JSON.stringify(actual)}.`)
}
