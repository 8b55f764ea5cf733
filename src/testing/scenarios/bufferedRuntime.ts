import { type Observable, Subject, type Subscription } from 'rxjs'
import { onAbort } from '../../abortListeners.js'
import { asError } from '../../errors.js'
import {
  type AbortOptions,
  assertRuntime,
  type CallOptions,
  type CapabilityTEE,
  type Runtime,
  type RuntimeEvent,
  type RuntimeInfo,
} from '../../runtime.js'
import { isSameVersion } from '../../version.js'
import type { Deadline } from '../deadline.js'
import { EventContract } from './eventContract.js'

interface Held {
  readonly event: RuntimeEvent
  /** It came after the runtime had been asked to stop. */
  readonly isLast: boolean
}

/**
 * A user's runtime behind a gate: what is asked of it goes straight through, what it says is held until the scenario
 * takes the step for it. So a generated path can be walked exactly, however fast or slow the runtime is.
 */
export class BufferedRuntime implements Runtime {
  readonly id: string
  readonly version: string
  /** How often it was asked to start. */
  starts = 0
  /** How often it was asked to stop. */
  stops = 0
  /** The signals of all calls that reached it, in order. */
  readonly received: (AbortSignal | undefined)[] = []
  readonly #real: Runtime
  readonly #said: EventContract
  readonly #held: Held[] = []
  readonly #out$ = new Subject<RuntimeEvent>()
  readonly #faults: Error[] = []
  readonly #abandoned = new AbortController()
  #subscription: Subscription | undefined
  #stopped: Promise<unknown> = Promise.resolve()
  #deliver: (held: Held) => void = held => this.#held.push(held)
  #wake: () => void = () => {}

  /** @throws CutoverError `CUTOVER_INVALID_RUNTIME`; Error: it is of another version */
  constructor(real: unknown, version: string) {
    assertRuntime(real)
    assertVersion(real, version)
    this.id = real.id
    this.version = version
    this.#real = real
    this.#said = new EventContract(version)
  }

  /** Who watches it. */
  get subscribers(): number {
    return this.#out$.observers.length
  }

  /** What it did that a runtime must not do, if anything. */
  get fault(): Error | undefined {
    return this.#faults[0]
  }

  /** Waits until it has said this; `stopped` for good, once it was asked to stop. */
  async untilSaid(type: RuntimeEvent['type'], deadline: Deadline): Promise<void> {
    while (this.#find(type) === -1) {
      if (this.fault !== undefined) throw this.fault
      const changed = new Promise<void>(resolve => {
        this.#wake = resolve
      })
      await deadline.wait(changed, `version ${this.version} to say "${type}" (so far it has said: ${this.#said.text})`)
    }
  }

  /** Lets through what it said up to that, with the `updated` right behind it. @returns what was let through */
  release(type: RuntimeEvent['type']): RuntimeEvent[] {
    let count = this.#find(type) + 1
    while (this.#held[count]?.event.type === 'updated') count++
    const released = this.#held.splice(0, count).map(({ event }) => event)
    for (const event of released) this.#out$.next(event)
    return released
  }

  /** Makes it die by `crash`; whatever comes of that, only its events count. */
  die(crash: (runtime: Runtime, version: string) => unknown): void {
    this.#said.expectDeath()
    // A call that makes it crash rejects, as it should.
    void (async () => crash(this.#real, this.version))().catch(() => {})
  }

  /** From now on everything goes through. */
  open(): void {
    this.#deliver = ({ event }) => this.#out$.next(event)
    for (const held of this.#held.splice(0)) this.#deliver(held)
  }

  /** Settles when its `stop()` has. */
  stopped(): Promise<unknown> {
    return this.#stopped
  }

  /** Whatever it does: for the aggregate its calls have failed and its events are over. */
  abandon(): void {
    this.#abandoned.abort(new Error(`Version ${this.version} was abandoned.`))
    this.#out$.complete()
  }

  /** Listens to it no more. */
  unwatch(): void {
    this.#subscription?.unsubscribe()
  }

  start(): void {
    if (this.starts === 0) this.#watch()
    else this.#failed('was started twice')
    this.starts++
    try {
      this.#real.start()
    } catch (thrown) {
      this.#hear({ type: 'failedToStart', error: asError(thrown), version: this.version })
    }
  }

  stop(): void {
    this.stops++
    this.#stopped = (async () => this.#real.stop())()
    this.#stopped.catch(error => this.#failed('failed to stop', error))
    this.#wake()
  }

  call(request: unknown, options?: CallOptions): Promise<unknown> {
    this.received.push(options?.signal)
    const { signal } = this.#abandoned
    return new Promise((resolve, reject) => {
      const forget = onAbort(signal, () => reject(signal.reason))
      const answer = (async () => this.#real.call(request, options))()
      answer.finally(forget).then(resolve, reject)
    })
  }

  abort(options?: AbortOptions): Promise<void> {
    return this.#real.abort(options)
  }

  watchEvents(): Observable<RuntimeEvent> {
    return this.#out$
  }

  getActiveVersion(): string {
    return this.version
  }

  getInfo(options?: CallOptions): Promise<RuntimeInfo> {
    return this.#real.getInfo(options)
  }

  getCapabilityTEE(): CapabilityTEE | undefined {
    return this.#real.getCapabilityTEE()
  }

  updateCapabilityTEE(): void {
    this.#real.updateCapabilityTEE()
  }

  #watch(): void {
    try {
      this.#subscription = this.#real.watchEvents().subscribe({
        next: event => this.#hear(event),
        error: thrown => this.#failed('ended its stream of events with an error', thrown),
        complete: () => {
          if (this.stops === 0) this.#failed('ended its stream of events before it was stopped')
        },
      })
    } catch (thrown) {
      this.#failed('cannot be watched: watchEvents() must give an Observable', thrown)
    }
  }

  #hear(event: unknown): void {
    const fault = this.#said.note(event, this)
    if (fault === undefined) this.#deliver({ event: event as RuntimeEvent, isLast: this.stops > 0 })
    else this.#failed(fault)
    this.#wake()
  }

  #find(type: RuntimeEvent['type']): number {
    const isEnd = type === 'stopped' && this.stops > 0
    return this.#held.findIndex(({ event, isLast }) => event.type === type && (!isEnd || isLast))
  }

  #failed(what: string, cause?: unknown): void {
    const reason = cause === undefined ? '' : `: ${asError(cause).message}`
    const message = `Version ${this.version} ${what}${reason}.`
    this.#faults.push(new Error(message, cause === undefined ? undefined : { cause }))
    this.#wake()
  }
}

/** An aggregate without an active version cannot tell. */
function assertVersion(real: Runtime, version: string): void {
  let said: unknown
  try {
    said = real.getActiveVersion()
  } catch {
    return
  }
  if (typeof said === 'string' && isSameVersion(said, version)) return
  throw new Error(`It was provisioned as version ${version}, but getActiveVersion() gives ${JSON.stringify(said)}.`)
}
