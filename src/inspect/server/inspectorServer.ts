import { createServer, type IncomingMessage, type Server, type ServerResponse, STATUS_CODES } from 'node:http'
import type { AddressInfo, Socket } from 'node:net'
import type { Duplex } from 'node:stream'
import type { WebSocket, WebSocketServer } from 'ws'
import { CutoverError } from '../../errors.js'
import type { CompiledInspectorOptions } from '../options.js'
import { Access } from './access.js'
import type { PageFile } from './pageFiles.js'

/** More are not taken in the first place. */
const MAX_CONNECTIONS = 256

/**
 * How long, in ms, a client may take for its headers and for a whole request, how long it may be silent in the middle of
 * one, or of an answer, and how often it is looked at. Viewers, once they are let in, have all the time of the world.
 */
interface Patience {
  readonly headersTimeout: number
  readonly requestTimeout: number
  readonly silence: number
  readonly connectionsCheckingInterval: number
}

const PATIENCE: Patience = {
  headersTimeout: 5_000,
  requestTimeout: 10_000,
  silence: 30_000,
  connectionsCheckingInterval: 1_000,
}

/** Where messages are to be had. */
const SOCKET_PATH = '/socket'

/** Serves the page, and hands over those who may listen. */
export class InspectorServer {
  readonly #server: Server
  readonly #webSockets: WebSocketServer
  readonly #files: ReadonlyMap<string, PageFile>
  readonly #sockets = new Set<Socket>()

  constructor(webSockets: WebSocketServer, files: ReadonlyMap<string, PageFile>, patience = PATIENCE) {
    const { silence, ...limits } = patience
    this.#webSockets = webSockets
    this.#files = files
    this.#server = createServer({ maxHeaderSize: 16_384, ...limits })
    this.#server.maxConnections = MAX_CONNECTIONS
    this.#server.timeout = silence
    this.#server.on('connection', socket => {
      socket.unref()
      this.#sockets.add(socket)
      socket.on('close', () => this.#sockets.delete(socket))
    })
  }

  /**
   * @param admission - takes those who may listen
   * @returns the page's address, with the token
   * @throws CutoverError (rejects) `CUTOVER_INSPECTOR_FAILED`
   */
  async listen(options: CompiledInspectorOptions, admission: Admission): Promise<string> {
    const { host, port, allowedHosts } = options
    await new Promise<void>((resolve, reject) => {
      this.#server.once('error', cause => reject(cannotListen(cause, host, port)))
      this.#server.listen(port, host, resolve)
    })
    this.#server.removeAllListeners('error').unref()
    this.#server.on('error', err => options.logger.error({ err }, 'the inspector cannot take a connection'))
    const access = new Access(host, (this.#server.address() as AddressInfo).port, allowedHosts)
    this.#server.on('request', (request, response) => void this.#serve(access, request, response))
    this.#server.on('upgrade', (request, socket, head) => this.#upgrade(access, admission, request, socket, head))
    return access.url
  }

  /** Takes no more connections; those that are open keep the process alive from now on until they are closed. */
  stopListening(): Promise<void> {
    for (const socket of this.#sockets) socket.ref()
    return new Promise(resolve => {
      this.#server.close(() => resolve())
      this.#server.closeAllConnections()
    })
  }

  async #serve(access: Access, request: IncomingMessage, response: ServerResponse): Promise<void> {
    const url = urlOf(request)
    // The other files hold no secret, and the page that asks for them cannot give the token along.
    const refusal = refusalOf(access, request, url, url === undefined || isPage(url))
    if (refusal !== undefined) refuse(response, refusal)
    else if (request.method !== 'GET' && request.method !== 'HEAD') refuse(response, 405)
    else await sendFile(this.#files.get(url?.pathname ?? ''), request, response)
  }

  #upgrade(access: Access, admission: Admission, request: IncomingMessage, socket: Duplex, head: Buffer): void {
    socket.on('error', () => socket.destroy())
    const url = urlOf(request)
    const refusal = refusalOf(access, request, url, true)
    if (refusal !== undefined) refuseSocket(socket, refusal)
    else if (url?.pathname !== SOCKET_PATH) refuseSocket(socket, 404)
    else if (!admission.hasRoom()) refuseSocket(socket, 503)
    else this.#webSockets.handleUpgrade(request, socket, head, webSocket => admission.take(webSocket))
  }
}

/** How viewers are let in. */
export interface Admission {
  /** Whether one more may come. */
  hasRoom(): boolean
  /** One has come. */
  take(socket: WebSocket): void
}

function isPage({ pathname }: URL): boolean {
  return pathname === '/' || pathname === '/index.html'
}

function urlOf({ url }: IncomingMessage): URL | undefined {
  // Not the whole of what a client may write, such as `http://elsewhere/`: only a path.
  if (url === undefined || !/^\/(?!\/)/.test(url)) return undefined
  return URL.canParse(url, 'http://localhost') ? new URL(url, 'http://localhost') : undefined
}

/** The status of the answer to one who may not have what it asks for. */
function refusalOf(access: Access, request: IncomingMessage, url: URL | undefined, needsToken: boolean) {
  if (url === undefined || !access.isFromHere(request)) return 403
  return needsToken && !access.hasToken(url) ? 401 : undefined
}

async function sendFile(file: PageFile | undefined, request: IncomingMessage, response: ServerResponse): Promise<void> {
  const content = await file?.read().catch(() => undefined)
  if (file === undefined || content === undefined) {
    refuse(response, 404)
    return
  }
  response.writeHead(200, {
    ...headersFor(request.headers.host ?? ''),
    'Content-Type': file.type,
    'Content-Length': Buffer.byteLength(content),
  })
  response.end(request.method === 'HEAD' ? undefined : content)
}

/** @param host - checked: it is one of ours */
function headersFor(host: string): Record<string, string> {
  // A policy cannot name an IPv6 address; browsers take a WebSocket of the same origin for 'self'.
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

const COMMON_HEADERS = { 'Cache-Control': 'no-store', 'X-Content-Type-Options': 'nosniff' }

function refuse(response: ServerResponse, status: number): void {
  response.writeHead(status, { ...COMMON_HEADERS, 'Content-Length': 0, Connection: 'close' }).end()
}

function refuseSocket(socket: Duplex, status: number): void {
  const head = `HTTP/1.1 ${status} ${STATUS_CODES[status]}\r\nConnection: close\r\nContent-Length: 0\r\n\r\n`
  socket.end(head, () => socket.destroy())
}

function cannotListen(cause: Error & { readonly code?: string }, host: string, port: number): CutoverError {
  const what = cause.code === 'EADDRINUSE' ? `port ${port} is in use` : cause.message
  return new CutoverError(
    'CUTOVER_INSPECTOR_FAILED',
    `The inspector cannot listen on ${host}, port ${port}: ${what}. Choose another port, or 0 for any that is free.`,
    { cause },
  )
}
