import { type IncomingMessage, type ServerResponse, STATUS_CODES } from 'node:http'
import type { Duplex } from 'node:stream'
import type { PageFile } from './pageFiles.js'

const COMMON_HEADERS = { 'Cache-Control': 'no-store', 'X-Content-Type-Options': 'nosniff' }

/** Sends a file of the page, or 404 if there is none or it cannot be read. */
export async function sendFile(
  file: PageFile | undefined,
  request: IncomingMessage,
  response: ServerResponse,
): Promise<void> {
  const content = await file?.read().catch(() => undefined)
  if (file === undefined || content === undefined) {
    sendStatus(response, 404)
    return
  }
  response.writeHead(200, {
    ...pageHeaders(request.headers.host ?? ''),
    'Content-Type': file.contentType,
    'Content-Length': Buffer.byteLength(content),
  })
  response.end(request.method === 'HEAD' ? undefined : content)
}

/** Sends an empty response, and closes the connection. */
export function sendStatus(response: ServerResponse, status: number): void {
  response.writeHead(status, { ...COMMON_HEADERS, 'Content-Length': 0, Connection: 'close' }).end()
}

/** Sends an empty response to a request for a WebSocket, and destroys its socket. */
export function rejectUpgrade(socket: Duplex, status: number): void {
  const head = `HTTP/1.1 ${status} ${STATUS_CODES[status]}\r\nConnection: close\r\nContent-Length: 0\r\n\r\n`
  socket.end(head, () => socket.destroy())
}

/** @param host - a value of the `Host` header that has passed the check */
function pageHeaders(host: string): Record<string, string> {
  // A policy cannot contain an IPv6 address. For a WebSocket of the same origin, 'self' is enough.
  const sockets = host.startsWith('[') ? '' : ` ws://${host} wss://${host}`
  const policy = [
    "default-src 'self'",
    `connect-src 'self'${sockets}`,
    "img-src 'self' data: blob:",
    "frame-ancestors 'none'",
    "base-uri 'none'",
    "form-action 'none'",
  ]
  return {
    ...COMMON_HEADERS,
    'Content-Security-Policy': policy.join('; '),
    'Cross-Origin-Resource-Policy': 'same-origin',
    'Referrer-Policy': 'no-referrer',
  }
}
