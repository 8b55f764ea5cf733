import type { ActorRefLike, InspectionEvent } from 'xstate'
import { Definitions } from '../messages/definitions.js'
import type { Happening } from '../messages/recordedEvent.js'
import { type SerializerOptions, textOf } from '../messages/serialize.js'
import type { CompiledInspectorOptions } from '../options.js'
import { Actors, type KnownActor } from './actorTable.js'
import { History } from './history.js'
import { Scales } from './sizeEstimate.js'

/** How many messages are there for viewers that lag behind, however few are to be kept for those that come late. */
const LEAST_CAPACITY = 256
/** How many heavy values may wait for the end of the turn, when they become texts. */
const MAX_HEAVY = 16
/** About what a record takes besides what it refers to. */
const OVERHEAD = 200

const HEAVY_NOTE = '[not kept: large, and no viewer was there]'

/** What is kept of one happening: first what it refers to, then, once somebody has looked, its text. */
interface Entry {
  happening: Happening | undefined
  text: string | undefined
}

/** What of an inspector's options is about what is recorded. */
export type RecorderOptions = Pick<
  CompiledInspectorOptions,
  'history' | 'historyBytes' | 'maxMessageBytes' | 'sanitize'
>

/** Who wants to know of what is recorded. */
export interface RecorderListener {
  /** Whether somebody looks. */
  readonly isWatched: boolean
  /** There is something new. */
  recorded(): void
}

/** Takes XState's inspection events, and gives their messages to whoever asks, by number. */
export class Recorder {
  readonly actors = new Actors()
  readonly history: History<Entry>
  readonly #options: RecorderOptions & SerializerOptions
  readonly #listener: RecorderListener
  readonly #heavy: number[] = []
  readonly #scales = new Scales()

  constructor(options: RecorderOptions, listener: RecorderListener) {
    this.#options = { ...options, definitions: new Definitions(options.sanitize) }
    this.#listener = listener
    this.history = new History(Math.max(options.history, LEAST_CAPACITY), options.historyBytes)
  }

  /** The number from which a viewer begins that comes now. */
  get start(): number {
    return Math.max(this.history.tail, this.history.head - this.#options.history)
  }

  inspect(event: InspectionEvent): void {
    switch (event.type) {
      case '@xstate.actor':
        this.#announce(event.actorRef, event.rootId)
        break
      case '@xstate.event':
        this.#event(this.#actorOf(event.actorRef, event.rootId), event.event, event.sourceRef?.sessionId)
        break
      case '@xstate.snapshot':
        this.#snapshot(this.#actorOf(event.actorRef, event.rootId), event.event, event.snapshot)
        break
      default:
        return
    }
    this.#listener.recorded()
  }

  /** Records something that is light. */
  record(happening: Happening): void {
    this.#push(happening, 1_000)
    this.#listener.recorded()
  }

  /** The message with this number; undefined if there is none. */
  text(number: number): string | undefined {
    const entry = this.history.at(number)
    if (entry === undefined) return undefined
    // With a definition in it, and a snapshot that changes: an announcement is written for each viewer anew.
    if (entry.happening?.type === '@xstate.actor') return this.announcement(entry.happening.actor as KnownActor)
    return entry.text ?? this.#write(number, entry)
  }

  announcement(actor: KnownActor): string {
    return this.write({ type: '@xstate.actor', actor })
  }

  /** The message that tells of something which is not recorded. */
  write(happening: Happening): string {
    return textOf(happening, this.#options)
  }

  /** Heavy values are not kept beyond the turn in which they came. */
  settle(): void {
    for (const number of this.#heavy.splice(0)) this.text(number)
  }

  clear(): void {
    this.history.clear()
    this.actors.clear()
    this.#heavy.length = 0
  }

  #announce(ref: ActorRefLike, rootId: string): KnownActor {
    const actor = this.actors.add(ref, rootId, this.history.head)
    this.#push({ type: '@xstate.actor', actor }, 0)
    return actor
  }

  /** One that was there before this inspector is announced when it is first heard of. */
  #actorOf(ref: ActorRefLike, rootId: string): KnownActor {
    return this.actors.get(ref.sessionId) ?? this.#announce(ref, rootId)
  }

  #event({ sessionId, rootId }: KnownActor, event: unknown, sourceId: string | undefined): void {
    const weight = this.#scales.weigh(event)
    const isKept = weight !== undefined || this.#mayBeHeavy()
    const shown = isKept ? event : lightEvent(event)
    this.#push({ type: '@xstate.event', event: shown, sessionId, rootId, sourceId, createdAt: Date.now() }, weight)
  }

  #snapshot(actor: KnownActor, event: unknown, snapshot: unknown): void {
    const { sessionId, rootId } = actor
    const { context, input, output, error, status } = snapshot as Record<string, unknown>
    const own = this.#scales.weigh(context, input, output, error)
    const ofEvent = this.#scales.weigh(event)
    const last = own === undefined ? lightSnapshot(snapshot) : snapshot
    const weight = own === undefined || ofEvent === undefined ? undefined : own + ofEvent
    const isKept = weight !== undefined || this.#mayBeHeavy()
    const shown = {
      event: isKept || ofEvent !== undefined ? event : lightEvent(event),
      snapshot: isKept ? snapshot : last,
    }
    actor.latest = this.#push({ type: '@xstate.snapshot', ...shown, sessionId, rootId, createdAt: Date.now() }, weight)
    if (status !== 'active' && actor.stoppedAt === undefined) this.actors.stopped(actor, actor.latest, last)
  }

  /** Whether heavy values may be kept until the end of the turn. */
  #mayBeHeavy(): boolean {
    return this.#listener.isWatched && this.#heavy.length < MAX_HEAVY
  }

  /** @param weight - undefined if it is heavy */
  #push(happening: Happening, weight: number | undefined): number {
    const isHeavy = weight === undefined && this.#mayBeHeavy()
    const number = this.history.push({ happening, text: undefined }, (weight ?? 0) + OVERHEAD)
    if (isHeavy) this.#heavy.push(number)
    return number
  }

  #write(number: number, entry: Entry): string | undefined {
    if (entry.happening === undefined) return undefined
    const text = textOf(entry.happening, this.#options)
    entry.text = text
    entry.happening = undefined
    this.history.reweigh(number, text.length * 2 + OVERHEAD)
    return text
  }
}

function lightEvent(event: unknown): unknown {
  const { type } = event as { readonly type?: unknown }
  return { type: typeof type === 'string' ? type.slice(0, 200) : '', note: HEAVY_NOTE }
}

function lightSnapshot(snapshot: unknown): unknown {
  const { status, value } = snapshot as Record<string, unknown>
  return { status, ...(value === undefined ? {} : { value }), context: HEAVY_NOTE }
}
