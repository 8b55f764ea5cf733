import type { AbortOptions, CallOptions, CapabilityTEE, Runtime, RuntimeEvent, RuntimeInfo } from 'cutover'
import { type Observable, Subject } from 'rxjs'
import { receiveCall } from './calls.js'
import type { Command } from './command.js'
import { HostEvents } from './hostEvents.js'
import type { Ask, CallRecord, Outcome } from './records.js'
import type { World } from './world.js'

/** What a host does when it is asked, besides what the walk makes it say at any time. */
export interface Habits {
  readonly start: 'says' | 'later' | 'silent' | 'fails' | 'throws' | 'ends' | 'chatters'
  readonly stop: 'says' | 'later' | 'silent' | 'throws' | 'rejects' | 'ends' | 'chatters'
  readonly call: 'later' | 'hangs' | 'fails' | 'throws' | 'value'
  readonly watch: 'works' | 'throws'
  /** What it does to its own aggregate from within, once. */
  readonly inside: { readonly method: 'start' | 'stop' | 'call'; readonly command: Command<World> } | null
}

/** Anything that a host can say. */
export type Saying =
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

/** One provisioned runtime, whose every use by the aggregate is noted. */
export class WalkHost implements Runtime<string, string> {
  readonly id = ID
  readonly version: string
  readonly number: number
  readonly events: HostEvents
  starts = 0
  stops = 0
  /** When its version was first seen on its way out. */
  leavingSince: number | null = null
  stopAskedAt: number | null = null
  hasLeft = false
  /** How often it was asked for each. */
  readonly asked: Record<Ask, number> = { getInfo: 0, abort: 0, updateCapabilityTEE: 0 }
  /** What it makes of it. */
  readonly gives: Readonly<Record<'getInfo' | 'abort', Outcome>>
  /** Its place in the order in which versions became active; infinite until it did. */
  turn = Number.POSITIVE_INFINITY
  readonly #world: World
  readonly #habits: Habits
  readonly #events$ = new Subject<RuntimeEvent>()
  /** Calls without an answer yet, by what answers them. */
  readonly #hanging = new Map<CallRecord | symbol, (fails: boolean) => void>()
  #inside: Habits['inside']

  constructor(world: World, version: string, number: number, habits: Habits) {
    this.#world = world
    this.version = version
    this.number = number
    this.#habits = habits
    this.#inside = habits.inside
    this.events = new HostEvents(this, world)
    const error = habits.call === 'fails' ? new Error(`${this} cannot`) : null
    this.gives =
      error === null
        ? { getInfo: { value: { version } }, abort: { value: undefined } }
        : { getInfo: { error }, abort: { error } }
  }

  /** As in `2.0.0#3`: the third host that was made. */
  toString(): string {
    return `${this.version}#${this.number}`
  }

  get subscribers(): number {
    return this.#events$.observers.length
  }

