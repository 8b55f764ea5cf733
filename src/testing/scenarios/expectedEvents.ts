import type { RuntimeEvent } from '../../contract/index.js'
import type { Step } from './steps.js'

type Started = Extract<RuntimeEvent, { type: 'started' }>

/** Works out the events that a subscriber of the aggregate must get, from rules 11 to 14 and 25. */
export class ExpectedEvents {
  /** The last `started` of each version that runs, with its latest capability. That of a next version is captured. */
  readonly #started = new Map<string, Started>()
  /** Events of the active version, held until its predecessor has left. */
  #held: RuntimeEvent[] = []

  /** The events that a step causes, in order. @param emitted - the events of the runtime that the step is about */
  after(
    { event, from: { context: from }, to: { context: to } }: Step,
    emitted: readonly RuntimeEvent[],
  ): RuntimeEvent[] {
    const expected: RuntimeEvent[] = []
    const version = 'version' in event ? event.version : undefined
    if (version !== undefined) for (const event of emitted) this.#record(version, event)
    if (event.type === 'swap') return this.#swapped(from.active, to.active)
    if (version === from.leaving) expected.push(...emitted)
    else if (version === from.active) (from.leaving === null ? expected : this.#held).push(...emitted)
    const hasNextLeft = from.next !== null && event.type === 'version.stopped' && event.version === from.next
    if (hasNextLeft) expected.push({ type: 'configUpdated' })
    if (from.next !== null && !hasNextLeft && to.active === from.next) this.#held.push(...this.#captured(from.next))
    if (to.leaving === null) expected.push(...this.#held.splice(0))
    if (to.next !== null && (to.next !== from.next || hasNextLeft)) expected.push({ type: 'configUpdated' })
    return expected
  }

  /** Rule 25. */
  #swapped(from: string | null, to: string | null): RuntimeEvent[] {
    if (from === null || to === null) throw new Error('A swap needs two versions.')
    return [{ type: 'stopped', version: from, standby: true }, ...this.#captured(to), { type: 'configUpdated' }]
  }

  #captured(version: string): Started[] {
    const started = this.#started.get(version)
    return started === undefined ? [] : [started]
  }

  #record(key: string, event: RuntimeEvent): void {
    if (event.type === 'started') this.#started.set(key, event)
    if (event.type === 'stopped') this.#started.delete(key)
    const started = this.#started.get(key)
    if (event.type !== 'updated' || started === undefined) return
    const { type, version } = started
    const { capabilityTEE } = event
    this.#started.set(key, capabilityTEE === undefined ? { type, version } : { type, version, capabilityTEE })
  }
}
