/** One session of a server: runs the module for one host, until either of them ends it. */
import type { NatsConnection } from '@nats-io/transport-node'
import type { Clock, Logger, RuntimeModule } from '../../contract/index.js'
import { GuestSession } from '../../guest/internal.js'
import { Channel } from './channel.js'
import { END, LEAVING, type Opening } from './wire.js'

export interface ServedSessionOptions {
  readonly connection: NatsConnection
  readonly inbox: string
  readonly opening: Opening
  readonly version: string | undefined
  readonly maxFrameBytes: number
  readonly maxMessageItems: number
  readonly maxBufferedBytes: number
  readonly clock: Clock
  readonly logger: Logger
  load(): Promise<RuntimeModule>
  dropped(error: Error): void
  /** It is over, and nothing of it is left. Called once. */
  ended(): void
}

export class ServedSession {
  readonly #options: ServedSessionOptions
  readonly #channel: Channel
  readonly #guest: GuestSession
  /** Whether a message has arrived since the last look. */
  #heard = true
  #look: unknown
  #lastWords = ''

  constructor(options: ServedSessionOptions) {
    const { connection, inbox, opening, logger } = options
    this.#options = options
    this.#channel = new Channel({
      connection,
      inbox,
      asksForListeners: false,
      maxFrameBytes: options.maxFrameBytes,
      maxMessageItems: options.maxMessageItems,
      maxSentBytes: opening.maxFrameBytes,
      maxSentItems: opening.maxMessageItems,
      maxBufferedBytes: options.maxBufferedBytes,
      noticed: kind => {
        if (kind === END) this.end(new Error('The host has ended the session.'))
      },
      received: () => {
        this.#heard = true
      },
      dropped: options.dropped,
      lost: error => this.lose(error),
    })
    this.#channel.connect(opening.inbox)
    this.#guest = new GuestSession({
      open: this.#channel.open,
      version: options.version,
      logger,
      limits: opening,
      load: options.load,
      hostLost: () => {},
      ended: () => this.#ended(),
    })
  }

  open(): void {
    this.#guest.open()
    this.#watch()
  }

  /** Asks the host to open another session, and to end this one. */
  leave(): void {
    this.#lastWords = 'its server is leaving.'
    this.#channel.tell(LEAVING)
  }

  /** Stops the module. Calls that it still works on reject. A start that is pending is left to finish, and then undone. */
  end(reason: Error): void {
    this.#guest.stop(reason)
    if (this.#guest.state === 'cancelling') this.#say()
  }

  /** The host is gone: stops the module. */
  lose(error: Error): void {
    this.#channel.end(error)
  }

  /** A host that is there pings while its runtime is up. */
  #watch(): void {
    const { clock, opening } = this.#options
    if (opening.silence === 0) return
    this.#look = clock.setTimeout(() => {
      if (!this.#heard && this.#guest.state !== 'starting')
        this.lose(new Error(`the host was silent for ${opening.silence} ms.`))
      this.#heard = false
      this.#watch()
    }, opening.silence)
  }

  #ended(): void {
    const { clock, ended } = this.#options
    if (this.#look !== undefined) clock.clearTimeout(this.#look)
    this.#look = undefined
    this.#say()
    ended()
  }

  /** The last message. */
  #say(): void {
    if (this.#channel.isClosed) return
    this.#channel.tell(END, this.#lastWords)
    this.#channel.unsubscribe()
  }
}
