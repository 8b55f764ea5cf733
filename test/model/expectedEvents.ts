import type { AggregateEvent, AggregateSnapshot } from 'cutover/machines'

/**
 * What subscribers must hear, worked out anew from rules 11 to 14, with a memory of what is kept back. Uses of
 * the machine only which version is active, next and leaving before and after a step.
 */
export class ExpectedEvents {
  /** The next version's captured `started`. */
  #captured: string | null = null
  /** What the active version said while its predecessor was leaving. */
  #held: string[] = []

  /** What one step makes audible, in order. */
  after({ context: from }: AggregateSnapshot, event: AggregateEvent, { context: to }: AggregateSnapshot): string[] {
    const heard: string[] = []
    const said = saidByHost(event)
    if (said !== null) {
      if (said.version === from.leaving) heard.push(said.text)
      else if (said.version === from.active) (from.leaving === null ? heard : this.#held).push(said.text)
      else if (said.version === from.next) this.#captured = said.type === 'started' ? said.text : null
    }
    const nextIsDown = from.next !== null && event.type === 'version.stopped' && event.version === from.next
    if (nextIsDown) heard.push('configUpdated')
    const isPromoted = from.next !== null && !nextIsDown && to.active === from.next
    if (isPromoted) {
      if (this.#captured !== null) this.#held.push(this.#captured)
      this.#captured = null
    }
    if (to.leaving === null) heard.push(...this.#held.splice(0))
    const nextIsNew = to.next !== null && (to.next !== from.next || nextIsDown)
    if (nextIsNew) {
      this.#captured = null
      heard.push('configUpdated')
    }
    return heard
  }
}

function saidByHost(event: AggregateEvent): { type: string; version: string; text: string } | null {
  const types = { 'version.running': 'started', 'version.lost': 'stopped', 'version.stopped': 'stopped' } as const
  if (!(event.type in types) || !('version' in event)) return null
  const type = types[event.type as keyof typeof types]
  return { type, version: event.version, text: `${type} ${event.version}` }
}
