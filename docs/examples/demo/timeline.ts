import { performance } from 'node:perf_hooks'
import type { RuntimeEvent } from 'cutover'

/** `did`: what the demo did. `event`: what the aggregate said of itself. `saw`: what was seen from outside. */
export type EntryKind = 'did' | 'event' | 'saw'

export interface Entry {
  /** ms since the start. */
  readonly at: number
  readonly kind: EntryKind
  readonly text: string
}

/** What happened, and when, counted from when this was made. */
export class Timeline {
  readonly entries: Entry[] = []
  readonly #start = performance.now()

  now(): number {
    return performance.now() - this.#start
  }

  /** @returns when that was, in ms since the start */
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
