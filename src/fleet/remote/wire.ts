/** The messages of NATS between the two ends of a session, besides frames. */

/** The first byte of a message that holds no frames. A frame begins with its length, whose first byte is smaller. */
export const CONTROL = 0xf0
/** A part of frames that are too long for one message, with its number. */
export const PIECE = 0xf1
/** The last part. */
export const LAST_PIECE = 0xf2
/** The other end has read so many bytes. */
export const CREDIT = 0xf3
/** The server takes no new calls: open another session. */
export const LEAVING = 0xf4
/** The session is over, for a reason in words. */
export const END = 0xf5

/** The kind of a message with words. */
export type Notice = typeof LEAVING | typeof END

/** The first byte, and a number of 32 bits: of a piece, or of bytes. */
export const HEAD_BYTES = 5

/** Begins a message with its kind and a number. */
export function head(kind: number, number: number, rest?: Uint8Array): Buffer {
  const message = Buffer.allocUnsafe(HEAD_BYTES + (rest?.length ?? 0))
  message[0] = kind
  message.writeUInt32BE(number, 1)
  if (rest !== undefined) message.set(rest, HEAD_BYTES)
  return message
}

/** A message with words. */
export function notice(kind: Notice, text = ''): Buffer {
  return Buffer.concat([Buffer.of(kind), Buffer.from(text.slice(0, MAX_WORDS))])
}

/** The words of such a message. */
export function wordsOf(message: Buffer): string {
  return message.toString('utf8', 1)
}

/** The longest reason, in characters. */
const MAX_WORDS = 1_000

/** The version of what this file and the opening of a session say. */
const WIRE_VERSION = 1

/** Asks for a session. */
export interface Opening {
  /** Where the host listens. */
  readonly inbox: string
  readonly id: string
  readonly version: string
  /** The longest frame that the host takes, in bytes, and the most items in it. */
  readonly maxFrameBytes: number
  readonly maxMessageItems: number
  /** How many calls to its host a module may have in flight, and of how many bytes. */
  readonly maxHostRequests: number
  readonly maxHostRequestBytes: number
  /** How long a call may take, in ms; 0 for ever. */
  readonly callTimeout: number
  /** How long the host may be silent before it is given up, in ms; 0 for ever. */
  readonly silence: number
}

const TEXTS = ['inbox', 'id', 'version'] as const
const COUNTS = [
  'maxFrameBytes',
  'maxMessageItems',
  'maxHostRequests',
  'maxHostRequestBytes',
  'callTimeout',
  'silence',
] as const
/** A subject to publish to: tokens without wildcards and spaces. */
const SUBJECT = /^[^\s*>.]+(?:\.[^\s*>.]+)*$/

/** Whether messages can be published to `text`. */
export function isSubject(text: unknown): text is string {
  return typeof text === 'string' && text.length <= 255 && SUBJECT.test(text)
}

export function writeOpening(opening: Opening): string {
  return JSON.stringify({ cutover: WIRE_VERSION, ...opening })
}

/** @throws Error that says what is wrong with it */
export function readOpening(text: string): Opening {
  const given = Object(JSON.parse(text)) as Readonly<Record<string, unknown>>
  const { cutover } = given
  if (cutover !== WIRE_VERSION) throw new Error(`it is of format ${cutover}, and this server reads ${WIRE_VERSION}.`)
  for (const name of TEXTS) if (typeof given[name] !== 'string') throw new Error(`${name} must be text.`)
  for (const name of COUNTS) if (!isCount(given[name])) throw new Error(`${name} must be a number of 0 or more.`)
  if (!isSubject(given['inbox'])) throw new Error('inbox must be a subject without wildcards.')
  return given as unknown as Opening
}

function isCount(value: unknown): boolean {
  return Number.isSafeInteger(value) && (value as number) >= 0
}

/** The answer to an opening: where the server listens for this session, or why there is none. */
export type Opened = { readonly inbox: string } | { readonly refused: string }

/** @throws Error that says what is wrong with it */
export function readOpened(text: string): Opened {
  const given = Object(JSON.parse(text)) as { readonly inbox?: unknown; readonly refused?: unknown }
  if (typeof given.refused === 'string') return { refused: given.refused }
  if (isSubject(given.inbox)) return { inbox: given.inbox }
  throw new Error('the answer names no inbox.')
}