  /** Whether a call that it got as active version still has no answer from it. */
  get hasUnanswered(): boolean {
    for (const call of this.#hanging.keys()) if (typeof call !== 'symbol' && call.outcome === null) return true
    return false
  }

  say(saying: Saying): void {
    if (this.events.hasEnded) return
    if (saying === 'ended' || saying === 'broke') {
      this.events.ending()
      if (saying === 'ended') this.#events$.complete()
      else this.#events$.error(new Error(`the stream of ${this} broke`))
      return
    }
    const event = this.#eventOf(saying)
    const { deaths } = this.events
    if (saying !== 'nonsense') this.events.saying(event)
    // What it had at work is gone with it.
    if (this.events.deaths > deaths) this.#hanging.clear()
    this.#events$.next(event)
  }

  /** Answers the call that hangs longest, or fails it. */
  answerOldest(fails: boolean): void {
    for (const settle of this.#hanging.values()) return settle(fails)
  }

  answerAll(): void {
    for (const settle of [...this.#hanging.values()]) settle(false)
  }

  start(): void {
    this.starts++
    this.#world.asked('start', this)
    this.#goInside('start')
    const habit = this.#habits.start
    if (habit === 'says') this.say('started')
    else if (habit === 'later') this.#world.later(`${this} comes up`, () => this.say('started'))
    else if (habit === 'fails') this.say('failedToStart')
    else if (habit === 'chatters') this.#chatter('started', 'updated', 'stopped', 'started')
    else if (habit === 'ends') this.say('ended')
    else if (habit === 'throws') throw this.events.failing(new Error(`${this} cannot start`))
  }

  stop(): void | Promise<void> {
    this.stops++
    this.stopAskedAt ??= this.#world.clock.now
    this.#world.asked('stop', this)
    this.#goInside('stop')
    const habit = this.#habits.stop
    if (habit === 'says') this.say('stopped')
    else if (habit === 'later') this.#world.later(`${this} goes down`, () => this.say('stopped'))
    else if (habit === 'chatters') this.#chatter('failedToStart', 'stopped', 'stopped', 'started')
    else if (habit === 'ends') this.say('ended')
    else if (habit === 'throws') throw new Error(`${this} cannot stop`)
    else if (habit === 'rejects') return Promise.reject(new Error(`${this} could not stop`))
  }

  call(request: string, _options?: CallOptions): Promise<string> {
    const call = receiveCall(this.#world, request, this)
    this.#goInside('call')
    const value = `${request} by ${this}`
    const error = new Error(`${request} failed on ${this}`)
    const answered = (outcome: { value: unknown } | { error: unknown }) => {
      if (call !== null) call.answer = outcome
    }
    switch (this.#habits.call) {
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
          const habit = this.#habits.call
          if (habit !== 'hangs') this.#world.later(`${this} answers ${request}`, () => settle(habit === 'fails'))
        })
    }
  }

  watchEvents(): Observable<RuntimeEvent> {
    const works = this.#habits.watch === 'works'
    // It may have ended before anybody watched.
    if (!works || this.events.hasEnded) this.events.ending()
    if (works) return this.#events$
    throw new Error(`${this} cannot be watched`)
  }

  getActiveVersion(): string {
    return this.version
  }

  getInfo(): Promise<RuntimeInfo> {
    this.asked.getInfo++
    return this.#world.promise(`${this} tells its info`, this.gives.getInfo) as Promise<RuntimeInfo>
  }

  abort(_options?: AbortOptions): Promise<void> {
    this.asked.abort++
    return this.#world.promise(`${this} is aborted`, this.gives.abort) as Promise<void>
  }

  getCapabilityTEE(): CapabilityTEE | undefined {
    return undefined
  }

  updateCapabilityTEE(): void {
    this.asked.updateCapabilityTEE++
    if (this.#habits.call === 'throws') throw new Error(`${this} cannot update`)
    if (this.#habits.call === 'value') this.say('updated')
  }

  #chatter(...sayings: readonly Saying[]): void {
    for (const saying of sayings) this.say(saying)
  }

  #goInside(method: 'start' | 'stop' | 'call'): void {
    if (this.#inside?.method !== method) return
    const { command } = this.#inside
    this.#inside = null
    this.#world.reenter(command)
  }

  #eventOf(saying: Exclude<Saying, 'ended' | 'broke'>): RuntimeEvent {
    const { version } = this
    switch (saying) {
      case 'started':
      case 'updated':
        return { type: saying, version, capabilityTEE: { hardware: `of ${this}` } }
      case 'failedToStart':
        return { type: saying, version, error: new Error(`${this} failed to start`) }
      case 'gaveUp':
        return { type: 'failedToStart', version, error: new Error(`${this} gave up`), final: true }
      case 'stopped':
        return { type: saying, version }
      case 'died':
        return { type: 'stopped', version, reason: new Error(`${this} died`) }
      case 'nonsense':
        return { type: 'nonsense' } as never
    }
  }
}
