import type { Subscription } from 'rxjs'
import type { Aggregate, AggregateMetrics, AggregateStatus } from '../../aggregate/index.js'
import type { RecordedEvent } from '../messages/index.js'
import type { Recorder } from '../recorder/index.js'

/** The part of an aggregate that `watch` needs. */
export type Watchable = Pick<Aggregate, 'id' | 'status' | 'watchEvents'> & Partial<Pick<Aggregate, 'metrics'>>

/** The part of a composite that `watch` needs. */
export interface WatchableComposite {
  /** The ids of its components. */
  components(): readonly string[]
  /** The aggregate of one component. */
  component(id: string): Watchable | undefined
}

/** The status or the metrics of a watched aggregate, as last read. */
export interface Reading {
  readonly aggregate: Watchable
  readonly kind: 'status' | 'metrics'
  /** Rises with each change. */
  revision: number
  value: AggregateStatus | AggregateMetrics | undefined
  /** The value as JSON, to detect a change. */
  json: string
  readAt: number
}

/** The metrics change with every call, so they are read only in one of so many polls. */
const POLLS_PER_METRICS = 10

/** The aggregates that are watched. */
export class WatchedAggregates {
  readonly #recorder: Recorder
  readonly #watched = new Map<Watchable, readonly Reading[]>()
  readonly #subscriptions = new Map<Watchable, Subscription>()

  #polls = 0

  constructor(recorder: Recorder) {
    this.#recorder = recorder
  }

  all(): Iterable<Reading> {
    return [...this.#watched.values()].flat()
  }

  /** Watches an aggregate until it is disposed. A second call does nothing. */
  add(aggregate: Watchable): void {
    if (this.#watched.has(aggregate)) return
    const unread = { aggregate, revision: 0, value: undefined, json: '', readAt: 0 }
    this.#watched.set(aggregate, [
      { ...unread, kind: 'status' },
      { ...unread, kind: 'metrics' },
    ])
    const subscription = aggregate.watchEvents().subscribe({
      complete: () => this.#ended(aggregate),
      error: () => this.#ended(aggregate),
    })
    // A disposed aggregate completes at once, and is removed before `subscribe` returns.
    if (this.#watched.has(aggregate)) this.#subscriptions.set(aggregate, subscription)
  }

  /** Reads the status of each, and in every tenth poll the metrics. @returns whether one of them has changed */
  poll(): boolean {
    const readsMetrics = this.#polls++ % POLLS_PER_METRICS === 0
    const due = [...this.all()].filter(({ kind, revision }) => kind === 'status' || readsMetrics || revision === 0)
    return due.map(read).includes(true)
  }

  /** The reading as a message; undefined if it was never read. */
  messageOf(reading: Reading): string | undefined {
    const event = this.#eventOf(reading)
    return event === undefined ? undefined : this.#recorder.serialize(event)
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

  /** Records the last status and the last metrics, since nothing polls them from now on. */
  #ended(aggregate: Watchable): void {
    const readings = this.#watched.get(aggregate) ?? []
    this.#watched.delete(aggregate)
    this.#subscriptions.delete(aggregate)
    for (const reading of readings) {
      read(reading)
      const event = this.#eventOf(reading)
      if (event !== undefined) this.#recorder.record(event)
    }
  }

  #eventOf({ kind, value, readAt: createdAt }: Reading): RecordedEvent | undefined {
    if (value === undefined) return undefined
    const sessionId = this.#recorder.actors.rootNamed(`aggregate ${value.id}`)?.sessionId
    return { type: `@cutover.${kind}`, sessionId, [kind]: value, createdAt } as RecordedEvent
  }
}

/**
 * Reads the value, if the aggregate has it. Changes nothing if it cannot be read or is not plain JSON, which an `Aggregate`
 * rules out.
 *
 * @returns whether it has changed
 */
function read(reading: Reading): boolean {
  try {
    const value = reading.aggregate[reading.kind]?.()
    if (value === undefined) return false
    const json = JSON.stringify(value)
    if (json === reading.json) return false
    reading.json = json
    reading.value = value
    reading.readAt = Date.now()
    reading.revision++
    return true
  } catch {
    return false
  }
}
