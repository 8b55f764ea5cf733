/** The sessions of one `serveRemote()`. */
import type { Msg, NatsConnection, Subscription } from '@nats-io/transport-node'
import { asError, type Clock, type Logger, safeLogger } from '../../contract/index.js'
import { type ModuleSource, moduleLoader } from '../../hosts/internal.js'
import { nats, onDisconnect } from '../nats/index.js'
import { ServedSession } from './servedSession.js'
import { timedModule } from './timedModule.js'
import { type Opened, type Opening, readOpening } from './wire.js'

export interface ServerOptions {
  readonly connection: NatsConnection
  readonly subject: string
  readonly queue: string
  readonly version: string | undefined
  readonly maxSessions: number
  readonly drainTimeout: number
  readonly maxFrameBytes: number
  readonly maxMessageItems: number
  readonly maxBufferedBytes: number
  readonly inboxPrefix: string | undefined
  readonly logger: Logger | undefined
  readonly clock: Clock
}

/** The result of `serveRemote()`. */
export interface RemoteServer extends AsyncDisposable {
  /** How many sessions there are: one for each runtime that is up. */
  readonly sessions: number
  /** How many messages made no sense, and were dropped. */
  readonly dropped: number
  /**
   * Leaves without losing a call. In order: unsubscribes from the subject, so that other servers get what comes; asks each host to move its
   * new calls to another server; waits until every call has been answered, for up to `drainTimeout`; stops the modules; and flushes the
   * connection. Close that afterwards. A second call returns the same promise. Never rejects.
   */
  drain(): Promise<void>
}

/** How long modules may take to stop after `drainTimeout`, and NATS to take the last answers, in ms. */
const STOP_GRACE = 5_000
/** The longest request for a session, in bytes. */
const MAX_OPENING_BYTES = 16 * 1024

export class Server implements RemoteServer {
  readonly #source: ModuleSource
  readonly #options: ServerOptions
  readonly #logger: Logger
  readonly #subscription: Subscription
  readonly #sessions = new Set<ServedSession>()
  readonly #unfollow: () => void
  #drained: Promise<void> | undefined
  /** Called when the last session has ended. */
  #empty: (() => void) | undefined
  dropped = 0

  constructor(source: ModuleSource, options: ServerOptions) {
    const { connection, subject, queue, logger } = options
    this.#source = source
    this.#options = options
    this.#logger = safeLogger(logger, { subject })
    this.#unfollow = onDisconnect(connection, () => {
      for (const session of [...this.#sessions]) session.lose(new Error('the connection to NATS was lost.'))
    })
    this.#subscription = connection.subscribe(subject, {
      queue,
      callback: (error, message) => {
        if (error === null) this.#receive(message)
        else this.#logger.error({ err: error }, 'the subscription to the subject has failed')
      },
    })
  }

  get sessions(): number {
    return this.#sessions.size
  }

  drain(): Promise<void> {
    this.#drained ??= this.#drain()
    return this.#drained
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.drain()
  }

  async #drain(): Promise<void> {
    const { connection, drainTimeout } = this.#options
    // `drain()` of a subscription: the client dispatches what the server has sent before it took the end of the subscription.
    await this.#atMost(drainTimeout, this.#subscription.drain())
    const ended = new Promise<void>(resolve => {
      this.#empty = resolve
    })
    if (this.#sessions.size === 0) this.#empty?.()
    for (const session of this.#sessions) session.leave()
    await this.#atMost(drainTimeout, ended)
    this.#endAll()
    // A module whose `stop` does not return is not waited for.
    await this.#atMost(STOP_GRACE, ended)
    this.#unfollow()
    await this.#atMost(STOP_GRACE, connection.flush())
  }

  /** Waits for a step that may never end: it needs NATS, which may be away, or a module. */
  async #atMost(time: number, step: Promise<void>): Promise<void> {
    const { clock } = this.#options
    let timer: unknown
    const late = new Promise<void>(resolve => {
      timer = clock.setTimeout(resolve, time)
    })
    await Promise.race([step.catch(() => {}), late])
    clock.clearTimeout(timer)
  }

  /** Ends the sessions that are left. */
  #endAll(): void {
    const { drainTimeout } = this.#options
    const reason = new Error(
      `The server is leaving, and the call was not answered within ${drainTimeout} ms (drainTimeout).`,
    )
    for (const session of [...this.#sessions]) session.end(reason)
  }

  #receive(message: Msg): void {
    let opening: Opening
    try {
      if (message.data.length > MAX_OPENING_BYTES) throw new Error(`it is longer than ${MAX_OPENING_BYTES} bytes.`)
      if (!message.reply) throw new Error('it names nowhere to answer to.')
      opening = readOpening(message.string())
    } catch (error) {
      this.#drop(asError(error))
      return
    }
    message.respond(JSON.stringify(this.#open(opening)))
  }

  #open(opening: Opening): Opened {
    const { connection, clock, maxSessions } = this.#options
    if (this.#sessions.size >= maxSessions) return { refused: `it has ${maxSessions} sessions (maxSessions).` }
    const { id } = opening
    const { version = opening.version, inboxPrefix } = this.#options
    const inbox = nats.createInbox(inboxPrefix)
    const logger = safeLogger(this.#options.logger, { runtime: id, version })
    const load = moduleLoader(this.#source, { id, version })
    const { callTimeout } = opening
    const session: ServedSession = new ServedSession({
      ...this.#options,
      connection,
      inbox,
      opening,
      logger,
      load: async () => {
        const module = await load(logger)
        return callTimeout === 0 ? module : timedModule(module, callTimeout, version, clock)
      },
      dropped: error => this.#drop(error),
      ended: () => {
        this.#sessions.delete(session)
        if (this.#sessions.size === 0) this.#empty?.()
      },
    })
    this.#sessions.add(session)
    session.open()
    return { inbox }
  }

  /** The first of many is logged. */
  #drop(err: Error): void {
    if (++this.dropped === 1)
      this.#logger.warn({ err }, 'dropped a message that makes no sense; further ones are counted')
  }
}
