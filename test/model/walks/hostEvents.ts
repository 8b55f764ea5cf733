import type { RuntimeEvent } from 'cutover'
import type { Expected, Role } from './records.js'
import type { WalkHost } from './walkHost.js'
import type { World } from './world.js'

/** `due`: it may be heard now; `held`: once its predecessor has left; `captured`: once its version is promoted. */
export type Place = 'due' | 'held' | 'captured' | 'nowhere'

/**
 * What subscribers must hear of one host, worked out from what it says and from what it is to the aggregate at that
 * moment (rules 11 and 12).
 */
export class HostEvents {
  /** It said that it came up, and not that it went down since. */
  isUp = false
  hasEnded = false
  /** Its last word about its end; a later `started` takes it back. */
  saidDown = false
  /** It said that it went down after its version had been told to terminate. */
  wentDown = false
  /** How often it said that it died. */
  deaths = 0
  /** It said, at some time, that it does not try again. */
  hasGivenUp = false
  /** Subscribers have heard that it is up, and not that it is down. */
  isHeardUp = false
  role: Role = 'none'
  /** To be heard now, in this order. */
  readonly due: Expected[] = []
  /** To be heard once its predecessor has left. */
  readonly held: Expected[] = []
  /** The last `started` of a next version, to be heard when it is promoted. */
  captured: Expected | null = null
  readonly #host: WalkHost
  readonly #world: World

  constructor(host: WalkHost, world: World) {
    this.#host = host
    this.#world = world
  }

  /** It is about to say something; nobody listens before its start, nor after its version has left. */
  saying(event: RuntimeEvent): void {
    this.#world.look()
    if (this.role === 'none' || this.#host.subscribers === 0) return
    if (event.type === 'started') {
      this.isUp = true
      this.saidDown = false
    } else if (event.type === 'stopped') {
      this.isUp = false
      this.saidDown = true
      if (event.reason !== undefined) this.deaths++
      if (this.#world.isTerminating(this.#host)) this.wentDown = true
    }
    if (event.type === 'failedToStart' && event.final === true) this.hasGivenUp = true
    this.#expect(expectedOf(event))
  }

  /** Its stream is about to end: it counts as stopped, which is said in its place unless it said so itself. */
  ending(): void {
    this.#world.look()
    this.hasEnded = true
    this.isUp = false
    if (!this.saidDown) this.#expect({ type: 'stopped', mark: undefined })
  }

  /** Its `start()` is about to throw. */
  failing(error: Error): Error {
    this.#world.look()
    this.#expect({ type: 'failedToStart', mark: error })
    return error
  }

  /** Its version has left. If nothing else told that it stopped, the aggregate says so. */
  left(isOverdue: boolean): void {
    if (isOverdue) this.#expect({ type: 'stopped', mark: undefined })
    this.due.push(...this.held.splice(0))
    this.role = 'none'
    this.captured = null
  }

  /** The aggregate was looked at: what it is now. */
  is(role: Role, isHeld: boolean): void {
    if (role === 'active' && this.captured !== null) {
      this.held.unshift(this.captured)
      this.captured = null
    }
    this.role = role
    if (!isHeld && this.held.length > 0) this.due.push(...this.held.splice(0))
  }

  /** Where an event is, that was heard just now, among those that are to be heard. */
  placeOf(event: Expected): Place {
    if (isSame(this.due[0], event)) return 'due'
    if (isSame(this.held[0], event)) return 'held'
    return isSame(this.captured, event) ? 'captured' : 'nowhere'
  }

  hear(event: Expected, place: Place): void {
    if (place === 'due') this.due.shift()
    if (event.type === 'started') this.isHeardUp = true
    if (event.type === 'stopped') this.isHeardUp = false
  }

  #expect(expected: Expected): void {
    if (this.role === 'leaving') this.due.push(expected)
    else if (this.role === 'active') (this.#world.isHolding ? this.held : this.due).push(expected)
    else if (this.role === 'next') this.#capture(expected)
  }

  #capture(expected: Expected): void {
    if (expected.type === 'started') this.captured = expected
    else if (expected.type === 'stopped') this.captured = null
    else if (expected.type === 'updated' && this.captured !== null) {
      this.captured = { type: 'started', mark: expected.mark }
    }
  }
}

function isSame(a: Expected | null | undefined, b: Expected): boolean {
  return a?.type === b.type && a.mark === b.mark
}

/** An event as subscribers are to hear it. */
export function expectedOf(event: RuntimeEvent): Expected {
  switch (event.type) {
    case 'started':
    case 'updated':
      return { type: event.type, mark: event.capabilityTEE }
    case 'failedToStart':
      return { type: event.type, mark: event.error.cause ?? event.error }
    default:
      return { type: event.type, mark: undefined }
  }
}
