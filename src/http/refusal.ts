import { type ErrorCode, isCutoverError } from '../contract/index.js'
import type { HttpAnswer } from './answer.js'
import { BadRequest } from './upload.js'

/** The response to a caller if no version answers, and the reason for the log. */
export interface Refusal {
  readonly status: number
  readonly text: string
  readonly why: string
}

const UNAVAILABLE = { status: 503, text: 'Service Unavailable', why: 'no version could take a request' }
const FAILED = { status: 500, text: 'Internal Server Error', why: 'a version failed to answer a request' }
const LOST = { status: 502, text: 'Bad Gateway', why: 'a version was lost before it answered a request' }
export const LATE: Refusal = {
  status: 504,
  text: 'Gateway Timeout',
  why: 'a version took too long to answer a request',
}
const UNKNOWN = { status: 404, text: 'Not Found', why: 'a request named a version that is not in place' }

const BY_CODE: Partial<Record<ErrorCode, Refusal>> = {
  CUTOVER_NO_ACTIVE_VERSION: UNAVAILABLE,
  CUTOVER_NOT_RUNNING: UNAVAILABLE,
  CUTOVER_START_FAILED: UNAVAILABLE,
  CUTOVER_TOO_MANY_WAITING_CALLS: UNAVAILABLE,
  CUTOVER_POOL_BUSY: UNAVAILABLE,
  CUTOVER_DISPOSED: UNAVAILABLE,
  CUTOVER_VERSION_STOPPED: LOST,
  CUTOVER_RUNTIME_LOST: LOST,
  CUTOVER_ABORTED: LOST,
  CUTOVER_CALL_TIMEOUT: LATE,
  CUTOVER_NO_SUCH_VERSION: UNKNOWN,
  CUTOVER_INVALID_VERSION: UNKNOWN,
}

export function refusalOf(error: unknown): Refusal {
  if (error instanceof BadRequest) return { status: error.status, text: error.message, why: 'a request was wrong' }
  return (isCutoverError(error) && BY_CODE[error.code]) || FAILED
}

/** Repeats only the status: the error of a guest is for the log. */
export function refuse({ status, text }: Refusal): HttpAnswer {
  const body = new TextEncoder().encode(`${text}\n`)
  const headers = ['content-type', 'text/plain; charset=utf-8', 'content-length', String(body.length)]
  if (status === 503) headers.push('retry-after', '1')
  return { status, statusText: '', headers, body }
}
