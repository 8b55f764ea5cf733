import type { VersionPair } from '../../machines/index.js'
import { type Aggregate, type AggregateStatus, OBSERVE, type Observation } from '../aggregate/index.js'
import type { CallObserver } from '../calls/index.js'
import type { History } from './judge/index.js'
import { secondRollout } from './rolloutErrors.js'

/** The aggregate as a rollout sees it: its facts, and the pair that the rollout asked for last. */
export class ObservedAggregate<Req, Res> {
  readonly aggregate: Aggregate<Req, Res>
  readonly #observation: Observation
  readonly #waiters = new Set<() => void>()
  /** The pairs that are not somebody else's; none while the rollout has asked for nothing. */
  #own: readonly VersionPair[] = []

  /** @param changed - called after every change of the aggregate */
  constructor(aggregate: Aggregate<Req, Res>, changed: () => void) {
    this.aggregate = aggregate
    const observation = aggregate[OBSERVE]({
      changed: () => {
        changed()
        for (const waiter of [...this.#waiters]) waiter()
      },
    })
    if (observation === undefined) throw secondRollout(aggregate.id)
    this.#observation = observation
  }

  get status(): AggregateStatus {
    return this.aggregate.status()
  }

  /** Whether the version is in place and running. */
  runs(version: string | null): boolean {
    const { active, next, versions } = this.status
    if (version === null || (version !== active && version !== next)) return false
    return versions.some(its => its.version === version && its.state === 'running')
  }

  /** Whether somebody else has changed the wanted pair since the rollout asked for one. */
  get isForeign(): boolean {
    if (this.#own.length === 0) return false
    const { wanted } = this.status
    return !this.#own.some(pair => isSame(pair, wanted))
  }

  /** The calls that the aggregate has sent to a version by its own choice, as long as it counts them. */
  history(version: string): History {
    const counts = this.aggregate.metrics().versions.find(its => its.version === version)
    if (counts === undefined) return { calls: 0, failures: 0 }
    const { answered, failed, durations } = counts
    return { calls: answered + failed, failures: failed, p90: durations?.p90, p99: durations?.p99 }
  }

  observeCalls(observer: CallObserver | null): void {
    this.#observation.observeCalls(observer)
  }

  /** Asks for a pair. Resolves when the aggregate has settled. */
  place(pair: VersionPair): Promise<unknown> {
    return this.#asking(pair, () => this.aggregate.setVersion(pair.active, pair.next, { promote: false }))
  }

  /** Swaps active and next. */
  swap(): Promise<unknown> {
    const { active, next } = this.status.wanted
    return this.#asking({ active: next, next: active }, () => this.aggregate.swap())
  }

  /** From now on no change of the wanted pair counts as that of somebody else. */
  forget(): void {
    this.#own = []
  }

  /** Resolves once `isTrue`, or `signal` has fired. Asks after every change of the aggregate. */
  async until(isTrue: () => boolean, signal: AbortSignal): Promise<void> {
    if (isTrue() || signal.aborted) return
    await new Promise<void>(resolve => {
      const end = () => {
        this.#waiters.delete(look)
        signal.removeEventListener('abort', end)
        resolve()
      }
      const look = () => {
        if (isTrue()) end()
      }
      this.#waiters.add(look)
      signal.addEventListener('abort', end)
    })
  }

  /** Lets another rollout have the aggregate. */
  release(): void {
    this.#observation.end()
  }

  /** Until the call has returned, the pair before it is not somebody else's either. */
  #asking(pair: VersionPair, ask: () => Promise<unknown>): Promise<unknown> {
    const before = this.#own
    this.#own = [...before, pair]
    const asked = ask()
    this.#own = isSame(this.status.wanted, pair) ? [pair] : before
    return asked
  }
}

function isSame(a: VersionPair, b: VersionPair): boolean {
  return a.active === b.active && a.next === b.next
}
