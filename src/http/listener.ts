import { once } from 'node:events'
import type { IncomingMessage, ServerResponse } from 'node:http'
import { inPairs } from '../contract/index.js'
import type { HttpAnswer } from './answer.js'
import type { Asker, Incoming } from './ask.js'
import { Deadline } from './deadline.js'
import { passedOn } from './headers.js'
import { refusalOf, refuse } from './refusal.js'
import { targetOf } from './target.js'

/** How long the rest of a request is read whose response has ended already, in ms. */
const LINGER = 1_000
/** Bodies up to this many bytes are written as latin1 text, because Node.js writes text together with the head, and bytes apart. */
const MAX_TEXT = 16_384

/** Makes the listener of a server. @param isClosing - whether each connection ends with its response */
export function listenerOf(asker: Asker, isClosing: () => boolean) {
  return (request: IncomingMessage, response: ServerResponse): void => {
    const deadline = Deadline.begin()
    const mayStillArrive = hasBody(request)
    if (mayStillArrive) response.on('finish', () => readOn(request))
    response.on('close', () => {
      if (!response.writableFinished) deadline.abort(new DOMException('The client has gone away.', 'AbortError'))
      // Each piece of a body starts the deadline again.
      else if (!mayStillArrive) deadline.end()
    })
    const send = (answer: HttpAnswer) => {
      writeHead(response, answer, isClosing())
      writeBody(response, answer.body, deadline.signal).catch((error: unknown) => {
        if (deadline.why !== 'gone') asker.logger.warn({ err: error }, 'a response broke off')
        breakOff(request, response)
      })
    }
    let incoming: Incoming
    try {
      incoming = incomingOf(request, response, mayStillArrive, deadline)
    } catch (error) {
      send(refuse(refusalOf(error)))
      return
    }
    void asker.ask(incoming, send)
  }
}

function hasBody({ headers }: IncomingMessage): boolean {
  return headers['content-length'] !== undefined || headers['transfer-encoding'] !== undefined
}

function incomingOf(
  request: IncomingMessage,
  response: ServerResponse,
  hasBody: boolean,
  deadline: Deadline,
): Incoming {
  const { headers } = request
  const passed = passedOn(request.rawHeaders)
  const { method, url } = targetOf(request, passed)
  const head = { method, url, headers: passed }
  // The platform makes no `Request` with such a body.
  const isRead = hasBody && method !== 'GET' && method !== 'HEAD'
  if (hasBody && !isRead) request.resume()
  return {
    head,
    body: isRead ? request.iterator({ destroyOnReturn: false }) : null,
    length: isRead ? headers['content-length'] : undefined,
    traceparent: headers['traceparent'] as string | undefined,
    deadline,
    onClose: end => void (response.closed ? end() : response.once('close', end)),
    request: () => new Request(url, { method, headers: inPairs(head.headers) }),
  }
}

/** @throws Error of Node.js, before anything is sent, if the head cannot be sent */
function writeHead(response: ServerResponse, { status, statusText, headers }: HttpAnswer, isLast: boolean): void {
  // A body of another length than it declares would be read as the next response.
  response.strictContentLength = true
  const sent = isLast ? [...headers, 'connection', 'close'] : headers
  if (statusText === '') response.writeHead(status, sent)
  else response.writeHead(status, statusText, sent)
}

async function writeBody(response: ServerResponse, body: HttpAnswer['body'], signal: AbortSignal): Promise<void> {
  if (body instanceof ReadableStream) {
    response.flushHeaders()
    for await (const chunk of body) if (!response.write(chunk)) await once(response, 'drain', { signal })
  }
  if (body instanceof Uint8Array && body.byteLength <= MAX_TEXT) response.end(textOf(body), 'latin1')
  else response.end(body instanceof Uint8Array ? body : undefined)
}

/** A character for each byte. */
function textOf({ buffer, byteOffset, byteLength }: Uint8Array): string {
  return Buffer.from(buffer, byteOffset, byteLength).toString('latin1')
}

/** Ends the response so that no client takes it for whole: without its last chunk or its full length, or by a reset. */
function breakOff({ httpVersion, socket }: IncomingMessage, response: ServerResponse): void {
  if (httpVersion === '1.0') socket.resetAndDestroy()
  else response.destroy()
}

/** A client that still sends may miss a response whose connection is closed at once. */
function readOn(request: IncomingMessage): void {
  if (request.complete) return
  request.resume()
  setTimeout(() => !request.complete && request.destroy(), LINGER).unref()
}
