import {
  type CallContext,
  describe,
  type FetchModule,
  type HttpMessage,
  type HttpRequestHead,
  type HttpResponseHead,
  inPairs,
  inTurn,
  isHttpMessage,
  MAX_WHOLE_BODY,
  type RuntimeModule,
  type StreamWithHead,
} from '../contract/index.js'
import { wholeOrRest } from '../streams/index.js'

type HttpRequest = HttpMessage<HttpRequestHead, Uint8Array | ReadableStream<Uint8Array> | null>
type HttpResponse = HttpMessage<HttpResponseHead> | StreamWithHead<HttpResponseHead, Uint8Array>

/** Makes a runtime module of an application that has `fetch`. Its other functions, such as `start` and `stop`, stay. */
export function answeringHttp(application: FetchModule & Partial<RuntimeModule>): RuntimeModule {
  const call = async (request: unknown, context: CallContext) => {
    if (!isHttpMessage(request)) throw notHttp(request)
    const response = await application.fetch(requestOf(request as HttpRequest, context))
    if (!isResponse(response)) throw noResponse(response)
    return answerOf(response, context)
  }
  // The application stays the `this` of its functions, and may have getters.
  return Object.create(application, { call: { value: call } }) as RuntimeModule
}

function requestOf({ head, body }: HttpRequest, context: CallContext): Request {
  const { url, method, headers } = head
  const init = { method, headers: inPairs(headers) }
  if (body === null) return withSignal(new Request(url, init), context)
  // The types of Node.js have no `duplex`, which a stream as a body needs.
  return withSignal(new Request(url, { ...init, body, duplex: 'half' } as RequestInit), context)
}

/**
 * The constructor of the platform takes 27 µs to follow a signal, half of what a short request costs. So the signal is added
 * afterwards, and a copy of the request follows none. Most applications never ask for it, so it is made when one does. A subclass
 * would load all of `fetch` in every guest, at its start.
 */
function withSignal(request: Request, context: CallContext): Request {
  return Object.defineProperty(request, 'signal', { get: () => context.signal, configurable: true })
}

async function answerOf(response: Response, { stream }: CallContext): Promise<HttpResponse> {
  const { status, statusText, headers, body } = response
  const head = { status, statusText, headers: inTurn(headers) }
  if (body === null) return { head, body }
  const content = await wholeOrRest(body, MAX_WHOLE_BODY)
  return content instanceof Uint8Array ? { head, body: content } : stream(content, head)
}

/** An application may bring another implementation of `Response`, so its class says nothing. */
function isResponse(value: unknown): value is Response {
  const { status, headers } = Object(value) as Partial<Response>
  return typeof status === 'number' && typeof Object(headers)[Symbol.iterator] === 'function'
}

function notHttp(request: unknown): TypeError {
  const message = `The module has "fetch" and no "call", so it answers HTTP requests only, but got ${describe(request)}.`
  return new TypeError(`${message} Use fetchHandler() or serveHttp() of cutover/http.`)
}

function noResponse(value: unknown): TypeError {
  return new TypeError(`The "fetch" of the module gave no Response, but ${describe(value)}. Return a Response.`)
}
