import type { SizedMessage } from './messageQueue.js'
import {
  type ActorEvent,
  type ActorSnapshot,
  type ReceivedActor,
  type ReceivedEvent,
  type ReceivedMessage,
  type ReceivedSnapshot,
  timeOf,
} from './receivedMessage.js'
import { formatStateValue } from './stateValue.js'
import { Timeline } from './timeline.js'
import type { UnknownRecord } from './unknownRecord.js'

/** A line of the log: an event with the snapshot that it led to, or a snapshot without a known event. */
export interface LogEntry {
  readonly seq: number
  readonly time: number
  readonly sessionId: string
  readonly name: string
  /** The session id of the actor that sent the event, if an actor did. */
  readonly sourceId: string | undefined
  readonly sourceName: string | undefined
  readonly event: ActorEvent
  /** The state value before the event. */
  readonly before: unknown
  /** Absent until it arrives. */
  snapshot?: ActorSnapshot
}

/** An actor in its current state. */
export interface Actor {
  readonly sessionId: string
  name: string
  parentId: string | undefined
  definition: string | undefined
  snapshot: ActorSnapshot
  readonly children: string[]
  readonly seq: number
  /** The actor at the beginning of the kept messages. A recording begins with it. */
  baseline: ReceivedActor
  /** The last entry with a snapshot, without XState's own events that changed no state. */
  lastEntry?: LogEntry
}

/** How much the store keeps. */
export interface StoreLimits {
  readonly messages: number
  readonly characters: number
  readonly actors: number
}

const STORE_LIMITS: StoreLimits = { messages: 12_000, characters: 48_000_000, actors: 2_000 }
/** How many events of an actor may wait for their snapshots. */
const MAX_PENDING = 32

/** Whether an actor has not stopped. */
export const isAlive = (actor: Actor) => (actor.snapshot.status ?? 'active') === 'active'

/** Whether XState sent the event and it changed no state, such as the end of a child. */
function isInternal({ event, before, snapshot }: LogEntry): boolean {
  return event.type.startsWith('xstate.') && formatStateValue(before) === formatStateValue(snapshot?.value)
}

/** Everything the page knows of a program, built message by message in bounded memory. */
export class Store {
  readonly actors = new Map<string, Actor>()
  /** Oldest first. */
  entries: LogEntry[] = []
  timeline = new Timeline()
  /** The last metrics of each aggregate, by the session id of the aggregate. */
  readonly metrics = new Map<string, UnknownRecord>()
  /** How many messages this page missed because it was too slow. */
  dropped = 0
  /** The session id of an actor that the store must not forget. */
  pinned: string | undefined
  readonly #limits: StoreLimits
  /** The events of each actor that still wait for their snapshots. */
  readonly #pending = new Map<string, LogEntry[]>()
  #messages: SizedMessage[] = []
  #characters = 0
  /** The number of the oldest kept message. */
  #firstSeq = 0

  constructor(limits: Partial<StoreLimits> = {}) {
    this.#limits = { ...STORE_LIMITS, ...limits }
  }

  /** Takes in a message. @param size - the length of its JSON text */
  apply(message: ReceivedMessage, size = 0): void {
    if (message.type === '@cutover.dropped') {
      this.dropped = message.count
      return
    }
    const seq = this.#keep(message, size)
    const time = timeOf(message)
    this.timeline.extendTo(time)
    if (message.type === '@cutover.status') this.timeline.status(message, time)
    else if (message.type === '@cutover.rollout') this.timeline.rollouts.apply(message, time)
    else if (message.type === '@cutover.metrics') this.metrics.set(message.sessionId ?? '', message.metrics)
    else if (message.type === '@xstate.actor') this.#actor(message, seq, time)
    else if (message.type === '@xstate.event') this.#event(message, seq, time)
    else this.#snapshot(message, seq, time)
  }

