import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import type { Duplex } from 'node:stream'
import { CutoverError, type Logger } from '../../contract/index.js'
import type { WebSocket, WebSocketServer } from '../webSocket.js'
import { Access } from './access.js'
import type { PageFile } from './pageFiles.js'
import { rejectUpgrade, sendFile, sendStatus } from './responses.js'

const MAX_CONNECTIONS = 256
const MAX_HEADER_BYTES = 16_384
/** The path of the WebSocket. */
const SOCKET_PATH = '/socket'

/** The time limits of HTTP connections, in ms. An established WebSocket has none. */
interface HttpTimeouts {
  readonly headersTimeout: number
  readonly requestTimeout: number
  /** How long a connection may be silent in the middle of a request or a response. */
  readonly idleTimeout: number
  readonly connectionsCheckingInterval: number
}

const HTTP_TIMEOUTS: HttpTimeouts = {
  headersTimeout: 5_000,
  requestTimeout: 10_000,
  idleTimeout: 30_000,
  connectionsCheckingInterval: 1_000,
}

/** The options of an inspector that concern its server. */
export interface ServerOptions {
  readonly port: number
  readonly host: string
  readonly allowedHosts: readonly string[]
  readonly logger: Logger
}

/** Takes the WebSockets of authorised clients. */
export interface ClientAcceptor {
  /** Whether no more clients may connect. */
  isFull(): boolean
  accept(socket: WebSocket): void
}

/** Serves the page, and hands over the WebSockets of authorised clients. */
export class InspectorServer {
  readonly #server: Server
  readonly #webSockets: WebSocketServer
  readonly #files: ReadonlyMap<string, PageFile>

  constructor(webSockets: WebSocketServer, files: ReadonlyMap<string, PageFile>, timeouts = HTTP_TIMEOUTS) {
    const { idleTimeout, ...limits } = timeouts
    this.#webSockets = webSockets
    this.#files = files
    this.#server = createServer({ maxHeaderSize: MAX_HEADER_BYTES, ...limits })
    this.#server.maxConnections = MAX_CONNECTIONS
    this.#server.timeout = idleTimeout
    this.#server.on('connection', socket => socket.unref())
  }

  /**
   * @returns the page's address, with the token
   * @throws CutoverError (rejects) `CUTOVER_INSPECTOR_FAILED`
   */
  async listen(options: ServerOptions, acceptor: ClientAcceptor): Promise<string> {
    const { host, port, allowedHosts } = options
    await new Promise<void>((resolve, reject) => {
      this.#server.once('error', cause => reject(cannotListen(cause, host, port)))
      this.#server.listen(port, host, resolve)
    })
    this.#server.removeAllListeners('error').unref()
    this.#server.on('error', err => options.logger.error({ err }, 'the inspector cannot accept a connection'))
    const access = new Access(host, (this.#server.address() as AddressInfo).port, allowedHosts)
    this.#server.on('request', (request, response) => void this.#serve(access, request, response))
    this.#server.on('upgrade', (request, socket, head) => this.#upgrade(access, acceptor, request, socket, head))
    return access.url
  }

  /** Accepts no more connections, and closes those that are not WebSockets. @returns once all are closed */
  stopListening(): Promise<void> {
    return new Promise(resolve => {
      this.#server.close(() => resolve())
      this.#server.closeAllConnections()
    })
  }

  async #serve(access: Access, request: IncomingMessage, response: ServerResponse): Promise<void> {
    const url = urlOf(request)
    // Scripts and styles hold no secret, and the page's requests for them do not carry the token.
    const refusal = refusalStatus(access, request, url, url === undefined || isPage(url))
    if (refusal !== undefined) sendStatus(response, refusal)
    else if (request.method !== 'GET' && request.method !== 'HEAD') sendStatus(response, 405)
    else await sendFile(this.#files.get(url?.pathname ?? ''), request, response)
  }

  #upgrade(access: Access, acceptor: ClientAcceptor, request: IncomingMessage, socket: Duplex, head: Buffer): void {
    socket.on('error', () => socket.destroy())
    const url = urlOf(request)
    const refusal = refusalStatus(access, request, url, true)
    if (refusal !== undefined) rejectUpgrade(socket, refusal)
    else if (url?.pathname !== SOCKET_PATH) rejectUpgrade(socket, 404)
    else if (acceptor.isFull()) rejectUpgrade(socket, 503)
    else this.#webSockets.handleUpgrade(request, socket, head, webSocket => acceptor.accept(webSocket))
  }
}

function isPage({ pathname }: URL): boolean {
  return pathname === '/' || pathname === '/index.html'
}

/** Undefined unless the request is for a path: a client may also ask for `http://elsewhere/`, as of a proxy. */
function urlOf({ url }: IncomingMessage): URL | undefined {
  if (url === undefined || !/^\/(?!\/)/.test(url)) return undefined
  return URL.canParse(url, 'http://localhost') ? new URL(url, 'http://localhost') : undefined
}

/** The status for an unauthorised request; undefined if the request is authorised. */
function refusalStatus(access: Access, request: IncomingMessage, url: URL | undefined, needsToken: boolean) {
  if (url === undefined || !access.hasAllowedOrigin(request)) return 403
  return needsToken && !access.hasToken(url) ? 401 : undefined
}

function cannotListen(cause: Error & { readonly code?: string }, host: string, port: number): CutoverError {
  const reason = cause.code === 'EADDRINUSE' ? `port ${port} is in use` : cause.message
  return new CutoverError(
    'CUTOVER_INSPECTOR_FAILED',
    `The inspector cannot listen on ${host}, port ${port}: ${reason}. Choose another port, or 0 for any free one.`,
    { cause },
  )
}
