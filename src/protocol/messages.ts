/** The protocol version of both sides, as numbered by Oasis Core. */
export const PROTOCOL_VERSION = '5.1.0'

/** The body of a message: its kind and payload. */
export interface Body {
  /** Names the request or answer. */
  readonly kind: string
  /** Any value that the transport can carry. */
  readonly payload: unknown
}

export const EMPTY = 'Empty'
export const ERROR = 'Error'
export const INFO_REQUEST = 'RuntimeInfoRequest'
export const INFO_RESPONSE = 'RuntimeInfoResponse'
export const PING_REQUEST = 'RuntimePingRequest'
export const SHUTDOWN_REQUEST = 'RuntimeShutdownRequest'
export const ABORT_REQUEST = 'RuntimeAbortRequest'
export const ABORT_RESPONSE = 'RuntimeAbortResponse'
/** Tells the guest its role, `{ role }`; answered by `Empty`. Only for guests with {@link ROLE_FEATURE}. */
export const ROLE_REQUEST = 'RuntimeRoleRequest'
/** The name in `features` by which a guest asks for its role; its value is `true`. */
export const ROLE_FEATURE = 'cutover_role'
/** A call from the host, with any payload, and its answer. */
const CALL_REQUEST = 'RuntimeCallRequest'
const CALL_RESPONSE = 'RuntimeCallResponse'
/** A call that belongs to a trace, `{ request, traceparent }`. Only for guests with {@link TRACEPARENT_FEATURE}. */
const TRACED_CALL_REQUEST = 'RuntimeTracedCallRequest'
/** The name in `features` by which a guest says that it takes traced calls; its value is `true`. */
export const TRACEPARENT_FEATURE = 'cutover_traceparent'
/** A call from the guest, with any payload, and its answer. */
const HOST_CALL_REQUEST = 'HostCallRequest'
const HOST_CALL_RESPONSE = 'HostCallResponse'
/** A call whose request is a stream, `{ head, traceparent }`, and a response that is one, `{ head }`. */
const STREAM_CALL_REQUEST = 'RuntimeStreamCallRequest'
export const STREAM_CALL_RESPONSE = 'RuntimeStreamCallResponse'
/** The name in `features` by which both sides say that they take streams; its value is `true`. */
export const STREAMS_FEATURE = 'cutover_streams'
/** One-way messages about a stream. The next chunk: bytes, or any value. */
export const STREAM_CHUNK = 'StreamChunk'
/** Its sender may send so much more, `{ bytes, chunks }`. */
export const STREAM_CREDIT = 'StreamCredit'
/** It has ended, or failed with an error. */
export const STREAM_END = 'StreamEnd'
export const STREAM_ERROR = 'StreamError'
/** The receiver cancels, `{ reason }`. */
export const STREAM_CANCEL = 'StreamCancel'
/** Cancels the call `{ id }` of the same side; answered by `Empty`. */
const CANCEL_REQUEST = 'RuntimeCancelRequest'
const HOST_CANCEL_REQUEST = 'HostCancelRequest'

/** The kinds of the calls that each side makes. */
export const CALL_KINDS = {
  host: {
    call: CALL_REQUEST,
    tracedCall: TRACED_CALL_REQUEST,
    streamCall: STREAM_CALL_REQUEST,
    answer: CALL_RESPONSE,
    cancel: CANCEL_REQUEST,
  },
  guest: {
    call: HOST_CALL_REQUEST,
    tracedCall: undefined,
    streamCall: undefined,
    answer: HOST_CALL_RESPONSE,
    cancel: HOST_CANCEL_REQUEST,
  },
} as const

const CALLS: ReadonlySet<string> = new Set([
  CALL_REQUEST,
  CALL_RESPONSE,
  STREAM_CALL_REQUEST,
  STREAM_CALL_RESPONSE,
  HOST_CALL_REQUEST,
  HOST_CALL_RESPONSE,
])

/** Whether it is a call from the host with a plain request. */
export function isPlainCall(kind: string): boolean {
  return kind === CALL_REQUEST || kind === TRACED_CALL_REQUEST
}

/** Whether chunks of a stream follow at once, so that they can leave together. */
export function opensStream(kind: string): boolean {
  return kind === STREAM_CALL_RESPONSE || kind === STREAM_CALL_REQUEST
}

/** Returns the name of a payload in an error: `request`, `answer`, or with its kind for anything but a call. */
export function payloadName(isRequest: boolean, kind: string): string {
  if (kind === STREAM_CHUNK) return 'chunk'
  const name = isRequest ? 'request' : 'answer'
  return CALLS.has(kind) ? name : `${name}.${kind}`
}

/** The kinds that the library reads itself, also for Oasis runtimes. */
const OWN: ReadonlySet<string> = new Set([
  EMPTY,
  ERROR,
  INFO_RESPONSE,
  ABORT_RESPONSE,
  CANCEL_REQUEST,
  HOST_CANCEL_REQUEST,
])

/** Whether the library reads payloads of this kind itself. */
export function isOwnKind(kind: string): boolean {
  return OWN.has(kind)
}

/** The kind of a successful answer, by the kind of its request. */
const ANSWERS: Readonly<Record<string, string>> = {
  [INFO_REQUEST]: INFO_RESPONSE,
  [PING_REQUEST]: EMPTY,
  [SHUTDOWN_REQUEST]: EMPTY,
  [ABORT_REQUEST]: ABORT_RESPONSE,
  [ROLE_REQUEST]: EMPTY,
  [CALL_REQUEST]: CALL_RESPONSE,
  [TRACED_CALL_REQUEST]: CALL_RESPONSE,
  [STREAM_CALL_REQUEST]: CALL_RESPONSE,
  [HOST_CALL_REQUEST]: HOST_CALL_RESPONSE,
  [CANCEL_REQUEST]: EMPTY,
  [HOST_CANCEL_REQUEST]: EMPTY,
}

/** Returns the kind that answers a request of `kind`, or `undefined` if `kind` is unknown. */
export function answerTo(kind: string): string | undefined {
  return Object.hasOwn(ANSWERS, kind) ? ANSWERS[kind] : undefined
}
