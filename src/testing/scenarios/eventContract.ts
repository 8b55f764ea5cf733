import { describe } from '../../errors.js'
import { isRuntimeEvent, type RuntimeEvent } from '../../runtime.js'
import { isSameVersion } from '../../version.js'
import { formatEvents } from '../formatEvent.js'

/** What was asked of a runtime when it says something. */
export interface Asked {
  readonly starts: number
  readonly stops: number
}

/** What one runtime has said, held against what a runtime may say (the contract of `Runtime`). */
export class EventContract {
  readonly #version: string
  readonly #events: RuntimeEvent[] = []
  /** How often it was made to die, and has not said so yet. */
  #deaths = 0
  /** It was asked to stop and has said that it did. */
  #isDown = false

  constructor(version: string) {
    this.#version = version
  }

  /** From now on it may die once. */
  expectDeath(): void {
    this.#deaths++
  }

  /** In short, for a message. */
  get text(): string {
    return formatEvents(this.#events)
  }

  /** Notes what it says. @returns what is wrong with that, if anything is */
  note(event: unknown, { starts, stops }: Asked): string | undefined {
    if (!isRuntimeEvent(event)) return `emitted ${describe(event)}, which is no RuntimeEvent`
    const fault = this.#faultOf(event, starts, stops)
    this.#events.push(event)
    if (event.type === 'stopped') {
      if (stops > 0) this.#isDown = true
      else if (this.#deaths > 0) this.#deaths--
    }
    return fault
  }

  #faultOf(event: RuntimeEvent, starts: number, stops: number): string | undefined {
    const { type } = event
    if (type === 'configUpdated') return undefined
    const isNamed = type === 'started' || type === 'updated'
    if ((isNamed || event.version !== undefined) && !isThisVersion(event.version, this.#version)) {
      return `said "${type}" of version ${describe(event.version)}`
    }
    if (starts === 0) return `said "${type}" before it was started`
    if (this.#isDown) return `said "${type}" after it had stopped for good`
    const last = this.#events.findLast(said => said.type === 'started' || said.type === 'stopped')
    if (last?.type !== 'started') return undefined
    if (type === 'started') return 'said "started" twice, without "stopped" in between'
    if (type === 'failedToStart') return 'said "failedToStart" while it was up'
    const isToldTo = stops > 0 || this.#deaths > 0
    return type === 'stopped' && !isToldTo ? 'said "stopped", though nothing had stopped it' : undefined
  }
}

function isThisVersion(text: unknown, version: string): boolean {
  return typeof text === 'string' && isSameVersion(text, version)
}
