import type { AbortOptions, CallOptions, CapabilityTEE, Role, Runtime, RuntimeEvent, RuntimeInfo } from 'cutover'
import { type Observable, Subject } from 'rxjs'
import { receiveCall } from './calls.js'
import type { Command } from './command.js'
import { HostEvents } from './hostEvents.js'
import type { CallRecord, ForwardedMethod, Outcome } from './records.js'
import type { World } from './world.js'

/** How a host reacts to calls of its methods. The walk can make it emit events at any time besides. */
export interface Behaviour {
  readonly start: 'emits' | 'later' | 'silent' | 'fails' | 'throws' | 'ends' | 'emitsSeveral'
  readonly stop: 'emits' | 'later' | 'silent' | 'throws' | 'rejects' | 'ends' | 'emitsSeveral'
  readonly call: 'later' | 'hangs' | 'fails' | 'throws' | 'value'
  readonly watch: 'works' | 'throws'
  /** A command that it performs on its own aggregate inside one of its methods, once. */
  readonly inside: { readonly method: 'start' | 'stop' | 'call'; readonly command: Command<World> } | null
}

/** Anything that a host can emit. */
export type Emission =
  | 'started'
  | 'updated'
  | 'failedToStart'
  | 'gaveUp'
  | 'stopped'
  | 'died'
  | 'nonsense'
  | 'ended'
  | 'broke'

export const ID = 'walk'

/** A provisioned runtime that records how the aggregate uses it. */
export class WalkHost implements Runtime<string, string> {
  readonly id = ID
  readonly version: string
  readonly number: number
  readonly events: HostEvents
  starts = 0
  stops = 0
  /** The role that it was last told. */
  toldRole: Role | null = null
  /** When its version was first observed stopping. */
  leavingSince: number | null = null
  stopAskedAt: number | null = null
  hasLeft = false
  /** How often each method was called. */
  readonly asked: Record<ForwardedMethod, number> = { getInfo: 0, abort: 0, updateCapabilityTEE: 0 }
  /** The outcomes of these methods. */
  readonly gives: Readonly<Record<'getInfo' | 'abort', Outcome>>
  /** Its position in the order in which versions became active; infinite before. */
  turn = Number.POSITIVE_INFINITY
  readonly #world: World
  readonly #behaviour: Behaviour
  readonly #events$ = new Subject<RuntimeEvent>()
  /** The calls without an answer, with the function that settles each. */
  readonly #hanging = new Map<CallRecord | symbol, (fails: boolean) => void>()
  #inside: Behaviour['inside']

  constructor(world: World, version: string, number: number, behaviour: Behaviour) {
    this.#world = world
    this.version = version
    this.number = number
    this.#behaviour = behaviour
    this.#inside = behaviour.inside
    this.events = new HostEvents(this, world)
    const error = behaviour.call === 'fails' ? new Error(`${this} cannot`) : null
    this.gives =
      error === null
        ? { getInfo: { value: { version } }, abort: { value: undefined } }
        : { getInfo: { error }, abort: { error } }
  }

  /** For example `2.0.0#3`: the third host that was made. */
  toString(): string {
    return `${this.version}#${this.number}`
  }

  get subscribers(): number {
    return this.#events$.observers.length
  }

