import { asError, describe, isCutoverError } from '../contract/index.js'
import { isError } from '../support/index.js'
import type { MessageId, MessageType, Transport } from './transports/transport.js'
import {
  asFields,
  deserializeError,
  readText,
  type SerializedError,
  type SerializeOptions,
  serializeError,
} from './values/serializedError.js'
import { wellFormed } from './values/wellFormed.js'

/** The payload of an `Error` body. Oasis Core knows the first three fields. */
export interface WireError {
  readonly module: string
  readonly code: number
  readonly message: string
  /** The extension of this library. */
  readonly error?: SerializedError | undefined
}

export interface WireErrorOptions extends SerializeOptions {
  /** Send only the fields of Oasis Core, which refuses others. @default false */
  readonly isPlain?: boolean | undefined
}

/** Converts a thrown value to the payload of an `Error` body, without what cannot be encoded. Never throws. */
export function toWire(thrown: unknown, { isPlain = false, ...options }: WireErrorOptions): WireError {
  const message = isError(thrown) ? readText(thrown, 'message', '') : wellFormed(describe(thrown))
  const module = isCutoverError(thrown) ? 'cutover' : 'runtime'
  return { module, code: 1, message, ...(isPlain ? {} : { error: serializeError(thrown, options) }) }
}

/**
 * Converts the payload of an `Error` body back to the thrown value: a `CutoverError`, an error of a built-in class, another
 * `Error`, or any value. The stack of the other side is in `guestStack`. The payload is untrusted: wrong types are ignored,
 * and no property hides a method such as `toString`.
 */
export function fromWire(payload: unknown): unknown {
  const { module, code, message, error } = asFields(payload)
  if (typeof error === 'object' && error !== null) return deserializeError(error, 'guestStack', message)
  const foreign = new Error(typeof message === 'string' ? message : '')
  Object.defineProperty(foreign, 'name', { value: 'GuestError', configurable: true, writable: true })
  return Object.assign(foreign, {
    code: typeof code === 'number' ? code : 0,
    module: typeof module === 'string' ? module : '',
  })
}

/** The largest property of an error in each attempt to send it, in bytes. */
const DETAIL_BYTES = [Number.POSITIVE_INFINITY, 64 * 1024, 0]
/** Short enough for the smallest frame that `maxFrameBytes` allows, in characters. */
const MAX_SHORT_MESSAGE = 200

/** Sends an error. If it is too large to send, drops large properties, then all, then most of its message. */
export function sendError(
  transport: Transport,
  id: MessageId,
  type: MessageType,
  kind: string,
  error: unknown,
  options: WireErrorOptions,
): void {
  for (const maxDetailBytes of DETAIL_BYTES) {
    try {
      transport.send(id, type, kind, toWire(error, { ...options, maxDetailBytes }))
      return
    } catch {}
  }
  const { name, message } = asError(error)
  const short = new Error(`${name}: ${message}`.slice(0, MAX_SHORT_MESSAGE))
  transport.send(id, type, kind, toWire(short, { stack: false, isPlain: true }))
}
