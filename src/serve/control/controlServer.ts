import { once } from 'node:events'
import { rmSync } from 'node:fs'
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http'
import { json } from 'node:stream/consumers'
import type { Done } from '../events.js'
import { failed, type Tell } from '../service/service.js'

/** A command, as the socket gets it. It may tell how it goes, until the signal fires because nobody listens any more. */
export type Handler = (body: Readonly<Record<string, unknown>>, tell: Tell, signal: AbortSignal) => Done | Promise<Done>

/** The most bytes that wait for a client that does not read; it misses further lines. */
const MAX_WAITING = 1_048_576
/** How long a client may take to read its last lines, in ms. */
const CLOSE_TIMEOUT = 1_000

/** Takes commands on a Unix socket that only our user can open. */
export class ControlServer {
  readonly #path: string
  readonly #handlers: Readonly<Record<string, Handler>>
  readonly #server: Server
  readonly #closing = new AbortController()

  constructor(path: string, handlers: Readonly<Record<string, Handler>>) {
    this.#path = path
    this.#handlers = handlers
    this.#server = createServer((request, response) => void this.#answer(request, response))
  }

  /** Listens in place of a process that was killed. Only while the store is locked. */
  async listen(): Promise<void> {
    rmSync(this.#path, { force: true })
    // The socket is made within `listen`, with this mask: so there is no moment at which others can open it.
    const mask = process.umask(0o177)
    try {
      this.#server.listen(this.#path)
    } finally {
      process.umask(mask)
    }
    await once(this.#server, 'listening')
    process.once('exit', this.#remove)
  }

  /** Removes the socket, once the commands under way have their answers. A client that does not read is cut off. */
  async close(): Promise<void> {
    if (!this.#server.listening) return
    process.off('exit', this.#remove)
    const closed = once(this.#server, 'close')
    this.#server.close()
    this.#closing.abort()
    const late = setTimeout(() => this.#server.closeAllConnections(), CLOSE_TIMEOUT)
    await closed
    clearTimeout(late)
  }

  readonly #remove = () => rmSync(this.#path, { force: true })

  async #answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const over = new AbortController()
    const end = () => over.abort()
    this.#closing.signal.addEventListener('abort', end)
    response
      .on('error', () => {})
      .once('close', () => {
        this.#closing.signal.removeEventListener('abort', end)
        end()
      })
    const tell: Tell = event => {
      if (response.destroyed || response.writableEnded) return
      if (event.type === 'done' || response.writableLength < MAX_WAITING) response.write(`${JSON.stringify(event)}\n`)
    }
    response.writeHead(200, { 'content-type': 'application/x-ndjson', connection: 'close' })
    response.flushHeaders()
    const name = request.url?.slice(1) ?? ''
    const handler = Object.hasOwn(this.#handlers, name) ? this.#handlers[name] : undefined
    try {
      if (handler === undefined) throw new Error(`There is no command ${request.url}.`)
      tell(await handler(Object(await json(request)), tell, over.signal))
    } catch (error) {
      tell(failed(error))
    }
    response.end()
  }
}
