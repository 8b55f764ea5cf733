import { CutoverError, describe, ERROR_CODES, type ErrorCode, isCutoverError } from '../../contract/index.js'
import { isError, isPlain, tagOf } from '../../support/index.js'
import { estimateSize } from '../transports/survey.js'
import { pathTo } from './notSendable.js'
import { Pruning } from './pruning.js'
import { isWellFormed, wellFormed } from './wellFormed.js'

/** An `Error` as plain values. */
export interface SerializedError {
  /** Marks a `CutoverError`. Its name and code are no proof, because a module can set them. */
  readonly cutover?: true
  /** Marks a `DOMException`, such as the reason of an `AbortSignal`. */
  readonly dom?: true
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

/** The property of an error that says which of its properties were not sent. */
const NOTES = 'notSent'

export interface SerializeOptions {
  /** Send the stack as well. */
  readonly stack: boolean
  /** Send no own enumerable property that takes more memory, in bytes, by estimate. @default Infinity */
  readonly maxDetailBytes?: number | undefined
}

/** Converts a thrown value to plain values, without the properties that cannot be sent. Never throws. */
export function serializeError(thrown: unknown, options: SerializeOptions): SerializedError {
  const pruning = new Pruning((error, pruning, path, above) => copyError({ ...options, pruning }, error, path, above))
  return serialize({ ...options, pruning }, thrown, '', [], MAX_CAUSES)
}

/** Converts an error that is a value, with its stack. */
export function serializeErrorValue(error: Error): SerializedError {
  return serializeError(error, { stack: true })
}

interface Serialization extends SerializeOptions {
  readonly pruning: Pruning
}

/** Copies an error among the properties of another, so that the copy contains nothing that cannot be sent. */
function copyError(options: Serialization, error: Error, path: string, above: readonly object[]): Error {
  const { stack = '', ...serialized } = serialize(options, error, path, above, MAX_CAUSES)
  return deserializeError({ ...serialized, stack }, 'stack') as Error
}

function serialize(
  options: Serialization,
  thrown: unknown,
  path: string,
  above: readonly object[],
  depth: number,
): SerializedError {
  const { pruning, stack } = options
  if (!isError(thrown))
    return { thrown: (pruning.copy(thrown, path || 'it', above) ?? { copy: describe(thrown) }).copy }
  const code = read(thrown, 'code')
  const cause = depth > 1 ? read(thrown, 'cause') : undefined
  const errors = depth > 1 ? read(thrown, 'errors') : undefined
  const within = [...above, thrown]
  const details = detailsOf(options, thrown, path, within)
  const inner = (error: unknown, name: string, levels: number) =>
    serialize(options, error, pathTo(path, name), levels > 1 ? above : within, levels)
  const serialized: SerializedError = {
    ...(isCutoverError(thrown) ? { cutover: true } : {}),
    ...(isDomException(thrown) ? { dom: true } : {}),
    name: readText(thrown, 'name', 'Error'),
    message: readText(thrown, 'message', ''),
    ...(typeof code === 'string' ? { code: wellFormed(code) } : {}),
    ...(typeof code === 'number' ? { code } : {}),
    ...(cause === undefined ? {} : { cause: inner(cause, 'cause', depth - 1) }),
    ...(Array.isArray(errors)
      ? { errors: errors.slice(0, MAX_ERRORS).map((error, i) => inner(error, `errors[${i}]`, 1)) }
      : {}),
    ...(stack ? { stack: readText(thrown, 'stack', '') } : {}),
  }
  // The outermost error has the notes of all errors within it.
  const notes = path === '' && pruning.notes.length > 0 ? { [NOTES]: [...pruning.notes] } : {}
  const all = { ...details, ...notes }
  return Object.keys(all).length > 0 ? { ...serialized, details: all } : serialized
}

function detailsOf(
  { pruning, maxDetailBytes = Number.POSITIVE_INFINITY }: Serialization,
  error: Error,
  path: string,
  within: readonly object[],
): Record<string, unknown> {
  return Object.fromEntries(
    keysOf(error)
      .filter(isDetail)
      .flatMap(name => {
        const at = pathTo(path, name)
        const value = read(error, name, () => pruning.drop(`${at} is a getter that throws`))
        if (value === undefined) return []
        if (estimateSize(value) > maxDetailBytes) return pruning.drop(`${at} is too large`) ?? []
        const copied = pruning.copy(value, at, within)
        return copied === undefined ? [] : [[name, copied.copy] as const]
      }),
  )
}

/** Whether a property hides nothing that errors need, such as `toString`. */
function isDetail(name: string): boolean {
  return !RESERVED.has(name) && !(name in Error.prototype) && isWellFormed(name)
}

function isDomException(error: Error): boolean {
  try {
    return tagOf(error) === 'DOMException'
  } catch {
    return false
  }
}

/**
 * Converts a {@link SerializedError} back to the thrown value. It is untrusted: wrong types are ignored, and no property
 * hides a method such as `toString`.
 *
 * @param stackName - the property for the stack of the other side
 * @param fallback - the message, if the serialized error has none
 */
export function deserializeError(serialized: unknown, stackName: 'stack' | 'guestStack', fallback?: unknown): unknown {
  return deserialize(asFields(serialized), stackName, fallback, MAX_CAUSES)
}

function deserialize(serialized: Fields, stackName: 'stack' | 'guestStack', fallback: unknown, depth: number): unknown {
  if (Object.hasOwn(serialized, 'thrown')) return thrownOf(serialized['thrown'])
  const { name, code, cause, errors, stack } = serialized
  const details = isPlain(serialized['details']) ? serialized['details'] : {}
  const message = [serialized['message'], fallback].find(text => typeof text === 'string') ?? ''
  const isNested = (value: unknown) => depth > 1 && typeof value === 'object' && value !== null
  const options = isNested(cause) ? { cause: deserialize(asFields(cause), stackName, '', depth - 1) } : {}
  const inner =
    Array.isArray(errors) && depth > 1
      ? errors.slice(0, MAX_ERRORS).map(error => deserialize(asFields(error), stackName, '', 1))
      : undefined
  const error = createError(serialized, String(message), inner, options)
  for (const [key, value] of Object.entries(details)) if (isDetail(key)) define(error, key, value, true)
  if (typeof name === 'string' && error.name !== name) define(error, 'name', name)
  const isCode = typeof code === 'string' || typeof code === 'number'
  if (isCode && read(error, 'code') !== code) define(error, 'code', code, true)
  // Enumerable, so that console.error() and loggers print it.
  if (typeof stack === 'string') define(error, stackName, stack, stackName === 'guestStack')
  return error
}

/** Returns a thrown value that is not an error. If `String(value)` would throw, wraps it as the cause of an error. */
function thrownOf(value: unknown): unknown {
  const hides = isPlain(value) && ['toString', 'valueOf'].some(name => Object.hasOwn(value, name))
  return hides ? new Error(describe(value), { cause: value }) : value
}

function createError(
  { cutover, dom, code, name }: Fields,
  message: string,
  errors: unknown[] | undefined,
  options: { cause?: unknown },
): Error {
  if (cutover === true && typeof code === 'string' && Object.hasOwn(ERROR_CODES, code)) {
    return new CutoverError(code as ErrorCode, message, options)
  }
  if (dom === true && typeof name === 'string') return createDomException(message, name, options)
  if (errors !== undefined) return new AggregateError(errors, message, options)
  const isBuiltIn = typeof name === 'string' && Object.hasOwn(CLASSES, name)
  return new (isBuiltIn ? CLASSES[name as keyof typeof CLASSES] : Error)(message, options)
}

function createDomException(message: string, name: string, options: { cause?: unknown }): Error {
  const error = new DOMException(message, name)
  if ('cause' in options) define(error, 'cause', options.cause)
  return error
}

type Fields = Readonly<Record<string, unknown>>

export function asFields(value: unknown): Fields {
  return typeof value === 'object' && value !== null ? (value as Fields) : {}
}

function read(error: object, name: string, failed: () => void = () => {}): unknown {
  try {
    return (error as Fields)[name]
  } catch {
    failed()
    return undefined
  }
}

/** Reads a property of an error, if it is a text. Never throws. */
export function readText(error: object, name: string, fallback: string): string {
  const text = read(error, name)
  return typeof text === 'string' ? wellFormed(text) : fallback
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
