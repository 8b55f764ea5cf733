import type { RuntimeEvent } from '../../runtime.js'
import type { Step } from './steps.js'

/** Works out the events that a subscriber of the aggregate must get, from rules 11 to 14. */
export class ExpectedEvents {
  /** The last `started` of the next version, with its latest capability. Emitted on promotion. */
  #captured: Extract<RuntimeEvent, { type: 'started' }> | undefined
  /** Events of the active version, held until its predecessor has left. */
  #held: RuntimeEvent[] = []

  /** The events that a step causes, in order. @param emitted - the events of the runtime that the step is about */
  after(
    { event, from: { context: from }, to: { context: to } }: Step,
    emitted: readonly RuntimeEvent[],
  ): RuntimeEvent[] {
    const expected: RuntimeEvent[] = []
    const version = 'version' in event ? event.version : undefined
    if (version === from.leaving) expected.push(...emitted)
    else if (version === from.active) (from.leaving === null ? expected : this.#held).push(...emitted)
    else if (version === from.next) for (const event of emitted) this.#capture(event)
    const hasNextLeft = from.next !== null && event.type === 'version.stopped' && event.version === from.next
    if (hasNextLeft) expected.push({ type: 'configUpdated' })
    if (from.next !== null && !hasNextLeft && to.active === from.next) {
      if (this.#captured !== undefined) this.#held.push(this.#captured)
      this.#captured = undefined
    }
    if (to.leaving === null) expected.push(...this.#held.splice(0))
    if (to.next !== null && (to.next !== from.next || hasNextLeft)) {
      this.#captured = undefined
      expected.push({ type: 'configUpdated' })
    }
    return expected
  }

  #capture(event: RuntimeEvent): void {
    if (event.type === 'started') this.#captured = event
    if (event.type === 'stopped') this.#captured = undefined
    if (event.type !== 'updated' || this.#captured === undefined) return
    const { type, version } = this.#captured
    const { capabilityTEE } = event
    this.#captured = capabilityTEE === undefined ? { type, version } : { type, version, capabilityTEE }
  }
}
