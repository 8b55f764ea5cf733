import { type HttpHeaders, type HttpResponseHead, isHttpMessage } from '../contract/index.js'
import { passedOn, valuesOf } from './headers.js'

/** A response to a client. */
export interface HttpAnswer extends HttpResponseHead {
  readonly headers: string[]
  readonly body: Uint8Array | ReadableStream<Uint8Array> | null
}

/** The statuses whose responses have no body. */
const WITHOUT_BODY = new Set([204, 205, 304])

/**
 * The answer of a version, as far as it can be wrong without a look at its body.
 *
 * @param version - is added as `x-cutover-version`
 * @throws TypeError the answer is no HTTP response
 */
export function answerOf(given: unknown, method: string, version: string | undefined): HttpAnswer {
  if (!isHttpMessage(given)) throw new TypeError('The version gave no HTTP response. Its module must have "fetch".')
  const { status, statusText, headers: sent } = given.head as HttpResponseHead
  if (!(Number.isInteger(status) && status >= 200 && status <= 599))
    throw new TypeError(`The version gave the status ${String(status)}. It must be a number from 200 to 599.`)
  if (!areHeaders(sent)) throw new TypeError('The version gave headers that are no list of names and values.')
  const body = given.body as HttpAnswer['body']
  const headers = passedOn(sent)
  if (version !== undefined) headers.push('x-cutover-version', version)
  if (method === 'HEAD' || WITHOUT_BODY.has(status)) {
    if (body instanceof ReadableStream) body.cancel().catch(() => {})
    return { status, statusText, headers, body: null }
  }
  if (body instanceof ReadableStream) declaredLength(headers)
  else sayLength(headers, body?.byteLength ?? 0)
  return { status, statusText, headers, body }
}

function areHeaders(headers: unknown): headers is HttpHeaders {
  return Array.isArray(headers) && headers.length % 2 === 0 && headers.every(text => typeof text === 'string')
}

/** A length that is wrong would make the client read the next response as a part of this one, or the other way round. */
function sayLength(headers: string[], length: number): void {
  const declared = declaredLength(headers)
  if (declared === undefined) headers.push('content-length', String(length))
  else if (declared !== length)
    throw new TypeError(`The version gave a Content-Length of ${declared}, and a body of ${length} bytes.`)
}

function declaredLength(headers: HttpHeaders): number | undefined {
  const [length, ...others] = valuesOf(headers, 'content-length')
  if (length === undefined) return undefined
  if (others.length === 0 && /^\d+$/.test(length)) return Number(length)
  throw new TypeError(`The version gave a Content-Length that is none: ${[length, ...others].join(', ')}.`)
}
