import type { Clock, Logger } from '../../contract/index.js'
import { Recorder, type RecorderOptions } from '../recorder/index.js'
import type { WebSocket } from '../webSocket.js'
import { CLOSE_CODE, Client } from './client.js'
import { Cursor } from './cursor.js'
import { Ticker } from './ticker.js'
import { WatchedAggregates } from './watchedAggregates.js'

/** How often clients are pinged, in ms. */
const PING_PERIOD = 15_000
/** How often the status of watched aggregates is read, in ms. */
const POLL_PERIOD = 100
/** How long messages are sent in one turn of the event loop, in ms. The inspected program gets the rest. */
const MAX_SEND_TIME = 4

/** The options of an inspector that concern its clients and what they are sent. */
export interface ClientsOptions extends RecorderOptions {
  readonly maxViewers: number
  readonly logger: Logger
  readonly clock: Clock
}

/** All connected clients, and the messages for them. */
export class Clients {
  readonly recorder: Recorder
  readonly watched: WatchedAggregates
  readonly #options: ClientsOptions
  readonly #clients = new Set<Client>()
  readonly #pings: Ticker
  readonly #polls: Ticker
  #scheduled: NodeJS.Immediate | undefined
  #onEmpty: (() => void)[] = []

  constructor(options: ClientsOptions) {
    const clients = this.#clients
    this.#options = options
    this.recorder = new Recorder(options, {
      get hasClients() {
        return clients.size > 0
      },
      recorded: () => this.#recorded(),
    })
    this.watched = new WatchedAggregates(this.recorder)
    this.#pings = new Ticker(options.clock, PING_PERIOD, () => {
      for (const client of this.#clients) client.ping()
    })
    this.#polls = new Ticker(options.clock, POLL_PERIOD, () => {
      if (this.watched.poll()) this.#schedule()
    })
  }

  get isFull(): boolean {
    return this.#clients.size >= this.#options.maxViewers
  }

  add(socket: WebSocket): void {
    const { clock, logger } = this.#options
    const client = new Client(socket, new Cursor(this.recorder, this.watched), clock, {
      writable: () => this.#schedule(),
      closed: () => this.#remove(client),
    })
    this.#clients.add(client)
    logger.debug({ clients: this.#clients.size }, 'inspector client connected')
    this.watched.poll()
    this.#pings.start()
    this.#polls.start()
    this.#schedule()
  }

  /** Forgets everything that was recorded, and closes all connections. @returns once they are closed */
  close(): Promise<void> {
    this.watched.clear()
    this.recorder.clear()
    for (const client of this.#clients) client.close(CLOSE_CODE.goingAway)
    return new Promise(resolve => {
      if (this.#clients.size === 0) resolve()
      else this.#onEmpty.push(resolve)
    })
  }

  #remove(client: Client): void {
    this.#clients.delete(client)
    this.#options.logger.debug({ clients: this.#clients.size }, 'inspector client disconnected')
    if (this.#clients.size > 0) return
    this.#pings.stop()
    this.#polls.stop()
    for (const resolve of this.#onEmpty.splice(0)) resolve()
  }

  #recorded(): void {
    if (this.#clients.size > 0) this.#schedule()
    else this.recorder.actors.forgetStoppedBefore(this.recorder.history.tail)
  }

  #schedule(): void {
    this.#scheduled ??= setImmediate(() => {
      this.#scheduled = undefined
      this.#send()
    }).unref()
  }

  #send(): void {
    this.recorder.convertDeferred()
    const deadline = performance.now() + MAX_SEND_TIME
    let pending = [...this.#clients]
    // One message each in turn, so that a client that has much to catch up with does not hold up the others.
    while (pending.length > 0 && performance.now() < deadline) pending = pending.filter(client => sendNext(client))
    if (pending.length > 0) this.#schedule()
    this.#forgetStoppedActors()
  }

  /** Keeps each stopped actor until every client has been told that it stopped. */
  #forgetStoppedActors(): void {
    let oldest = this.recorder.history.tail
    for (const { cursor } of this.#clients) oldest = Math.min(oldest, cursor.position)
    this.recorder.actors.forgetStoppedBefore(oldest)
  }
}

/** @returns whether the client may be able to take more */
function sendNext(client: Client): boolean {
  const json = client.isWritable ? client.cursor.next() : undefined
  if (json === undefined) return false
  client.send(json)
  return true
}
