/** Opens one session with a server of a subject, and says how it ends. */
import type { NatsConnection } from '@nats-io/transport-node'
import { asError, type Clock, type Logger } from '../../contract/index.js'
import type { CompiledConnected, Launcher, LauncherReports } from '../../hosts/internal.js'
import { nats, onDisconnect } from '../nats/index.js'
import { Channel } from './channel.js'
import { END, notice, type Opening, readOpened, writeOpening } from './wire.js'

/** Where the sessions of a runtime are opened, and what each of them is told. */
export interface RemoteTarget {
  readonly connection: NatsConnection
  readonly subject: string
  readonly inboxPrefix: string | undefined
  readonly opening: Omit<Opening, 'inbox'>
  readonly options: CompiledConnected
}

/** Further reports of a session. */
export interface SessionEvents {
  /** Its server takes no new calls. */
  leaving(): void
  /** A message has arrived. */
  received(): void
}

export class RemoteLauncher implements Launcher {
  readonly #target: RemoteTarget
  readonly #events: SessionEvents
  readonly #logger: Logger
  readonly #clock: Clock
  #reports: LauncherReports | null = null
  #channel: Channel | undefined
  #unfollow: (() => void) | undefined
  #giveUp: unknown

  constructor(target: RemoteTarget, events: SessionEvents, logger: Logger) {
    this.#target = target
    this.#events = events
    this.#logger = logger
    this.#clock = target.options.clock
  }

  launch(reports: LauncherReports): void {
    const { connection } = this.#target
    this.#reports = reports
    if (connection.isClosed()) {
      // Not within `launch`: the supervisor has not come to rest.
      const error = new Error('the connection to NATS is closed. Connect again, and provision a new runtime.')
      process.nextTick(() => {
        reports.failed(error, true)
        this.lost(error)
      })
      return
    }
    this.#unfollow = onDisconnect(connection, () => this.lost(new Error('the connection to NATS was lost.')))
    void this.#open().catch(error => this.lost(asError(error)))
  }

  terminate(): void {
    this.kill()
  }

  /** Ends the session. The server says when its module has stopped. */
  kill(): void {
    const { killTimeout } = this.#target.options.supervisor
    const error = new Error('it was ended.')
    if (this.#channel === undefined) process.nextTick(() => this.lost(error))
    else if (this.#giveUp === undefined) {
      this.#giveUp = this.#clock.setTimeout(() => this.lost(error), killTimeout)
      this.#channel.tell(END)
    }
  }

  /** It is over: leaves nothing behind. */
  lost(error: Error): void {
    const reports = this.#reports
    if (reports === null) return
    this.#reports = null
    this.#unfollow?.()
    if (this.#giveUp !== undefined) this.#clock.clearTimeout(this.#giveUp)
    this.#channel?.unsubscribe()
    reports.exited({ code: null, signal: null, stderr: '', error })
  }

  async #open(): Promise<void> {
    const { connection, subject, inboxPrefix, opening, options } = this.#target
    const inbox = nats.createInbox(inboxPrefix)
    // A request of 0 ms would wait for ever.
    const timeout = Math.max(1, options.supervisor.connectTimeout)
    const answer = await connection.request(subject, writeOpening({ ...opening, inbox }), { timeout }).catch(error => {
      if (error instanceof nats.RequestError && error.isNoResponders())
        throw new Error(`nobody serves ${subject}. Start a server with serveRemote().`)
      throw error
    })
    const opened = readOpened(answer.string())
    if ('refused' in opened) throw new Error(`a server of ${subject} has refused: ${opened.refused}`)
    // It was killed meanwhile.
    if (this.#reports === null) connection.publish(opened.inbox, notice(END))
    else this.#connect(inbox, opened.inbox)
  }

  #connect(inbox: string, to: string): void {
    const { connection, options } = this.#target
    const { maxFrameBytes, maxMessageItems } = options.limits
    const channel = new Channel({
      connection,
      inbox,
      asksForListeners: true,
      maxFrameBytes,
      maxMessageItems,
      maxSentBytes: maxFrameBytes,
      maxSentItems: maxMessageItems,
      maxBufferedBytes: options.maxBufferedBytes,
      noticed: (kind, words) => {
        if (kind === END) this.lost(new Error(words === '' ? 'the server has ended the session.' : words))
        else this.#events.leaving()
      },
      received: () => this.#events.received(),
      dropped: err => this.#logger.warn({ err }, 'dropped a message that makes no sense'),
      lost: error => this.lost(error),
    })
    channel.connect(to)
    this.#channel = channel
    this.#reports?.connected(channel.open)
  }
}
