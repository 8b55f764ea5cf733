import { describe } from '../../errors.js'
import type { RuntimeEvent } from '../../runtime.js'
import { isSameVersion } from '../../version.js'
import { formatEvents } from '../formatEvent.js'

/** How often `start()` and `stop()` of a runtime were called so far. */
export interface StartStopCounts {
  readonly starts: number
  readonly stops: number
}

/** Checks the events of one runtime against the contract of `Runtime`. */
export class EventContract {
  readonly #version: string
  readonly #events: RuntimeEvent[] = []
  /** How many crashes were caused and not reported yet. */
  #crashesDue = 0
  /** The runtime was stopped and has emitted `stopped`. */
  #isStopped = false

  constructor(version: string) {
    this.#version = version
  }

  /** Allows one `stopped` that no `stop()` has caused. */
  expectCrash(): void {
    this.#crashesDue++
  }

  /** The events so far, for a message. */
  get history(): string {
    return formatEvents(this.#events)
  }

  /** Records an event. @returns how it violates the contract; undefined if it does not */
  check(event: RuntimeEvent, { starts, stops }: StartStopCounts): string | undefined {
    const violation = this.#violationOf(event, starts, stops)
    this.#events.push(event)
    if (event.type === 'stopped') {
      if (stops > 0) this.#isStopped = true
      else if (this.#crashesDue > 0) this.#crashesDue--
    }
    return violation
  }

  #violationOf(event: RuntimeEvent, starts: number, stops: number): string | undefined {
    const { type } = event
    if (type === 'configUpdated') return undefined
    const needsVersion = type === 'started' || type === 'updated'
    if ((needsVersion || event.version !== undefined) && !this.#isOwnVersion(event.version)) {
      return `emitted "${type}" for version ${describe(event.version)}`
    }
    if (starts === 0) return `emitted "${type}" before start()`
    if (this.#isStopped) return `emitted "${type}" after its final "stopped"`
    const last = this.#events.findLast(earlier => earlier.type === 'started' || earlier.type === 'stopped')
    if (last?.type !== 'started') return undefined
    if (type === 'started') return 'emitted "started" twice, without "stopped" in between'
    if (type === 'failedToStart') return 'emitted "failedToStart" while it was running'
    const mayStop = stops > 0 || this.#crashesDue > 0
    return type === 'stopped' && !mayStop ? 'emitted "stopped", but nothing had stopped it' : undefined
  }

  #isOwnVersion(version: unknown): boolean {
    return typeof version === 'string' && isSameVersion(version, this.#version)
  }
}
