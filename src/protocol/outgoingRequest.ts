import type { Transferable } from '../contract/index.js'

/** The result of a request: the payload of the answer, its {@link Body}, or `{ [kind]: payload }`. */
export type AnswerShape = 'payload' | 'body' | 'raw'

/** A request of this side. */
export interface OutgoingRequest {
  readonly kind: string
  readonly payload: unknown
  /** The kind of the answer; `undefined` accepts any. */
  readonly expectedKind: string | undefined
  readonly shape: AnswerShape
  /** If `signal` fires, send a cancel to the other side. */
  readonly sendsCancel: boolean
  readonly signal: AbortSignal | undefined
  readonly transfer: readonly Transferable[] | undefined
  /** Called when it was sent, with its id. */
  readonly sent?: (id: number) => void
}

/** A request that is queued or in flight. */
export interface PendingRequest {
  readonly expectedKind: string | undefined
  readonly shape: AnswerShape
  /** Calls count towards `maxInFlight`; other requests do not. */
  readonly isCall: boolean
  /** Its share of `maxInFlightBytes`. */
  bytes: number
  resolve: (answer: unknown) => void
  reject: (error: unknown) => void
  removeAbortListener: (() => void) | undefined
}

/** Creates the pending state of a request. */
export function pendingOf(
  { expectedKind, shape }: OutgoingRequest,
  isCall: boolean,
  resolve: (answer: unknown) => void,
  reject: (error: unknown) => void,
): PendingRequest {
  return { expectedKind, shape, isCall, bytes: 0, resolve, reject, removeAbortListener: undefined }
}
