import type { ActorRefLike } from 'xstate'
import type { ActorInfo } from '../messages/index.js'

/** Beyond this many, the table forgets actors: those that stopped first, then the oldest. */
const MAX_ACTORS = 10_000

/** An actor, with the numbers that the history gave to the recorded events about it. */
export interface TrackedActor extends ActorInfo {
  /** The number of its announcement. */
  readonly announcedAt: number
  /** The number of its latest snapshot, or of its announcement if there is no snapshot yet. */
  latestAt: number
  /** The number of the snapshot with which it stopped. */
  stoppedAt: number | undefined
}

/** Fields of an actor that XState's types leave out. */
interface ActorRefInternals extends ActorRefLike {
  readonly id?: string
  readonly logic?: { readonly config?: unknown }
  readonly _parent?: { readonly sessionId: string }
}

/** The actors that run, and those that have stopped while the history still has events about them. */
export class ActorTable {
  readonly #bySessionId = new Map<string, TrackedActor>()
  /** In the order in which they stopped. */
  readonly #stopped = new Set<TrackedActor>()

  get(sessionId: string): TrackedActor | undefined {
    return this.#bySessionId.get(sessionId)
  }

  /** @param announcedAt - the number that its announcement has in the history */
  add(ref: ActorRefInternals, rootId: string, announcedAt: number): TrackedActor {
    const config = ref.logic?.config
    const hasConfig = typeof config === 'object' && config !== null
    const machineId = hasConfig ? (config as { readonly id?: unknown }).id : undefined
    const id = typeof ref.id === 'string' ? ref.id : ref.sessionId
    const actor: TrackedActor = {
      sessionId: ref.sessionId,
      rootId,
      parentId: ref._parent?.sessionId,
      // XState gives a root without an id its session id.
      name: id === ref.sessionId && typeof machineId === 'string' ? machineId : id,
      config: hasConfig ? config : undefined,
      createdAt: Date.now(),
      ref,
      lastSnapshot: undefined,
      announcedAt,
      latestAt: announcedAt,
      stoppedAt: undefined,
    }
    this.#forget(this.#bySessionId.get(ref.sessionId))
    this.#bySessionId.set(ref.sessionId, actor)
    if (this.#bySessionId.size > MAX_ACTORS) this.#forget(this.#stopped.values().next().value ?? this.#oldest())
    return actor
  }

  /** @param stoppedAt - the number of its last snapshot in the history */
  markStopped(actor: TrackedActor, stoppedAt: number, lastSnapshot: unknown): void {
    actor.ref = undefined
    actor.lastSnapshot = lastSnapshot
    actor.stoppedAt = stoppedAt
    this.#stopped.add(actor)
  }

  /** Forgets the actors that stopped before this number. */
  forgetStoppedBefore(number: number): void {
    for (const actor of this.#stopped) {
      if ((actor.stoppedAt ?? 0) >= number) return
      this.#forget(actor)
    }
  }

  /** The one running root with this name; undefined if there is none, or more than one. */
  rootNamed(name: string): TrackedActor | undefined {
    let found: TrackedActor | undefined
    for (const actor of this.#bySessionId.values()) {
      if (actor.parentId !== undefined || actor.name !== name || actor.ref === undefined) continue
      if (found !== undefined) return undefined
      found = actor
    }
    return found
  }

  /** In the order in which they were added. Includes actors that are added during the iteration. */
  all(): IterableIterator<TrackedActor> {
    return this.#bySessionId.values()
  }

  clear(): void {
    this.#bySessionId.clear()
    this.#stopped.clear()
  }

  #oldest(): TrackedActor | undefined {
    return this.#bySessionId.values().next().value
  }

  #forget(actor: TrackedActor | undefined): void {
    if (actor === undefined) return
    this.#stopped.delete(actor)
    this.#bySessionId.delete(actor.sessionId)
  }
}
