/** What an actor says of itself; other programs may say more, or less. */
export interface Snapshot {
  readonly status?: string
  readonly value?: unknown
  readonly context?: unknown
  readonly [key: string]: unknown
}

/** An event, as far as the page reads it. */
export interface Happening {
  readonly type: string
  readonly [key: string]: unknown
}

/** What every message has. */
interface Base {
  readonly sessionId: string
  readonly rootId?: string
  /** Milliseconds since 1970, as text. */
  readonly createdAt: string
}

/** There is an actor. */
export interface ActorMessage extends Base {
  readonly type: '@xstate.actor'
  readonly name: string
  readonly parentId?: string
  /** JSON text of its machine's config. */
  readonly definition?: string
  readonly snapshot?: Snapshot
}

/** An actor is sent an event. */
export interface EventMessage extends Base {
  readonly type: '@xstate.event'
  readonly event: Happening
  readonly sourceId?: string
}

/** An actor has a new snapshot. */
export interface SnapshotMessage extends Base {
  readonly type: '@xstate.snapshot'
  readonly event: Happening
  readonly snapshot: Snapshot
}

/** What an aggregate says of itself, now and then; of it the page reads the calls in flight. */
export interface StatusMessage {
  readonly type: '@cutover.status'
  readonly sessionId?: string
  readonly createdAt: string
  readonly status: {
    readonly waiting?: number
    readonly versions: readonly { readonly version: string; readonly inFlight: number }[]
  }
}

/** How many messages this viewer has missed so far. */
interface DroppedMessage {
  readonly type: '@cutover.dropped'
  readonly count: number
  readonly createdAt: string
}

/** Everything the page understands. */
export type Message = ActorMessage | EventMessage | SnapshotMessage | StatusMessage | DroppedMessage

type Fields = Readonly<Record<string, unknown>>

const isObject = (value: unknown): value is Fields =>
  typeof value === 'object' && value !== null && !Array.isArray(value)
const isHappening = (value: unknown) => isObject(value) && typeof value['type'] === 'string'
const isOneVersion = (value: unknown) =>
  isObject(value) && typeof value['version'] === 'string' && typeof value['inFlight'] === 'number'

const SHAPES: Readonly<Record<string, (it: Fields) => boolean>> = {
  '@xstate.actor': it => typeof it['sessionId'] === 'string',
  '@xstate.event': it => typeof it['sessionId'] === 'string' && isHappening(it['event']),
  '@xstate.snapshot': it => typeof it['sessionId'] === 'string' && isObject(it['snapshot']),
  '@cutover.dropped': it => typeof it['count'] === 'number',
  '@cutover.status': ({ status }) =>
    isObject(status) && Array.isArray(status['versions']) && status['versions'].every(isOneVersion),
}

/** The message in a text, or undefined if it is none that the page understands. */
export function parseMessage(text: string): Message | undefined {
  try {
    return toMessage(JSON.parse(text))
  } catch {
    return undefined
  }
}

/** The same for something that was parsed already; what may be left out gets its default. */
export function toMessage(value: unknown): Message | undefined {
  if (!isObject(value) || typeof value['type'] !== 'string') return undefined
  if (SHAPES[value['type']]?.(value) !== true) return undefined
  const createdAt = String(value['createdAt'] ?? '')
  if (value['type'] === '@xstate.actor') {
    const { name, sessionId, definition } = value
    return {
      ...value,
      createdAt,
      name: typeof name === 'string' ? name : sessionId,
      definition: typeof definition === 'string' ? definition : undefined,
    } as ActorMessage
  }
  if (value['type'] === '@xstate.snapshot' && !isHappening(value['event'])) {
    return { ...value, createdAt, event: { type: '' } } as unknown as SnapshotMessage
  }
  return { ...value, createdAt } as unknown as Message
}

/** When a message was made, in ms; NaN if it does not say so. */
export function timeOf(message: Message): number {
  return message.createdAt === '' ? Number.NaN : Number(message.createdAt)
}
