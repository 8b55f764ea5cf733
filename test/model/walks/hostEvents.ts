import type { RuntimeEvent } from 'cutover'
import type { Expected, Role } from './records.js'
import type { WalkHost } from './walkHost.js'
import type { World } from './world.js'

/** `due`: to be received now; `held`: after the predecessor has left; `captured`: after the promotion of its version. */
export type Place = 'due' | 'held' | 'captured' | 'nowhere'

/**
 * Works out the events of one host that subscribers must receive, from the events that it emits and its role at that
 * moment (rules 11 and 12).
 */
export class HostEvents {
  /** The host has emitted `started`, and no `stopped` after it. */
  isUp = false
  hasEnded = false
  /** The host has emitted `stopped`, and no `started` after it. */
  hasEmittedStopped = false
  /** The host emitted `stopped` while its version was terminating. */
  wentDown = false
  /** How often the host emitted that it died. */
  deaths = 0
  /** The host has emitted, at some time, that it does not try again. */
  hasGivenUp = false
  /** Subscribers have received `started`, and no `stopped` after it. */
  hasReceivedStarted = false
  role: Role = 'none'
  /** Events that subscribers must receive now, in order. */
  readonly due: Expected[] = []
  /** Events that subscribers must receive after the predecessor has left. */
  readonly held: Expected[] = []
  /** The last `started` of a next version, which subscribers must receive on its promotion. */
  captured: Expected | null = null
  /** The last `started` in any role, refreshed and dropped as {@link captured} is. */
  #last: Expected | null = null
  readonly #host: WalkHost
  readonly #world: World

  constructor(host: WalkHost, world: World) {
    this.#host = host
    this.#world = world
  }

  /** The host is about to emit an event. The aggregate listens from the start until the version has left. */
  beforeEmit(event: RuntimeEvent): void {
    this.#world.look()
    if (this.role === 'none' || this.#host.subscribers === 0) return
    if (event.type === 'started') {
      this.isUp = true
      this.hasEmittedStopped = false
    } else if (event.type === 'stopped') {
      this.isUp = false
      this.hasEmittedStopped = true
      if (event.reason !== undefined) this.deaths++
      if (this.#world.isTerminating(this.#host)) this.wentDown = true
    }
    if (event.type === 'failedToStart' && event.final === true) this.hasGivenUp = true
    this.#expect(expectedOf(event))
  }

  /** The host's stream is about to end. The aggregate then emits `stopped`, unless the host already has. */
  beforeEnd(): void {
    this.#world.look()
    this.hasEnded = true
    this.isUp = false
    if (!this.hasEmittedStopped) this.#expect({ type: 'stopped', identity: undefined })
  }

  /** The host's `start()` is about to throw. */
  beforeThrow(error: Error): Error {
    this.#world.look()
    this.#expect({ type: 'failedToStart', identity: error })
    return error
  }

  /** The version has left. The aggregate emits `stopped`, unless the host has. */
  left(isOverdue: boolean): void {
    if (isOverdue) this.#expect({ type: 'stopped', identity: undefined })
    this.due.push(...this.held.splice(0))
    this.role = 'none'
    this.captured = null
    this.#last = null
  }

  /** Updates the role of the host. */
  is(role: Role, isHeld: boolean): void {
    if (role === 'active' && this.captured !== null) {
      this.held.unshift(this.captured)
      this.captured = null
    }
    if (role === 'next' && this.role === 'active') {
      // A swap (rule 25).
      this.due.push(STANDBY)
      this.captured = this.#last
    }
    this.role = role
    if (!isHeld && this.held.length > 0) this.due.push(...this.held.splice(0))
  }

  /** Where a received event is among the expected ones. */
  placeOf(event: Expected): Place {
    if (isSame(this.due[0], event)) return 'due'
    if (isSame(this.held[0], event)) return 'held'
    return isSame(this.captured, event) ? 'captured' : 'nowhere'
  }

  receive(event: Expected, place: Place): void {
    if (place === 'due') this.due.shift()
    if (event.type === 'started') this.hasReceivedStarted = true
    if (event.type === 'stopped') this.hasReceivedStarted = false
  }

  #expect(expected: Expected): void {
    this.#last = captured(this.#last, expected)
    if (this.role === 'leaving') this.due.push(expected)
    else if (this.role === 'active') (this.#world.isHolding ? this.held : this.due).push(expected)
    else if (this.role === 'next') this.captured = captured(this.captured, expected)
  }
}

/** The `stopped` of a version that makes way in a swap. */
const STANDBY: Expected = { type: 'stopped', identity: 'standby' }

function captured(before: Expected | null, expected: Expected): Expected | null {
  if (expected.type === 'started') return expected
  if (expected.type === 'stopped') return null
  return expected.type === 'updated' && before !== null ? { type: 'started', identity: expected.identity } : before
}

function isSame(a: Expected | null | undefined, b: Expected): boolean {
  return a?.type === b.type && a.identity === b.identity
}

/** An event as subscribers must receive it. */
export function expectedOf(event: RuntimeEvent): Expected {
  switch (event.type) {
    case 'started':
    case 'updated':
      return { type: event.type, identity: event.capabilityTEE }
    case 'failedToStart':
      return { type: event.type, identity: event.error.cause ?? event.error }
    case 'stopped':
      return event.standby === true ? STANDBY : { type: event.type, identity: undefined }
    default:
      return { type: event.type, identity: undefined }
  }
}
