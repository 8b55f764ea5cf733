import { tracingChannel } from 'node:diagnostics_channel'
import { CALL_CHANNEL, type CallMessage, type CallOptions, type CallRole } from '../contract/index.js'
import { flowOf } from '../streams/index.js'
import { assertStackRoom } from '../support/index.js'
import { isPinned } from './callOptions.js'

const SETTLED = Promise.resolve()

/** Kept for good: Node.js drops a channel without subscribers that nobody holds. */
const callChannel = tracingChannel<unknown, CallMessage>(CALL_CHANNEL)
const { start, end, asyncStart, asyncEnd, error } = callChannel

/** Whether calls are published. Each call asks; `callChannel.hasSubscribers` would take twice as long. */
export function isTraced(): boolean {
  return (
    start.hasSubscribers ||
    asyncEnd.hasSubscribers ||
    end.hasSubscribers ||
    asyncStart.hasSubscribers ||
    error.hasSubscribers
  )
}

/** Writable here, and for subscribers to read. */
type OpenMessage = { -readonly [Name in keyof CallMessage]: CallMessage[Name] }

/**
 * Makes a call and publishes its events: `start` before it is sent or queued, `end` after that, then `error` if it rejects, and
 * `asyncStart` and `asyncEnd` when it settles. A call that is answered with a stream settles when the stream ends.
 *
 * @param roleOf - the role in which a version gets the call
 * @param send - makes the call with these options
 * @throws RangeError if the stack is full; then nothing was sent
 */
export function traceCall<Res>(
  aggregate: string,
  options: CallOptions | undefined,
  roleOf: (version: string) => CallRole,
  send: (options: CallOptions | undefined) => Promise<Res>,
): Promise<Res> {
  // Once the call is sent, nothing here may throw.
  assertStackRoom()
  const given = read(options)
  const message: OpenMessage = { aggregate, version: null, role: null, traceparent: given?.traceparent }
  const failed = (error: unknown) => {
    message.error = error
    callChannel.error.publish(message)
    settled()
  }
  const settled = () => {
    callChannel.asyncStart.publish(message)
    callChannel.asyncEnd.publish(message)
  }
  const onVersion = (version: string) => {
    message.version = version
    message.role = isPinned(given) ? 'pinned' : roleOf(version)
    given?.onVersion?.(version)
  }
  const begin = () => {
    if (given === undefined) return send(options)
    const traceparent = typeof message.traceparent === 'string' ? message.traceparent : given.traceparent
    return send({ ...given, traceparent, onVersion })
  }
  let answer: Promise<Res>
  try {
    // Also runs the call with the stores that a subscriber has bound to `start`.
    answer = callChannel.start.runStores(message, begin)
  } catch (error) {
    // The stack is full: the next turn has room for what is left to publish.
    SETTLED.then(() => {
      callChannel.end.publish(message)
      failed(error)
    })
    throw error
  }
  callChannel.end.publish(message)
  // The caller gets this promise, so that a rejection which nobody handles is still reported.
  return answer.then(
    value => {
      const flow = flowOf(value)
      if (flow === undefined) settled()
      else flow.onEnd(end => (end.status === 'failed' ? failed(end.reason) : settled()))
      return value
    },
    error => {
      failed(error)
      throw error
    },
  )
}

/** The options of a call, read once; undefined if they are invalid: then the call rejects. */
function read(options: CallOptions = {}): CallOptions | undefined {
  try {
    const given: unknown = options
    if (typeof given !== 'object' || given === null) return undefined
    // By name, because they may be inherited: an AbortController serves as options too.
    const { signal, transfer, key, version, traceparent, onVersion } = options
    if (onVersion !== undefined && onVersion !== null && typeof onVersion !== 'function') return undefined
    return { ...options, signal, transfer, key, version, traceparent, onVersion }
  } catch {
    return undefined
  }
}
