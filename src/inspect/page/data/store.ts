import {
  type ActorMessage,
  type EventMessage,
  type Happening,
  type Message,
  type Snapshot,
  type SnapshotMessage,
  timeOf,
} from './receivedMessage.js'
import { valueText } from './stateValue.js'
import { Timeline } from './timeline.js'

/** A line of the log: an event and what came of it, or a snapshot that came without one. */
export interface Entry {
  readonly seq: number
  readonly time: number
  readonly sessionId: string
  readonly name: string
  readonly sourceName: string | undefined
  readonly event: Happening
  /** The state value before. */
  readonly before: unknown
  /** What came of it; absent until the program says so. */
  snapshot?: Snapshot
}

/** An actor, as it is now. */
export interface Actor {
  readonly sessionId: string
  name: string
  parentId: string | undefined
  definition: string | undefined
  snapshot: Snapshot
  readonly children: string[]
  readonly seq: number
  /** What it was at the beginning of what is remembered. */
  base: ActorMessage
  /** The last entry that has a snapshot, but for what XState says by the way. */
  last?: Entry
}

/** How much is remembered. */
export interface StoreLimits {
  readonly messages: number
  readonly characters: number
  readonly actors: number
}

const LIMITS: StoreLimits = { messages: 12_000, characters: 48_000_000, actors: 2_000 }
const MAX_PENDING = 32

/** Whether an actor still runs. */
export const isAlive = (actor: Actor) => (actor.snapshot.status ?? 'active') === 'active'

/** An event of XState itself that changed nothing, as that a child has ended: not what the actor did last. */
function isAside({ event, before, snapshot }: Entry): boolean {
  return event.type.startsWith('xstate.') && valueText(before) === valueText(snapshot?.value)
}

/** What the page knows of a program, worked out message by message, in bounded memory. */
export class Store {
  readonly actors = new Map<string, Actor>()
  /** Oldest first. */
  entries: Entry[] = []
  timeline = new Timeline()
  /** How many messages the program dropped because this page was too slow. */
  dropped = 0
  /** Changes with every message. */
  revision = 0
  /** The actor that is not forgotten, whatever becomes of it. */
  kept: string | undefined
  readonly #limits: StoreLimits
  readonly #pending = new Map<string, Entry[]>()
  #history: { readonly message: Message; readonly size: number }[] = []
  #characters = 0
  #firstSeq = 0

  constructor(limits: Partial<StoreLimits> = {}) {
    this.#limits = { ...LIMITS, ...limits }
  }

  /** Takes in one message. @param size - how long its text was */
  apply(message: Message, size = 0): void {
    this.revision++
    if (message.type === '@cutover.dropped') {
      this.dropped = message.count
      return
    }
    const seq = this.#remember(message, size)
    const time = timeOf(message)
    this.timeline.tick(time)
    if (message.type === '@cutover.status') this.timeline.status(message, time)
    else if (message.type === '@xstate.actor') this.#actor(message, seq, time)
    else if (message.type === '@xstate.event') this.#event(message, seq, time)
    else this.#snapshot(message, seq, time)
  }

  /** What to write so that someone who reads it is where this store is. */
  recording(): Message[] {
    const before = [...this.actors.values()].filter(({ seq }) => seq < this.#firstSeq)
    return [...before.map(({ base }) => base), ...this.#history.map(({ message }) => message)]
  }

  #actor(message: ActorMessage, seq: number, time: number): void {
    const { sessionId, name, parentId, definition, snapshot = {} } = message
    const known = this.actors.get(sessionId)
    if (known === undefined) {
      this.#makeRoom()
      this.actors.set(sessionId, {
        sessionId,
        name,
        parentId,
        definition,
        snapshot,
        seq,
        base: message,
        children: this.#childrenOf(sessionId),
      })
    } else Object.assign(known, { name, parentId, definition, snapshot, base: message })
    const siblings = parentId === undefined ? undefined : this.actors.get(parentId)?.children
    if (siblings?.includes(sessionId) === false) siblings.push(sessionId)
    this.timeline.snapshot(message as ActorMessage & { parentId: string | undefined }, snapshot, time)
  }

  #event({ sessionId, sourceId, event }: EventMessage, seq: number, time: number): void {
    const actor = this.#known(sessionId, seq)
    const sourceName = sourceId === undefined ? undefined : (this.actors.get(sourceId)?.name ?? sourceId)
    const entry = { seq, time, sessionId, name: actor.name, sourceName, event, before: actor.snapshot.value }
    this.entries.push(entry)
    const pending = this.#pending.get(sessionId) ?? []
    pending.push(entry)
    if (pending.length > MAX_PENDING) pending.shift()
    this.#pending.set(sessionId, pending)
  }

