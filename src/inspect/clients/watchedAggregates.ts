import type { Subscription } from 'rxjs'
import type { Aggregate } from '../../aggregate.js'
import type { AggregateStatus } from '../../status.js'
import type { Recorder } from '../recorder/recorder.js'

/** What of an aggregate is needed to watch it. */
export type Watchable = Pick<Aggregate, 'id' | 'status' | 'watchEvents'>

/** An aggregate that is watched, and how it stood when it was last looked at. */
export interface Watch {
  readonly aggregate: Watchable
  /** Rises with each change. */
  revision: number
  status: AggregateStatus | undefined
  /** The status as JSON, to see whether it has changed. */
  key: string
  lookedAt: number
}

/** The aggregates that are watched. */
export class Watches {
  readonly #recorder: Recorder
  readonly #watches = new Map<Watchable, Watch>()
  readonly #subscriptions = new Map<Watchable, Subscription>()

  constructor(recorder: Recorder) {
    this.#recorder = recorder
  }

  get size(): number {
    return this.#watches.size
  }

  all(): Iterable<Watch> {
    return this.#watches.values()
  }

  /** From now on until the aggregate is disposed of; a second time does nothing. */
  add(aggregate: Watchable): void {
    if (this.#watches.has(aggregate)) return
    this.#watches.set(aggregate, { aggregate, revision: 0, status: undefined, key: '', lookedAt: 0 })
    const subscription = aggregate.watchEvents().subscribe({
      complete: () => this.#end(aggregate),
      error: () => this.#end(aggregate),
    })
    if (this.#watches.has(aggregate)) this.#subscriptions.set(aggregate, subscription)
  }

  /** Looks at all of them. @returns whether one has changed */
  look(): boolean {
    const before = [...this.#watches.values()].map(watch => watch.revision)
    for (const watch of this.#watches.values()) this.#lookAt(watch)
    return [...this.#watches.values()].some((watch, index) => watch.revision !== before[index])
  }

  textOf({ aggregate, status, lookedAt }: Watch): string | undefined {
    return status === undefined ? undefined : this.#recorder.write(this.#happening(aggregate, status, lookedAt))
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
    this.#watches.clear()
  }

  /** The last status is told in the history: nobody looks any more. */
  #end(aggregate: Watchable): void {
    const watch = this.#watches.get(aggregate)
    this.#watches.delete(aggregate)
    this.#subscriptions.delete(aggregate)
    if (watch === undefined) return
    this.#lookAt(watch)
    if (watch.status !== undefined) this.#recorder.record(this.#happening(aggregate, watch.status, watch.lookedAt))
  }

  #lookAt(watch: Watch): void {
    const seen = statusOf(watch.aggregate)
    if (seen === undefined || seen.key === watch.key) return
    watch.key = seen.key
    watch.status = seen.status
    watch.lookedAt = Date.now()
    watch.revision++
  }

  #happening(aggregate: Watchable, status: AggregateStatus, createdAt: number) {
    const sessionId = this.#recorder.actors.root(`aggregate ${aggregate.id}`)?.sessionId
    return { type: '@cutover.status', sessionId, status, createdAt } as const
  }
}

/** An aggregate's status does not throw, and is plain JSON; that of something like it, which may, is not shown. */
function statusOf(aggregate: Watchable): { readonly status: AggregateStatus; readonly key: string } | undefined {
  try {
    const status = aggregate.status()
    return { status, key: JSON.stringify(status) }
  } catch {
    return undefined
  }
}
