import { performance } from 'node:perf_hooks'
import type { RuntimeEvent } from 'cutover'

/** `call`: the demo called the aggregate. `event`: the aggregate emitted it. `observed`: seen from outside. */
export type EntryKind = 'call' | 'event' | 'observed'

export interface TimelineEntry {
  /** ms since the start. */
  readonly at: number
  readonly kind: EntryKind
  readonly text: string
}

/** Records what happens, with times since it was created. */
export class Timeline {
  readonly entries: TimelineEntry[] = []
  readonly #start = performance.now()

  now(): number {
    return performance.now() - this.#start
  }

  /** @returns the time of the entry, in ms since the start */
  add(kind: EntryKind, text: string): number {
    const at = this.now()
    this.entries.push({ at, kind, text })
    return at
  }

  addEvent(event: RuntimeEvent): number {
    const version = 'version' in event ? ` ${event.version}` : ''
    const error = 'error' in event ? `: ${event.error.message}` : ''
    return this.add('event', `${event.type}${version}${error}`)
  }
}
