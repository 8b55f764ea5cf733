import type { ActorRefLike, InspectionEvent } from 'xstate'
import {
  currentSnapshot,
  Definitions,
  type RecordedEvent,
  type Sanitize,
  type SerializerOptions,
  serialize,
  snapshotStatus,
} from '../messages/index.js'
import { ActorTable, type TrackedActor } from './actorTable.js'
import { History } from './history.js'
import { SizeEstimator } from './sizeEstimate.js'

/** The least number of messages kept for slow clients, even if `history` is smaller. */
const MIN_CAPACITY = 256
/** How many large values may be kept until the end of the turn of the event loop, when they become JSON. */
const MAX_DEFERRED = 16
/** The approximate size of an entry without its values, in bytes. */
const ENTRY_BYTES = 200

const NOT_KEPT = '[not kept: large, and no client was connected]'

/** An entry holds the recorded event, and after the first read its JSON instead. */
interface HistoryEntry {
  recorded: RecordedEvent | undefined
  json: string | undefined
}

/** The options of an inspector that concern recording. */
export interface RecorderOptions {
  readonly sanitize: Sanitize
  readonly history: number
  readonly historyBytes: number
  readonly maxMessageBytes: number
}

/** The object that reads from the recorder. */
export interface RecorderListener {
  readonly hasClients: boolean
  /** Something was recorded. */
  recorded(): void
}

/** Records XState's inspection events, and converts them to messages when they are read. */
export class Recorder {
  readonly actors = new ActorTable()
  readonly history: History<HistoryEntry>
  readonly #options: RecorderOptions & SerializerOptions
  readonly #listener: RecorderListener
  /** The numbers of the entries with large values. */
  readonly #deferred: number[] = []
  readonly #sizes = new SizeEstimator()

  constructor(options: RecorderOptions, listener: RecorderListener) {
    this.#options = { ...options, definitions: new Definitions(options.sanitize) }
    this.#listener = listener
    this.history = new History(Math.max(options.history, MIN_CAPACITY), options.historyBytes)
  }

  /** The number of the first message that a new client gets. */
  get start(): number {
    return Math.max(this.history.tail, this.history.head - this.#options.history)
  }

  inspect(event: InspectionEvent): void {
    switch (event.type) {
      case '@xstate.actor':
        this.#announce(event.actorRef, event.rootId)
        break
      case '@xstate.event':
        this.#recordEvent(this.#receiver(event.actorRef, event.rootId), event.event, event.sourceRef?.sessionId)
        break
      case '@xstate.snapshot':
        this.#recordSnapshot(this.#actor(event.actorRef, event.rootId), event.event, event.snapshot)
        break
      default:
        return
    }
    this.#listener.recorded()
  }

  /** Records an event whose values are known to be small. */
  record(recorded: RecordedEvent): void {
    this.#push(recorded, 1_000)
    this.#listener.recorded()
  }

  /** The message with this number; undefined if the history no longer has it. */
  messageAt(number: number): string | undefined {
    const entry = this.history.at(number)
    if (entry === undefined) return undefined
    // Not cached: an announcement holds a whole definition, and the actor's snapshot changes.
    if (entry.recorded?.type === '@xstate.actor') return this.serialize(entry.recorded)
    return entry.json ?? this.#convert(number, entry)
  }

  announcementOf(actor: TrackedActor): string {
    return this.serialize({ type: '@xstate.actor', actor })
  }

  /** The message of an event that is not in the history. */
  serialize(recorded: RecordedEvent): string {
    return serialize(recorded, this.#options)
  }

  /** Converts the large values of this turn, so that they are not kept in memory beyond it. */
  convertDeferred(): void {
    for (const number of this.#deferred.splice(0)) this.messageAt(number)
  }

  clear(): void {
    this.history.clear()
    this.actors.clear()
    this.#deferred.length = 0
  }

  #announce(ref: ActorRefLike, rootId: string): TrackedActor {
    const actor = this.actors.add(ref, rootId, this.history.head)
    this.#push({ type: '@xstate.actor', actor }, 0)
    return actor
  }

  /** Announces an actor that was created before this inspector, when its first event arrives. */
  #actor(ref: ActorRefLike, rootId: string): TrackedActor {
    return this.actors.get(ref.sessionId) ?? this.#announce(ref, rootId)
  }

  /** The actor that an event was sent to. XState reports an event to a stopped actor too, but no snapshot after it. */
  #receiver(ref: ActorRefLike, rootId: string): TrackedActor {
    const known = this.actors.get(ref.sessionId)
    if (known !== undefined) return known
    const actor = this.#announce(ref, rootId)
    const snapshot = currentSnapshot(ref)
    if (snapshotStatus(snapshot)['status'] !== 'active') {
      const last = this.#sizeOf(snapshot) === undefined ? strippedSnapshot(snapshot) : snapshot
      this.actors.markStopped(actor, actor.announcedAt, last)
    }
    return actor
  }

