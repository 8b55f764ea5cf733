import { serializeDropped } from '../messages/index.js'
import type { Recorder, TrackedActor } from '../recorder/index.js'
import type { Reading, WatchedAggregates } from './watchedAggregates.js'

/** Numbers in the history: from `from` up to, but without, `to`. */
interface NumberRange {
  readonly from: number
  readonly to: number
}

/**
 * A client's position in the history. It computes the next message only when the client can take one, so a slow client
 * has no queue of its own. If the history has moved past the position, the client is told how many messages it missed,
 * and gets new announcements of the actors that these messages were about.
 */
export class Cursor {
  readonly #recorder: Recorder
  readonly #watched: WatchedAggregates
  /** The number of the next message. */
  #next: number
  #missed = 0
  #missedReported = 0
  #missedRange: NumberRange | undefined
  /** The announcements in progress, for the actors in this range. */
  #announcing: { readonly actors: Iterator<TrackedActor>; readonly range: NumberRange } | undefined
  readonly #sentRevisions = new WeakMap<Reading, number>()
  /** The readings that it has not looked at since it looked at all of them. */
  #readings: Iterator<Reading> | undefined

  constructor(recorder: Recorder, watched: WatchedAggregates) {
    this.#recorder = recorder
    this.#watched = watched
    this.#next = recorder.start
    this.#missedRange = { from: Number.NEGATIVE_INFINITY, to: this.#next }
  }

  /** The lowest number that this client still needs. */
  get position(): number {
    return Math.min(this.#next, this.#missedRange?.from ?? this.#next, this.#announcing?.range.from ?? this.#next)
  }

  /** The next message; undefined if there is nothing new. */
  next(): string | undefined {
    const { tail } = this.#recorder.history
    if (this.#next < tail) this.#skipTo(tail)
    if (this.#missed > this.#missedReported) {
      this.#missedReported = this.#missed
      return serializeDropped(this.#missed)
    }
    return this.#nextAnnouncement() ?? this.#nextMessage() ?? this.#nextReading()
  }

  #skipTo(tail: number): void {
    this.#missed += tail - this.#next
    // Announcements in progress continue. A further pass covers what was missed meanwhile.
    this.#missedRange = { from: this.#missedRange?.from ?? this.#next, to: tail }
    this.#next = tail
  }

  #nextAnnouncement(): string | undefined {
    for (;;) {
      if (this.#announcing === undefined) {
        if (this.#missedRange === undefined) return undefined
        this.#announcing = { actors: this.#recorder.actors.all(), range: this.#missedRange }
        this.#missedRange = undefined
      }
      const { actors, range } = this.#announcing
      for (let step = actors.next(); step.done !== true; step = actors.next()) {
        if (isAffected(step.value, range)) return this.#recorder.announcementOf(step.value)
      }
      this.#announcing = undefined
    }
  }

  #nextMessage(): string | undefined {
    while (this.#next < this.#recorder.history.head) {
      const json = this.#recorder.messageAt(this.#next++)
      if (json !== undefined) return json
    }
    return undefined
  }

  /** Goes on where it has stopped, so that readings which always change do not hold up those behind them. */
  #nextReading(): string | undefined {
    const json = this.#readings && this.#changedOf(this.#readings)
    if (json !== undefined) return json
    this.#readings = this.#watched.all()[Symbol.iterator]()
    return this.#changedOf(this.#readings)
  }

  #changedOf(readings: Iterator<Reading>): string | undefined {
    for (let step = readings.next(); step.done !== true; step = readings.next()) {
      const reading = step.value
      if (this.#sentRevisions.get(reading) === reading.revision) continue
      this.#sentRevisions.set(reading, reading.revision)
      const json = this.#watched.messageOf(reading)
      if (json !== undefined) return json
    }
    return undefined
  }
}

/** Whether the range holds the actor's announcement or its latest snapshot. */
function isAffected({ announcedAt, latestAt }: TrackedActor, { from, to }: NumberRange): boolean {
  return (announcedAt >= from && announcedAt < to) || (latestAt >= from && latestAt < to)
}
