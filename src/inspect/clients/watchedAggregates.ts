import type { Subscription } from 'rxjs'
import type { Aggregate } from '../../aggregate.js'
import type { AggregateStatus } from '../../status.js'
import type { Recorder } from '../recorder/index.js'

/** The part of an aggregate that `watch` needs. */
export type Watchable = Pick<Aggregate, 'id' | 'status' | 'watchEvents'>

/** A watched aggregate, with its status as last read. */
export interface WatchedAggregate {
  readonly aggregate: Watchable
  /** Rises with each change of the status. */
  revision: number
  status: AggregateStatus | undefined
  /** The status as JSON, to detect a change. */
  json: string
  readAt: number
}

/** The aggregates that are watched. */
export class WatchedAggregates {
  readonly #recorder: Recorder
  readonly #watched = new Map<Watchable, WatchedAggregate>()
  readonly #subscriptions = new Map<Watchable, Subscription>()

  constructor(recorder: Recorder) {
    this.#recorder = recorder
  }

  all(): Iterable<WatchedAggregate> {
    return this.#watched.values()
  }

  /** Watches an aggregate until it is disposed. A second call does nothing. */
  add(aggregate: Watchable): void {
    if (this.#watched.has(aggregate)) return
    this.#watched.set(aggregate, { aggregate, revision: 0, status: undefined, json: '', readAt: 0 })
    const subscription = aggregate.watchEvents().subscribe({
      complete: () => this.#ended(aggregate),
      error: () => this.#ended(aggregate),
    })
    // A disposed aggregate completes at once, and is removed before `subscribe` returns.
    if (this.#watched.has(aggregate)) this.#subscriptions.set(aggregate, subscription)
  }

  /** Reads the status of each. @returns whether one of them has changed */
  poll(): boolean {
    return [...this.#watched.values()].map(watched => this.#read(watched)).includes(true)
  }

  /** The status as a message; undefined if it was never read. */
  statusMessage({ aggregate, status, readAt }: WatchedAggregate): string | undefined {
    return status === undefined ? undefined : this.#recorder.serialize(this.#statusEvent(aggregate, status, readAt))
  }

  clear(): void {
    for (const subscription of this.#subscriptions.values()) {
      try {
        subscription.unsubscribe()
      } catch {
        // Only something that is not an Aggregate can throw here. The inspector still has to close.
      }
    }
    this.#subscriptions.clear()
    this.#watched.clear()
  }

  /** Records the last status, since nothing polls it from now on. */
  #ended(aggregate: Watchable): void {
    const watched = this.#watched.get(aggregate)
    this.#watched.delete(aggregate)
    this.#subscriptions.delete(aggregate)
    if (watched === undefined) return
    this.#read(watched)
    if (watched.status !== undefined) {
      this.#recorder.record(this.#statusEvent(aggregate, watched.status, watched.readAt))
    }
  }

  /** @returns whether the status has changed */
  #read(watched: WatchedAggregate): boolean {
    const current = readStatus(watched.aggregate)
    if (current === undefined || current.json === watched.json) return false
    watched.json = current.json
    watched.status = current.status
    watched.readAt = Date.now()
    watched.revision++
    return true
  }

  #statusEvent(aggregate: Watchable, status: AggregateStatus, createdAt: number) {
    const sessionId = this.#recorder.actors.rootNamed(`aggregate ${aggregate.id}`)?.sessionId
    return { type: '@cutover.status', sessionId, status, createdAt } as const
  }
}

/** Undefined if the status cannot be read or is not plain JSON, which an `Aggregate` rules out. */
function readStatus(aggregate: Watchable): { readonly status: AggregateStatus; readonly json: string } | undefined {
  try {
    const status = aggregate.status()
    return { status, json: JSON.stringify(status) }
  } catch {
    return undefined
  }
}
