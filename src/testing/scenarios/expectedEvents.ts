import type { RuntimeEvent } from '../../runtime.js'
import type { Step } from './steps.js'

/** What a subscriber of the aggregate must hear, worked out from rules 11 to 14, with a memory of what is kept back. */
export class ExpectedEvents {
  /** The next version's last `started`, with the capability that it has told since. */
  #captured: Extract<RuntimeEvent, { type: 'started' }> | undefined
  /** What the active version said while its predecessor was leaving. */
  #held: RuntimeEvent[] = []

  /** What a step makes audible, in order. @param said - what its runtime said, if the step is about one */
  after({ event, from: { context: from }, to: { context: to } }: Step, said: readonly RuntimeEvent[]): RuntimeEvent[] {
    const heard: RuntimeEvent[] = []
    const version = 'version' in event ? event.version : undefined
    if (version === from.leaving) heard.push(...said)
    else if (version === from.active) (from.leaving === null ? heard : this.#held).push(...said)
    else if (version === from.next) for (const event of said) this.#capture(event)
    const isNextDown = from.next !== null && event.type === 'version.stopped' && event.version === from.next
    if (isNextDown) heard.push({ type: 'configUpdated' })
    if (from.next !== null && !isNextDown && to.active === from.next) {
      if (this.#captured !== undefined) this.#held.push(this.#captured)
      this.#captured = undefined
    }
    if (to.leaving === null) heard.push(...this.#held.splice(0))
    if (to.next !== null && (to.next !== from.next || isNextDown)) {
      this.#captured = undefined
      heard.push({ type: 'configUpdated' })
    }
    return heard
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
