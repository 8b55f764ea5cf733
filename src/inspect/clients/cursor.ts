import { droppedText } from '../messages/serialize.js'
import type { KnownActor } from '../recorder/actorTable.js'
import type { Recorder } from '../recorder/recorder.js'
import type { Watch, Watches } from './watchedAggregates.js'

/** The numbers from `from` to before `to`. */
interface Range {
  readonly from: number
  readonly to: number
}

/**
 * What one viewer is still to be sent, worked out only when there is room for it: a place in the history, not a queue.
 * When the history has moved on beyond that place, the viewer is told how many messages it has missed, and gets anew the
 * actors that these were about.
 */
export class Feed {
  readonly #recorder: Recorder
  readonly #watches: Watches
  /** The number of the next message. */
  #place: number
  #missed = 0
  #missedSaid = 0
  #missedRange: Range | undefined
  #actors: { readonly all: Iterator<KnownActor>; readonly range: Range } | undefined
  readonly #statuses = new WeakMap<Watch, number>()

  constructor(recorder: Recorder, watches: Watches) {
    this.#recorder = recorder
    this.#watches = watches
    this.#place = recorder.start
    this.#missedRange = { from: Number.NEGATIVE_INFINITY, to: this.#place }
  }

  /** What this viewer is still to be told begins here. */
  get place(): number {
    return Math.min(this.#place, this.#missedRange?.from ?? this.#place, this.#actors?.range.from ?? this.#place)
  }

  /** The next message; undefined when there is nothing new. */
  next(): string | undefined {
    const { history } = this.#recorder
    if (this.#place < history.tail) this.#fallBehind(history.tail)
    if (this.#missed > this.#missedSaid) {
      this.#missedSaid = this.#missed
      return droppedText(this.#missed)
    }
    return this.#announcement() ?? this.#message() ?? this.#status()
  }

  #fallBehind(tail: number): void {
    this.#missed += tail - this.#place
    // A round through the actors that is under way goes on; what was missed during it needs another one.
    this.#missedRange = { from: this.#missedRange?.from ?? this.#place, to: tail }
    this.#place = tail
  }

  #announcement(): string | undefined {
    for (;;) {
      if (this.#actors === undefined) {
        if (this.#missedRange === undefined) return undefined
        this.#actors = { all: this.#recorder.actors.all(), range: this.#missedRange }
        this.#missedRange = undefined
      }
      const { all, range } = this.#actors
      for (let step = all.next(); step.done !== true; step = all.next()) {
        if (isAbout(step.value, range)) return this.#recorder.announcement(step.value)
      }
      this.#actors = undefined
    }
  }

  #message(): string | undefined {
    while (this.#place < this.#recorder.history.head) {
      const text = this.#recorder.text(this.#place++)
      if (text !== undefined) return text
    }
    return undefined
  }

  #status(): string | undefined {
    for (const watch of this.#watches.all()) {
      if (this.#statuses.get(watch) === watch.revision) continue
      this.#statuses.set(watch, watch.revision)
      const text = this.#watches.textOf(watch)
      if (text !== undefined) return text
    }
    return undefined
  }
}

/** Whether what was missed is all that told of the actor, or of its latest snapshot. */
function isAbout({ first, latest }: KnownActor, { from, to }: Range): boolean {
  return (first >= from && first < to) || (latest >= from && latest < to)
}
