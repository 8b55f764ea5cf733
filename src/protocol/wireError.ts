import { CutoverError, describe, ERROR_CODES, type ErrorCode, isCutoverError } from '../contract/index.js'
import { isError, isPlain } from '../support/index.js'
import { encodableCopy } from './cbor/encodable.js'

/** The payload of an `Error` body. Oasis Core knows the first three fields. */
export interface WireError {
  readonly module: string
  readonly code: number
  readonly message: string
  /** The extension of this library. */
  readonly error?: SerializedError | undefined
}

/** An `Error` as plain values. */
interface SerializedError {
  /** Marks a `CutoverError`. Its name and code are no proof, because a module can set them. */
  readonly cutover?: true
  readonly name?: string
  readonly message?: string
  readonly code?: string | number
  /** Its own enumerable properties. */
  readonly details?: Readonly<Record<string, unknown>>
  readonly cause?: SerializedError
  readonly errors?: readonly SerializedError[]
  readonly stack?: string
  /** The thrown value, if it is not an `Error`; all other fields are missing then. */
  readonly thrown?: unknown
}

/** Send at most 8 levels of causes. */
const MAX_CAUSES = 8
const MAX_ERRORS = 100
const RESERVED = new Set(['name', 'message', 'code', 'cause', 'stack', 'errors', 'guestStack'])
const CLASSES = { TypeError, RangeError, SyntaxError, ReferenceError, EvalError, URIError }

export interface WireErrorOptions {
  /** Send the stack as well. */
  readonly stack: boolean
  /** Send only the fields of Oasis Core, which refuses others. @default false */
  readonly isPlain?: boolean | undefined
}

/** Converts a thrown value to the payload of an `Error` body, without what cannot be encoded. Never throws. */
export function toWire(thrown: unknown, { stack, isPlain = false }: WireErrorOptions): WireError {
  const message = isError(thrown) ? readText(thrown, 'message', '') : describe(thrown)
  const module = isCutoverError(thrown) ? 'cutover' : 'runtime'
  return { module, code: 1, message, ...(isPlain ? {} : { error: serialize(thrown, stack, MAX_CAUSES) }) }
}

/**
 * Converts the payload of an `Error` body back to the thrown value: a `CutoverError`, an error of a built-in class, another
 * `Error`, or any value. The stack of the other side is in `guestStack`. The payload is untrusted: wrong types are ignored,
 * and no property hides a method such as `toString`.
 */
export function fromWire(payload: unknown): unknown {
  const { module, code, message, error } = asFields(payload)
  if (typeof error === 'object' && error !== null) return deserialize(asFields(error), message, MAX_CAUSES)
  const foreign = new Error(typeof message === 'string' ? message : '')
  define(foreign, 'name', 'GuestError')
  return Object.assign(foreign, {
    code: typeof code === 'number' ? code : 0,
    module: typeof module === 'string' ? module : '',
  })
}

function serialize(thrown: unknown, stack: boolean, depth: number): SerializedError {
  if (!isError(thrown)) return { thrown: (encodableCopy(thrown) ?? { copy: describe(thrown) }).copy }
  const code = read(thrown, 'code')
  const cause = depth > 1 ? read(thrown, 'cause') : undefined
  const errors = depth > 1 ? read(thrown, 'errors') : undefined
  const details = detailsOf(thrown)
  return {
    ...(isCutoverError(thrown) ? { cutover: true } : {}),
    name: readText(thrown, 'name', 'Error'),
    message: readText(thrown, 'message', ''),
    ...(typeof code === 'string' || typeof code === 'number' ? { code } : {}),
    ...(Object.keys(details).length > 0 ? { details } : {}),
    ...(cause === undefined ? {} : { cause: serialize(cause, stack, depth - 1) }),
    ...(Array.isArray(errors) ? { errors: errors.slice(0, MAX_ERRORS).map(error => serialize(error, stack, 1)) } : {}),
    ...(stack ? { stack: readText(thrown, 'stack', '') } : {}),
  }
}

function detailsOf(error: Error): Record<string, unknown> {
  return Object.fromEntries(
    keysOf(error)
      .filter(isDetail)
      .flatMap(name => {
        const value = read(error, name)
        const encodable = value === undefined ? undefined : encodableCopy(value)
        return encodable === undefined ? [] : [[name, encodable.copy] as const]
      }),
  )
}

/** Whether a property hides nothing that errors need, such as `toString`. */
function isDetail(name: string): boolean {
  return !RESERVED.has(name) && !(name in Error.prototype)
}

function deserialize(serialized: Fields, fallback: unknown, depth: number): unknown {
  if (Object.hasOwn(serialized, 'thrown')) return thrownOf(serialized['thrown'])
  const { name, code, cause, errors, stack } = serialized
  const details = isPlain(serialized['details']) ? serialized['details'] : {}
  const message = [serialized['message'], fallback].find(text => typeof text === 'string') ?? ''
  const isNested = (value: unknown) => depth > 1 && typeof value === 'object' && value !== null
  const options = isNested(cause) ? { cause: deserialize(asFields(cause), '', depth - 1) } : {}
  const inner = Array.isArray(errors) && depth > 1 ? errors.slice(0, MAX_ERRORS).map(deserializeInner) : undefined
  const error = createError(serialized, String(message), inner, options)
  for (const [key, value] of Object.entries(details)) if (isDetail(key)) define(error, key, value, true)
  if (typeof name === 'string' && error.name !== name) define(error, 'name', name)
  const isCode = typeof code === 'string' || typeof code === 'number'
  if (isCode && read(error, 'code') !== code) define(error, 'code', code, true)
  if (typeof stack === 'string') define(error, 'guestStack', stack)
  return error
}

function deserializeInner(serialized: unknown): unknown {
  return deserialize(asFields(serialized), '', 1)
}

/** Returns a thrown value that is not an error. If `String(value)` would throw, wraps it as the cause of an error. */
function thrownOf(value: unknown): unknown {
  const hides = isPlain(value) && ['toString', 'valueOf'].some(name => Object.hasOwn(value, name))
  return hides ? new Error(describe(value), { cause: value }) : value
}

function createError(
  { cutover, code, name }: Fields,
  message: string,
  errors: unknown[] | undefined,
  options: { cause?: unknown },
): Error {
  if (cutover === true && typeof code === 'string' && Object.hasOwn(ERROR_CODES, code)) {
    return new CutoverError(code as ErrorCode, message, options)
  }
  if (errors !== undefined) return new AggregateError(errors, message, options)
  const isBuiltIn = typeof name === 'string' && Object.hasOwn(CLASSES, name)
  return new (isBuiltIn ? CLASSES[name as keyof typeof CLASSES] : Error)(message, options)
}

type Fields = Readonly<Record<string, unknown>>

function asFields(value: unknown): Fields {
  return typeof value === 'object' && value !== null ? (value as Fields) : {}
}

function read(error: object, name: string): unknown {
  try {
    return (error as Fields)[name]
  } catch {
    return undefined
  }
}

function readText(error: object, name: string, fallback: string): string {
  const text = read(error, name)
  return typeof text === 'string' ? text : fallback
}

function keysOf(error: object): string[] {
  try {
    return Object.keys(error)
  } catch {
    // A proxy trap threw.
    return []
  }
}

function define(error: Error, name: string, value: unknown, enumerable = false): void {
  Object.defineProperty(error, name, { value, enumerable, configurable: true, writable: true })
}