  /** The messages of a recording. A new store that applies them has the same content as this one. */
  recording(): ReceivedMessage[] {
    const older = [...this.actors.values()].filter(({ seq }) => seq < this.#firstSeq)
    return [...older.map(({ baseline }) => baseline), ...this.#messages.map(({ message }) => message)]
  }

  #actor(message: ReceivedActor, seq: number, time: number): void {
    const { sessionId, name, parentId, definition, snapshot = {} } = message
    const known = this.actors.get(sessionId)
    if (known === undefined) this.#add(message, seq)
    else Object.assign(known, { name, parentId, definition, snapshot, baseline: message })
    const siblings = parentId === undefined ? undefined : this.actors.get(parentId)?.children
    if (siblings?.includes(sessionId) === false) siblings.push(sessionId)
    this.timeline.snapshot({ sessionId, name, parentId }, snapshot, time)
  }

  #event({ sessionId, sourceId, event }: ReceivedEvent, seq: number, time: number): void {
    const actor = this.#known(sessionId, seq)
    const sourceName = sourceId === undefined ? undefined : (this.actors.get(sourceId)?.name ?? sourceId)
    const { name, snapshot } = actor
    const entry = { seq, time, sessionId, name, sourceId, sourceName, event, before: snapshot.value }
    this.entries.push(entry)
    const pending = this.#pending.get(sessionId) ?? []
    pending.push(entry)
    if (pending.length > MAX_PENDING) pending.shift()
    this.#pending.set(sessionId, pending)
  }

  #snapshot({ sessionId, event, snapshot }: ReceivedSnapshot, seq: number, time: number): void {
    const actor = this.#known(sessionId, seq)
    const pending = this.#pending.get(sessionId)
    const index = pending?.findLastIndex(it => it.event.type === event.type) ?? -1
    const found = index === -1 ? undefined : pending?.splice(index, 1)[0]
    const before = actor.snapshot.value
    const unsent = { sourceId: undefined, sourceName: undefined }
    const entry = found ?? { seq, time, sessionId, name: actor.name, ...unsent, event, before }
    if (found === undefined) this.entries.push(entry)
    entry.snapshot = snapshot
    if (!isInternal(entry)) actor.lastEntry = entry
    actor.snapshot = snapshot
    if (event.type === 'xstate.init') this.timeline.restart(sessionId)
    this.timeline.snapshot(actor, snapshot, time)
    if (!isAlive(actor)) this.#pending.delete(sessionId)
  }

  /** Adds an actor with only its session id, if no message has announced it. */
  #known(sessionId: string, seq: number): Actor {
    const announcement: ReceivedActor = { type: '@xstate.actor', sessionId, name: sessionId, createdAt: '' }
    return this.actors.get(sessionId) ?? this.#add(announcement, seq)
  }

  #add(announcement: ReceivedActor, seq: number): Actor {
    const { sessionId, name, parentId, definition, snapshot = {} } = announcement
    this.#makeRoom()
    const children = [...this.actors.values()].filter(it => it.parentId === sessionId).map(it => it.sessionId)
    const actor: Actor = { sessionId, name, parentId, definition, snapshot, children, seq, baseline: announcement }
    this.actors.set(sessionId, actor)
    return actor
  }

  /** Forgets the oldest stopped actor, if there are too many. */
  #makeRoom(): void {
    if (this.actors.size < this.#limits.actors) return
    for (const actor of this.actors.values()) {
      if (isAlive(actor) || actor.children.length > 0 || actor.sessionId === this.pinned) continue
      this.actors.delete(actor.sessionId)
      this.metrics.delete(actor.sessionId)
      const siblings = actor.parentId === undefined ? undefined : this.actors.get(actor.parentId)?.children
      if (siblings !== undefined) siblings.splice(siblings.indexOf(actor.sessionId), 1)
      return
    }
  }

  /** @returns the number of the message */
  #keep(message: ReceivedMessage, size: number): number {
    this.#messages.push({ message, size })
    this.#characters += size
    const isFull = this.#messages.length > this.#limits.messages || this.#characters > this.#limits.characters
    if (isFull && this.#messages.length > 1) this.#drop(Math.ceil(this.#messages.length / 10))
    return this.#firstSeq + this.#messages.length - 1
  }

  /** Drops the oldest messages, a tenth at a time, and updates the baselines of their actors. */
  #drop(count: number): void {
    for (const { message, size } of this.#messages.splice(0, count)) {
      this.#characters -= size
      if (message.type !== '@xstate.snapshot') continue
      const actor = this.actors.get(message.sessionId)
      if (actor !== undefined) actor.baseline = { ...actor.baseline, snapshot: message.snapshot }
    }
    this.#firstSeq += count
    const first = this.entries.findIndex(({ seq }) => seq >= this.#firstSeq)
    this.entries = first === -1 ? [] : this.entries.slice(first)
  }
}
