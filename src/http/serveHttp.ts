import { once } from 'node:events'
import { createServer, type Server, type ServerOptions } from 'node:http'
import { type AddressInfo, Server as NetServer } from 'node:net'
import { duration, object } from '../contract/index.js'
import { urlHost } from '../support/index.js'
import { Asker } from './ask.js'
import { listenerOf } from './listener.js'
import type { FetchHandlerOptions, HttpRuntime } from './options.js'

/** The options of {@link serveHttp}. */
export interface ServeHttpOptions extends FetchHandlerOptions {
  /** The port; 0 for a free one. @default 3000 */
  readonly port?: number | undefined
  /** The address to listen on. @default all addresses of the machine */
  readonly host?: string | undefined
  /** How long `close()` waits for the responses that are under way, in ms. @default 30_000 */
  readonly closeTimeout?: number | undefined
  /** Options of `http.createServer`, such as `requestTimeout` and `maxHeaderSize`. @default those of Node.js */
  readonly server?: ServerOptions | undefined
}

/** A server that listens. */
export interface HttpServer {
  /** Where it listens, such as `http://localhost:3000`. */
  readonly url: string
  /** The port it listens on, also where the options said 0. */
  readonly port: number
  /**
   * Stops listening, answers what is under way, says `Connection: close` with the next response of each connection, and resolves when
   * all connections are closed. An idle connection is closed after the server's `keepAliveTimeout`, so that a request that is on its
   * way already gets its answer. What still runs after `closeTimeout` is cut off. A second call waits for the first.
   */
  close(): Promise<void>
}

/**
 * Serves the versions of an aggregate over HTTP, on `node:http`.
 *
 * The listener belongs to this process, and the versions run where their host puts them: a switch opens and closes no socket. Requests
 * are answered as `fetchHandler()` says. A body that breaks ends its connection, so that nobody takes it for whole.
 *
 * @param aggregate - an aggregate, or another runtime. It is neither started nor stopped here
 * @throws (rejects) CutoverError `CUTOVER_INVALID_OPTION`; the error of Node.js if it cannot listen, such
 * as `EADDRINUSE`
 */
export async function serveHttp(aggregate: HttpRuntime, options: ServeHttpOptions = {}): Promise<HttpServer> {
  const { port = 3000, host, server: serverOptions = {} } = object('options', options)
  const closeTimeout = duration('closeTimeout', options.closeTimeout, 30_000)
  const asker = new Asker(aggregate, options)
  const server = createServer(serverOptions)
  server.on(
    'request',
    listenerOf(asker, () => !server.listening),
  )
  server.listen(port, host)
  await once(server, 'listening')
  const { port: bound } = server.address() as AddressInfo
  let closed: Promise<void> | undefined
  return {
    url: `http://${urlHost(host)}:${bound}`,
    port: bound,
    close: () => {
      closed ??= close(server, closeTimeout)
      return closed
    },
  }
}

async function close(server: Server, timeout: number): Promise<void> {
  const closed = once(server, 'close')
  // The `close` of an HTTP server ends idle connections at once, and with them requests that are on their way already.
  NetServer.prototype.close.call(server)
  const idle = setTimeout(() => server.closeIdleConnections(), Math.min(server.keepAliveTimeout, timeout))
  const late = setTimeout(() => server.closeAllConnections(), timeout)
  await closed
  clearTimeout(idle)
  clearTimeout(late)
  // Ends the timer that looks for slow requests, which would keep the server in memory.
  server.close()
}