  /** Whether a call that it got as the active version has no answer. */
  get hasUnanswered(): boolean {
    for (const call of this.#hanging.keys()) if (typeof call !== 'symbol' && call.outcome === null) return true
    return false
  }

  emit(emission: Emission): void {
    if (this.events.hasEnded) return
    if (emission === 'ended' || emission === 'broke') {
      this.events.beforeEnd()
      if (emission === 'ended') this.#events$.complete()
      else this.#events$.error(new Error(`the stream of ${this} broke`))
      return
    }
    const event = this.#eventOf(emission)
    const { deaths } = this.events
    if (emission !== 'nonsense') this.events.beforeEmit(event)
    // A host that dies takes its calls with it.
    if (this.events.deaths > deaths) this.#hanging.clear()
    this.#events$.next(event)
  }

  /** Answers or fails the oldest pending call. */
  answerOldest(fails: boolean): void {
    for (const settle of this.#hanging.values()) return settle(fails)
  }

  answerAll(): void {
    for (const settle of [...this.#hanging.values()]) settle(false)
  }

  start(): void {
    this.starts++
    this.#world.asked('start', this)
    this.#performInside('start')
    const reaction = this.#behaviour.start
    if (reaction === 'emits') this.emit('started')
    else if (reaction === 'later') this.#world.later(`${this} starts`, () => this.emit('started'))
    else if (reaction === 'fails') this.emit('failedToStart')
    else if (reaction === 'emitsSeveral') this.#emitSeveral('started', 'updated', 'stopped', 'started')
    else if (reaction === 'ends') this.emit('ended')
    else if (reaction === 'throws') throw this.events.beforeThrow(new Error(`${this} cannot start`))
  }

  stop(): void | Promise<void> {
    this.stops++
    this.stopAskedAt ??= this.#world.clock.now
    this.#world.asked('stop', this)
    this.#performInside('stop')
    const reaction = this.#behaviour.stop
    if (reaction === 'emits') this.emit('stopped')
    else if (reaction === 'later') this.#world.later(`${this} stops`, () => this.emit('stopped'))
    else if (reaction === 'emitsSeveral') this.#emitSeveral('failedToStart', 'stopped', 'stopped', 'started')
    else if (reaction === 'ends') this.emit('ended')
    else if (reaction === 'throws') throw new Error(`${this} cannot stop`)
    else if (reaction === 'rejects') return Promise.reject(new Error(`${this} could not stop`))
  }

  call(request: string, _options?: CallOptions): Promise<string> {
    const call = receiveCall(this.#world, request, this)
    this.#performInside('call')
    const value = `${request} by ${this}`
    const error = new Error(`${request} failed on ${this}`)
    const answered = (outcome: { value: unknown } | { error: unknown }) => {
      if (call !== null) call.answer = outcome
    }
    switch (this.#behaviour.call) {
      case 'throws':
        answered({ error })
        throw error
      case 'value':
        answered({ value })
        return value as never
      default:
        return new Promise((resolve, reject) => {
          const key = call ?? Symbol(request)
          const settle = (fails: boolean) => {
            if (!this.#hanging.delete(key)) return
            answered(fails ? { error } : { value })
            if (fails) reject(error)
            else resolve(value)
          }
          this.#hanging.set(key, settle)
          const reaction = this.#behaviour.call
          if (reaction !== 'hangs') this.#world.later(`${this} answers ${request}`, () => settle(reaction === 'fails'))
        })
    }
  }

  watchEvents(): Observable<RuntimeEvent> {
    const works = this.#behaviour.watch === 'works'
    // The stream may have ended before it is watched.
    if (!works || this.events.hasEnded) this.events.beforeEnd()
    if (works) return this.#events$
    throw new Error(`${this} cannot be watched`)
  }

  getActiveVersion(): string {
    return this.version
  }

  getInfo(): Promise<RuntimeInfo> {
    this.asked.getInfo++
    return this.#world.promise(`${this} gives its info`, this.gives.getInfo) as Promise<RuntimeInfo>
  }

  abort(_options?: AbortOptions): Promise<void> {
    this.asked.abort++
    return this.#world.promise(`${this} is aborted`, this.gives.abort) as Promise<void>
  }

  getCapabilityTEE(): CapabilityTEE | undefined {
    return undefined
  }

  setRole(role: Role): void {
    this.toldRole = role
    if (this.#behaviour.call === 'throws') throw new Error(`${this} takes no role`)
  }

  updateCapabilityTEE(): void {
    this.asked.updateCapabilityTEE++
    if (this.#behaviour.call === 'throws') throw new Error(`${this} cannot update`)
    if (this.#behaviour.call === 'value') this.emit('updated')
  }

  #emitSeveral(...emissions: readonly Emission[]): void {
    for (const emission of emissions) this.emit(emission)
  }

  #performInside(method: 'start' | 'stop' | 'call'): void {
    if (this.#inside?.method !== method) return
    const { command } = this.#inside
    this.#inside = null
    this.#world.reenter(command)
  }

  #eventOf(emission: Exclude<Emission, 'ended' | 'broke'>): RuntimeEvent {
    const { version } = this
    switch (emission) {
      case 'started':
      case 'updated':
        return { type: emission, version, capabilityTEE: { hardware: `of ${this}` } }
      case 'failedToStart':
        return { type: emission, version, error: new Error(`${this} failed to start`) }
      case 'gaveUp':
        return { type: 'failedToStart', version, error: new Error(`${this} gave up`), final: true }
      case 'stopped':
        return { type: emission, version }
      case 'died':
        return { type: 'stopped', version, reason: new Error(`${this} died`) }
      case 'nonsense':
        return { type: 'nonsense' } as never
    }
  }
}
