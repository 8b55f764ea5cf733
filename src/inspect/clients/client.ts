import type { WebSocket } from 'ws'
import type { Clock } from '../../clock.js'
import type { Feed } from './cursor.js'

/** About how many bytes may wait to be read by one viewer, besides what its socket holds. */
const MAX_BUFFERED = 1_048_576
/** A slow viewer has much to read before it comes to a ping. */
const MAX_UNANSWERED = 2
/** How long a viewer may take to say that it has heard that it is to close, in ms. */
const CLOSE_TIMEOUT = 1_000

/** WebSocket close codes. */
export const CLOSE = { goingAway: 1001, policy: 1008, tooBig: 1009 } as const

/** Who wants to know of a viewer. */
export interface ViewerHooks {
  /** There is room again. */
  drained(): void
  /** It is gone, whoever ended it. */
  closed(): void
}

/** One viewer's connection. */
export class Viewer {
  readonly feed: Feed
  readonly #socket: WebSocket
  readonly #clock: Clock
  readonly #hooks: ViewerHooks
  /** How many pings it has not answered. That it takes data says nothing: its system does, for a while. */
  #unanswered = 0
  #closing: { readonly timer: unknown } | undefined

  constructor(socket: WebSocket, feed: Feed, clock: Clock, hooks: ViewerHooks) {
    this.#socket = socket
    this.feed = feed
    this.#clock = clock
    this.#hooks = hooks
    socket.on('pong', () => {
      this.#unanswered = 0
    })
    socket.on('ping', data => this.#answer(data))
    socket.on('message', () => this.close(CLOSE.policy))
    // Such as a message that is too large, or no WebSocket message at all: its close code is on its way.
    socket.on('error', () => this.close(CLOSE.tooBig))
    socket.on('close', () => this.#closed())
  }

  get hasRoom(): boolean {
    return this.#isOpen && this.#socket.bufferedAmount < MAX_BUFFERED
  }

  send(text: string): void {
    this.#socket.send(text, error => {
      if (!error && this.hasRoom) this.#hooks.drained()
    })
  }

  /** Asks whether it is alive; one that did not answer the last times is not. */
  ping(): void {
    if (this.#unanswered === MAX_UNANSWERED) this.terminate()
    else if (this.#isOpen) this.#socket.ping()
    this.#unanswered++
  }

  /** A second call does nothing. */
  close(code: number): void {
    if (this.#closing !== undefined) return
    this.#closing = { timer: this.#clock.setTimeout(() => this.terminate(), CLOSE_TIMEOUT) }
    this.#socket.close(code)
  }

  terminate(): void {
    this.#socket.terminate()
  }

  get #isOpen(): boolean {
    return this.#socket.readyState === this.#socket.OPEN
  }

  /** Answers too must not pile up before a viewer that asks and never reads. */
  #answer(data: Buffer): void {
    if (this.hasRoom) this.#socket.pong(data)
    else this.terminate()
  }

  #closed(): void {
    if (this.#closing !== undefined) this.#clock.clearTimeout(this.#closing.timer)
    this.#hooks.closed()
  }
}
