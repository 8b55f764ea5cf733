import { inPairs, inTurn } from '../contract/index.js'
import type { HttpAnswer } from './answer.js'
import { Asker } from './ask.js'
import { Deadline } from './deadline.js'
import { passedOn } from './headers.js'
import type { FetchHandlerOptions, HttpRuntime } from './options.js'

/**
 * Makes a function that answers HTTP requests by the versions of an aggregate, for any server that speaks `fetch`.
 *
 * Each request is one call. Bodies travel as [streams](../../docs/streams.md) both ways, and a short one with its head. The call is in
 * flight until the response has ended, so a version that leaves ends its responses first. If the client goes away, the signal of the
 * request fires in the module.
 *
 * A request that no version answers gets a text and a status, and nothing of the guest's error:
 *
 * - 503 with `Retry-After`: no version is active, too many calls wait, one has waited too long for its pool, or the aggregate is disposed
 * - 404: `version` names one that is neither active nor next
 * - 500: the module throws, or gives no `Response`
 * - 502: the version stopped or was lost before it answered
 * - 504: it took longer than `timeout`, or than the `callTimeout` of the aggregate
 * - 413: the body is longer than `maxBodyBytes`
 * - 400: a short body broke off, or has not the length of its `Content-Length`
 *
 * @param aggregate - an aggregate, or another runtime
 * @throws CutoverError `CUTOVER_INVALID_OPTION`
 */
export function fetchHandler(
  aggregate: HttpRuntime,
  options: FetchHandlerOptions = {},
): (request: Request) => Promise<Response> {
  const asker = new Asker(aggregate, options)
  return request => {
    const { method, url, headers, signal } = request
    const deadline = new Deadline()
    const abort = () => deadline.abort(signal.reason)
    if (signal.aborted) abort()
    else signal.addEventListener('abort', abort, { once: true })
    const incoming = {
      head: { method, url, headers: passedOn(inTurn(headers)) },
      body: request.body,
      length: headers.get('content-length'),
      traceparent: headers.get('traceparent'),
      deadline,
      request: () => request,
    }
    return asker.ask(incoming, responseOf)
  }
}

function responseOf({ status, statusText, headers, body }: HttpAnswer): Response {
  const init = { status, statusText, headers: inPairs(headers) }
  return new Response(body as ConstructorParameters<typeof Response>[0], init)
}
