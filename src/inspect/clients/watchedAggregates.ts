import type { Subscription } from 'rxjs'
import type { Aggregate, AggregateMetrics, AggregateStatus } from '../../aggregate/index.js'
import { SESSION_ID } from '../../contract/index.js'
import type { Rollout, RolloutEvent } from '../../rollout/index.js'
import type { RecordedEvent, RolloutEnd, ShownRollout } from '../messages/index.js'
import type { Recorder } from '../recorder/index.js'

/** The part of an aggregate that `watch` needs. */
export type WatchableAggregate = Pick<Aggregate, 'id' | 'status' | 'watchEvents'> & Partial<Pick<Aggregate, 'metrics'>>

/** The part of a composite that `watch` needs. */
export interface WatchableComposite {
  /** The ids of its components. */
  components(): readonly string[]
  /** The aggregate of one component. */
  component(id: string): WatchableAggregate | undefined
}

/** The part of a rollout that `watch` needs. */
export type WatchableRollout = Pick<Rollout, 'status' | 'watch'>

/** An aggregate or a rollout, as far as `watch` needs it. */
export type Watchable = WatchableAggregate | WatchableRollout

type Shown = AggregateStatus | AggregateMetrics | ShownRollout

/** The status or the metrics of a watched aggregate, or a watched rollout, as last read. */
export interface Reading {
  readonly kind: 'status' | 'metrics' | 'rollout'
  /** The session id of its statechart, if it tells it. */
  readonly actorId?: string | undefined
  get(): Shown | undefined
  /** Rises with each change. */
  revision: number
  value: ReturnType<Reading['get']>
  /** The value as JSON, to detect a change. */
  json: string
  readAt: number
}

/** The metrics change with every call, so they are read only in one of so many polls. */
const POLLS_PER_METRICS = 10

/** The aggregates and the rollouts that are watched. */
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

  /** Watches an aggregate or a rollout until it is disposed. A second call does nothing. */
  add(watched: Watchable): void {
    if (this.#watched.has(watched)) return
    if ('watchEvents' in watched) this.#addAggregate(watched)
    else this.#addRollout(watched)
  }

  #addAggregate(aggregate: WatchableAggregate): void {
    const { [SESSION_ID]: actorId }: WatchableAggregate & { readonly [SESSION_ID]?: string } = aggregate
    this.#watched.set(aggregate, [
      { ...UNREAD, kind: 'status', actorId, get: () => aggregate.status() },
      { ...UNREAD, kind: 'metrics', actorId, get: () => aggregate.metrics?.() },
    ])
    const ended = () => this.#ended(aggregate)
    this.#follow(aggregate, aggregate.watchEvents().subscribe({ complete: ended, error: ended }))
  }

  /** Besides the status that is polled, each change and each end goes into the history. */
  #addRollout(rollout: WatchableRollout): void {
    const get = () => ({ status: rollout.status() })
    this.#watched.set(rollout, [{ ...UNREAD, kind: 'rollout', get }])
    const ended = () => this.#ended(rollout)
    const next = (event: RolloutEvent) => this.#record({ kind: 'rollout' }, { ...get(), ...endOf(event) }, Date.now())
    this.#follow(rollout, rollout.watch().subscribe({ next, complete: ended, error: ended }))
  }

  /** A disposed aggregate completes at once, and is removed before `subscribe` returns. */
  #follow(watched: Watchable, subscription: Subscription): void {
    if (this.#watched.has(watched)) this.#subscriptions.set(watched, subscription)
  }

  /** Reads the status of each, and in every tenth poll the metrics. @returns whether one of them has changed */
  poll(): boolean {
    const readsMetrics = this.#polls++ % POLLS_PER_METRICS === 0
    const due = [...this.all()].filter(({ kind, revision }) => kind !== 'metrics' || readsMetrics || revision === 0)
    return due.map(read).includes(true)
  }

  /** The reading as a message; undefined if it was never read. */
  messageOf(reading: Reading): string | undefined {
    const { value, readAt } = reading
    return value === undefined ? undefined : this.#recorder.serialize(this.#eventOf(reading, value, readAt))
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

  /** Records the last readings, since nothing polls them from now on. */
  #ended(watched: Watchable): void {
    const readings = this.#watched.get(watched) ?? []
    this.#watched.delete(watched)
    this.#subscriptions.delete(watched)
    for (const reading of readings) {
      read(reading)
      if (reading.value !== undefined) this.#record(reading, reading.value, reading.readAt)
    }
  }

  #record(reading: Pick<Reading, 'kind' | 'actorId'>, value: Shown, createdAt: number): void {
    this.#recorder.record(this.#eventOf(reading, value, createdAt))
  }

  /** The name alone does not tell an aggregate from one inside it, which has the same id. */
  #eventOf({ kind, actorId }: Pick<Reading, 'kind' | 'actorId'>, value: Shown, createdAt: number): RecordedEvent {
    const { actors } = this.#recorder
    const name = 'status' in value ? `rollout ${value.status.id}` : `aggregate ${value.id}`
    const own = actorId === undefined ? undefined : actors.get(actorId)
    const sessionId = (own ?? actors.rootNamed(name))?.sessionId
    return { type: `@cutover.${kind}`, sessionId, [kind]: value, createdAt } as RecordedEvent
  }
}

const UNREAD = { revision: 0, value: undefined, json: '', readAt: 0 }

/** The end that an event of a rollout tells of. */
function endOf(event: RolloutEvent): { readonly ended?: RolloutEnd } {
  if (event.type === 'changed') return {}
  if (event.type === 'promoted') {
    const { version, warning = null } = event.result
    return { ended: { version, outcome: event.type, reason: warning } }
  }
  const { code, report } = event.error
  return { ended: { version: report.version, outcome: code, reason: report.reason } }
}

/**
 * Reads the value, if there is one. Changes nothing if it cannot be read or is not plain JSON, which an `Aggregate` rules
 * out.
 *
 * @returns whether it has changed
 */
function read(reading: Reading): boolean {
  try {
    const value = reading.get()
    if (value === undefined) return false
    // The time that a step of a rollout has lasted is no change.
    const json = JSON.stringify(value, (key, part: unknown) => (key === 'duration' ? undefined : part))
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