  #recordEvent({ sessionId, rootId }: TrackedActor, event: unknown, sourceId: string | undefined): void {
    const size = this.#sizes.estimate(event)
    const kept = size !== undefined || this.#mayDefer ? event : strippedEvent(event)
    this.#push({ type: '@xstate.event', event: kept, sessionId, rootId, sourceId, createdAt: Date.now() }, size)
  }

  #recordSnapshot(actor: TrackedActor, event: unknown, snapshot: unknown): void {
    const { sessionId, rootId } = actor
    const snapshotSize = this.#sizeOf(snapshot)
    const eventSize = this.#sizes.estimate(event)
    const size = snapshotSize === undefined || eventSize === undefined ? undefined : snapshotSize + eventSize
    const last = snapshotSize === undefined ? strippedSnapshot(snapshot) : snapshot
    const isKept = size !== undefined || this.#mayDefer
    const kept = {
      event: isKept || eventSize !== undefined ? event : strippedEvent(event),
      snapshot: isKept ? snapshot : last,
    }
    actor.latestAt = this.#push({ type: '@xstate.snapshot', ...kept, sessionId, rootId, createdAt: Date.now() }, size)
    const { status } = snapshot as Record<string, unknown>
    if (status !== 'active' && actor.stoppedAt === undefined) this.actors.markStopped(actor, actor.latestAt, last)
  }

  /** About how many bytes a snapshot keeps in memory; undefined if it is large. */
  #sizeOf(snapshot: unknown): number | undefined {
    const { context, input, output, error } = snapshot as Record<string, unknown>
    return this.#sizes.estimate(context, input, output, error)
  }

  /** Whether a large value may be kept until the end of the turn. */
  get #mayDefer(): boolean {
    return this.#listener.hasClients && this.#deferred.length < MAX_DEFERRED
  }

  /** @param size - undefined if a value is large */
  #push(recorded: RecordedEvent, size: number | undefined): number {
    const isDeferred = size === undefined && this.#mayDefer
    const number = this.history.push({ recorded, json: undefined }, (size ?? 0) + ENTRY_BYTES)
    if (isDeferred) this.#deferred.push(number)
    return number
  }

  #convert(number: number, entry: HistoryEntry): string | undefined {
    if (entry.recorded === undefined) return undefined
    const json = this.serialize(entry.recorded)
    entry.json = json
    entry.recorded = undefined
    this.history.resize(number, json.length * 2 + ENTRY_BYTES)
    return json
  }
}

function strippedEvent(event: unknown): unknown {
  const { type } = event as { readonly type?: unknown }
  return { type: typeof type === 'string' ? type.slice(0, 200) : '', note: NOT_KEPT }
}

function strippedSnapshot(snapshot: unknown): unknown {
  const { status, value } = snapshot as Record<string, unknown>
  return { status, ...(value === undefined ? {} : { value }), context: NOT_KEPT }
}
