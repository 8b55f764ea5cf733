/** The version of the protocol that both sides speak; it is that of Oasis Core. */
export const PROTOCOL_VERSION = '5.1.0'

/** What a message is about, and its payload. */
export interface Body {
  readonly kind: string
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
/** Host to guest: a call with any payload, and its answer. */
const CALL_REQUEST = 'RuntimeCallRequest'
const CALL_RESPONSE = 'RuntimeCallResponse'
/** Guest to host: the same the other way. */
const HOST_CALL_REQUEST = 'HostCallRequest'
const HOST_CALL_RESPONSE = 'HostCallResponse'
/** `{ id }` of a request of the same side that is given up; answered by `Empty`. */
const CANCEL_REQUEST = 'RuntimeCancelRequest'
const HOST_CANCEL_REQUEST = 'HostCancelRequest'

/** The calls of each side. */
export const CALL_KINDS = {
  host: { call: CALL_REQUEST, answer: CALL_RESPONSE, cancel: CANCEL_REQUEST },
  guest: { call: HOST_CALL_REQUEST, answer: HOST_CALL_RESPONSE, cancel: HOST_CANCEL_REQUEST },
} as const

/** What a request is answered with, if not with `Error`. */
const ANSWERS: Readonly<Record<string, string>> = {
  [INFO_REQUEST]: INFO_RESPONSE,
  [PING_REQUEST]: EMPTY,
  [SHUTDOWN_REQUEST]: EMPTY,
  [ABORT_REQUEST]: ABORT_RESPONSE,
  [CALL_REQUEST]: CALL_RESPONSE,
  [HOST_CALL_REQUEST]: HOST_CALL_RESPONSE,
  [CANCEL_REQUEST]: EMPTY,
  [HOST_CANCEL_REQUEST]: EMPTY,
}

/** The kind that answers a request of `kind`; `undefined` when that is not known here. */
export function answerTo(kind: string): string | undefined {
  return Object.hasOwn(ANSWERS, kind) ? ANSWERS[kind] : undefined
}
