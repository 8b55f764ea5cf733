import type { ActorRefLike } from 'xstate'
import type { ActorFacts } from '../messages/recordedEvent.js'

/** More than that are not known at once: first those that have stopped are forgotten, then the oldest. */
const MAX_ACTORS = 10_000

/** One actor, and where in the history it is told of. */
export interface KnownActor extends ActorFacts {
  /** The number of its announcement. */
  readonly first: number
  /** The number of its latest snapshot; of its announcement as long as there was none. */
  latest: number
  /** The number of the snapshot with which it stopped. */
  stoppedAt: number | undefined
}

/** The parts of an actor that XState's types do not tell of. */
interface ActorInside extends ActorRefLike {
  readonly id?: string
  readonly logic?: { readonly config?: unknown }
  readonly _parent?: { readonly sessionId: string }
}

/** The actors that there are, and those that have stopped as long as the history tells of them. */
export class Actors {
  readonly #known = new Map<string, KnownActor>()
  /** In the order in which they stopped. */
  readonly #stopped = new Set<KnownActor>()

  get size(): number {
    return this.#known.size
  }

  get(sessionId: string): KnownActor | undefined {
    return this.#known.get(sessionId)
  }

  /** @param first - the number that its announcement has */
  add(ref: ActorInside, rootId: string, first: number): KnownActor {
    const config = ref.logic?.config
    const hasConfig = typeof config === 'object' && config !== null
    const machineId = hasConfig ? (config as { readonly id?: unknown }).id : undefined
    const id = typeof ref.id === 'string' ? ref.id : ref.sessionId
    const actor: KnownActor = {
      sessionId: ref.sessionId,
      rootId,
      parentId: ref._parent?.sessionId,
      // A root that was given no id has its session id for one.
      name: id === ref.sessionId && typeof machineId === 'string' ? machineId : id,
      config: hasConfig ? config : undefined,
      createdAt: Date.now(),
      ref,
      last: undefined,
      first,
      latest: first,
      stoppedAt: undefined,
    }
    this.#forget(this.#known.get(ref.sessionId))
    this.#known.set(ref.sessionId, actor)
    if (this.#known.size > MAX_ACTORS) this.#forget(this.#stopped.values().next().value ?? this.#oldest())
    return actor
  }

  stopped(actor: KnownActor, at: number, snapshot: unknown): void {
    actor.ref = undefined
    actor.last = snapshot
    actor.stoppedAt = at
    this.#stopped.add(actor)
  }

  /** Forgets the actors that had stopped before this number. */
  forgetBefore(number: number): void {
    for (const actor of this.#stopped) {
      if ((actor.stoppedAt ?? 0) >= number) return
      this.#forget(actor)
    }
  }

  /** The one root that has this name and lives; undefined if there are several. */
  root(name: string): KnownActor | undefined {
    let found: KnownActor | undefined
    for (const actor of this.#known.values()) {
      if (actor.parentId !== undefined || actor.name !== name || actor.ref === undefined) continue
      if (found !== undefined) return undefined
      found = actor
    }
    return found
  }

  /** In the order in which they came; those that come meanwhile follow. */
  all(): IterableIterator<KnownActor> {
    return this.#known.values()
  }

  clear(): void {
    this.#known.clear()
    this.#stopped.clear()
  }

  #oldest(): KnownActor | undefined {
    return this.#known.values().next().value
  }

  #forget(actor: KnownActor | undefined): void {
    if (actor === undefined) return
    this.#stopped.delete(actor)
    if (this.#known.get(actor.sessionId) === actor) this.#known.delete(actor.sessionId)
  }
}
