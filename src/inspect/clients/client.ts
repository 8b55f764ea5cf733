import type { Clock } from '../../contract/index.js'
import type { WebSocket } from '../webSocket.js'
import type { Cursor } from './cursor.js'

/** The approximate number of bytes that may be buffered for one client, without those of its socket. */
const MAX_BUFFERED_BYTES = 1_048_576
/** Two, because a slow client has much to read before it gets to a ping. */
const MAX_UNANSWERED_PINGS = 2
/** How long a client may take to confirm that the connection closes, in ms. */
const CLOSE_TIMEOUT = 1_000

/** WebSocket close codes. */
export const CLOSE_CODE = { goingAway: 1001, policyViolation: 1008, messageTooBig: 1009 } as const

/** The reports of a client to its owner. */
export interface ClientListener {
  /** It can take more messages. */
  writable(): void
  /** The connection has ended, from either side. */
  closed(): void
}

/** The connection of one client: an open page, or another program that shows the messages. */
export class Client {
  readonly cursor: Cursor
  readonly #socket: WebSocket
  readonly #clock: Clock
  readonly #listener: ClientListener
  /** Only pongs reset it: sent data may sit in the buffers of a dead peer's system for a while. */
  #unansweredPings = 0
  #closeTimer: { readonly id: unknown } | undefined

  constructor(socket: WebSocket, cursor: Cursor, clock: Clock, listener: ClientListener) {
    this.#socket = socket
    this.cursor = cursor
    this.#clock = clock
    this.#listener = listener
    socket.on('pong', () => {
      this.#unansweredPings = 0
    })
    socket.on('ping', data => this.#pong(data))
    // Clients only listen.
    socket.on('message', () => this.close(CLOSE_CODE.policyViolation))
    // A message that is too large, or data that is not WebSocket. `ws` has sent the close code already.
    socket.on('error', () => this.close(CLOSE_CODE.messageTooBig))
    socket.on('close', () => this.#closed())
  }

  get isWritable(): boolean {
    const { readyState, OPEN, bufferedAmount } = this.#socket
    return readyState === OPEN && bufferedAmount < MAX_BUFFERED_BYTES
  }

  send(json: string): void {
    this.#socket.send(json, error => {
      if (!error && this.isWritable) this.#listener.writable()
    })
  }

  /** Sends a ping, or ends the connection if the last pings are unanswered. */
  ping(): void {
    if (this.#unansweredPings === MAX_UNANSWERED_PINGS) this.terminate()
    else this.#socket.ping()
    this.#unansweredPings++
  }

  /** Closes the connection, and ends it if the client does not confirm in time. A second call does nothing. */
  close(code: number): void {
    if (this.#closeTimer !== undefined) return
    this.#closeTimer = { id: this.#clock.setTimeout(() => this.terminate(), CLOSE_TIMEOUT) }
    this.#socket.close(code)
  }

  terminate(): void {
    this.#socket.terminate()
  }

  /** Ends the connection instead, if the client sends pings and never reads: its pongs would pile up. */
  #pong(data: Buffer): void {
    if (this.isWritable) this.#socket.pong(data)
    else this.terminate()
  }

  #closed(): void {
    if (this.#closeTimer !== undefined) this.#clock.clearTimeout(this.#closeTimer.id)
    this.#listener.closed()
  }
}