  #snapshot({ sessionId, event, snapshot }: SnapshotMessage, seq: number, time: number): void {
    const actor = this.#known(sessionId, seq)
    const pending = this.#pending.get(sessionId)
    const index = pending?.findLastIndex(it => it.event.type === event.type) ?? -1
    const found = index === -1 ? undefined : pending?.splice(index, 1)[0]
    const before = actor.snapshot.value
    const entry = found ?? { seq, time, sessionId, name: actor.name, sourceName: undefined, event, before }
    if (found === undefined) this.entries.push(entry)
    entry.snapshot = snapshot
    if (!isAside(entry)) actor.last = entry
    actor.snapshot = snapshot
    if (event.type === 'xstate.init') this.timeline.begin(sessionId)
    this.timeline.snapshot(actor, snapshot, time)
    if (!isAlive(actor)) this.#pending.delete(sessionId)
  }

  /** The actor with this id; of one that nobody has told us about, all that can be known. */
  #known(sessionId: string, seq: number): Actor {
    const actor = this.actors.get(sessionId)
    if (actor !== undefined) return actor
    const base: ActorMessage = { type: '@xstate.actor', sessionId, name: sessionId, createdAt: '' }
    this.#makeRoom()
    const made: Actor = {
      sessionId,
      name: sessionId,
      parentId: undefined,
      definition: undefined,
      snapshot: {},
      children: [],
      seq,
      base,
    }
    this.actors.set(sessionId, made)
    return made
  }

  #childrenOf(sessionId: string): string[] {
    return [...this.actors.values()].filter(({ parentId }) => parentId === sessionId).map(it => it.sessionId)
  }

  /** Forgets the actor that ended first, if there are too many. */
  #makeRoom(): void {
    if (this.actors.size < this.#limits.actors) return
    for (const actor of this.actors.values()) {
      if (isAlive(actor) || actor.children.length > 0 || actor.sessionId === this.kept) continue
      this.actors.delete(actor.sessionId)
      const siblings = actor.parentId === undefined ? undefined : this.actors.get(actor.parentId)?.children
      if (siblings !== undefined) siblings.splice(siblings.indexOf(actor.sessionId), 1)
      return
    }
  }

  #remember(message: Message, size: number): number {
    this.#history.push({ message, size })
    this.#characters += size
    const isFull = this.#history.length > this.#limits.messages || this.#characters > this.#limits.characters
    if (isFull && this.#history.length > 1) this.#forget(Math.ceil(this.#history.length / 10))
    return this.#firstSeq + this.#history.length - 1
  }

  /** Forgets the oldest messages, all at once; what they came to stays known. */
  #forget(count: number): void {
    for (const { message, size } of this.#history.splice(0, count)) {
      this.#characters -= size
      if (message.type !== '@xstate.snapshot') continue
      const actor = this.actors.get(message.sessionId)
      if (actor !== undefined) actor.base = { ...actor.base, snapshot: message.snapshot }
    }
    this.#firstSeq += count
    const first = this.entries.findIndex(({ seq }) => seq >= this.#firstSeq)
    this.entries = first === -1 ? [] : this.entries.slice(first)
  }
}
