import { asError, CutoverError } from '../errors.js'
import type { Logger } from '../logger.js'
import type { RuntimeContext, RuntimeModule } from '../module/runtimeModule.js'
import { Connection } from '../protocol/connection.js'
import type { GuestLimits } from '../protocol/guestLimits.js'
import type { RequestContext } from '../protocol/incomingRequest.js'
import { infoAnswer, parseInfoRequest } from '../protocol/info.js'
import {
  ABORT_REQUEST,
  ABORT_RESPONSE,
  type Body,
  EMPTY,
  INFO_REQUEST,
  INFO_RESPONSE,
  PING_REQUEST,
  SHUTDOWN_REQUEST,
} from '../protocol/messages.js'
import type { OpenTransport } from '../protocol/transport.js'

export interface SessionOptions {
  readonly open: OpenTransport
  /** What the module says of its own version. @default what the host asks for */
  readonly version?: string | undefined
  readonly logger: Logger
  /** How much the module may ask of the host at once; more calls wait. */
  readonly limits: Pick<GuestLimits, 'maxHostRequests' | 'maxHostRequestBytes'>
  load(): Promise<RuntimeModule>
  /** The connection has ended, or broke; the module is about to be stopped. */
  hostLost(): void
  /** The session is over, and the module has stopped. */
  over(): void
}

const DONE: Body = { kind: EMPTY, payload: {} }
/** The most calls of a module to its host that wait. */
const MAX_WAITING = 10_000

/** The guest's end of a connection: runs one module for one host. */
export class GuestSession {
  readonly #options: SessionOptions
  readonly #connection: Connection
  /** Fires once, when the module is to stop. */
  readonly #lifetime = new AbortController()
  /** The version that the module runs; known when the host has begun. */
  #version: string | undefined
  #module: RuntimeModule | undefined
  #starting: Promise<void> | undefined
  #ending: Promise<void> | undefined

  constructor(options: SessionOptions) {
    this.#options = options
    this.#connection = new Connection({
      role: 'guest',
      open: options.open,
      logger: options.logger,
      maxInFlight: options.limits.maxHostRequests,
      maxInFlightBytes: options.limits.maxHostRequestBytes,
      maxWaitingCalls: MAX_WAITING,
      version: () => this.#version,
      answerCall: (request, context) => this.#call(request, context),
      answer: (kind, payload) => this.#answer(kind, payload),
      closed: err => {
        // We have closed it ourselves: there is nothing left to do.
        if (err === this.#lifetime.signal.reason) return
        options.logger.error({ err }, 'the connection to the host is gone: this runtime ends')
        options.hostLost()
        void this.end(err)
      },
    })
  }

  /** Its start has finished: calls are answered, and it is to be stopped. */
  get isUp(): boolean {
    return this.#module !== undefined
  }

  /** Waits for the host to begin. */
  open(): void {
    this.#connection.open()
  }

  /** Stops the module, also while it starts; a second call joins the first. */
  end(reason: Error): Promise<void> {
    this.#ending ??= this.#end(reason)
    return this.#ending
  }

  #call(request: unknown, context: RequestContext): unknown {
    if (this.#module === undefined) throw notReady()
    return this.#module.call(request, context)
  }

  async #answer(kind: string, payload: unknown): Promise<Body> {
    switch (kind) {
      case INFO_REQUEST:
        return this.#start(payload)
      case PING_REQUEST:
        return DONE
      case ABORT_REQUEST:
        await this.#abort()
        return { kind: ABORT_RESPONSE, payload: {} }
      case SHUTDOWN_REQUEST:
        // The answer goes out first: the end closes the connection.
        setImmediate(() => void this.end(new Error('The host asked the runtime to stop.')))
        return DONE
      default:
        throw new Error(`Method not supported: ${kind}.`)
    }
  }

  async #start(payload: unknown): Promise<Body> {
    if (this.#starting !== undefined) throw new Error('The runtime has been told what it is already.')
    const info = parseInfoRequest(payload)
    const { id = Buffer.from(info.runtime_id).toString('hex'), version = '0.0.0' } = info
    const own = this.#options.version ?? version
    this.#version = own
    const context: RuntimeContext = {
      id,
      version,
      localConfig: info.local_config ?? {},
      signal: this.#lifetime.signal,
      callHost: (request, options) => this.#connection.call(request, options),
    }
    // From now on the module may call the host, also while it starts.
    this.#connection.initialized()
    this.#starting = this.#bringUp(context)
    await this.#starting
    return { kind: INFO_RESPONSE, payload: infoAnswer(own, info.runtime_id) }
  }

  async #bringUp(context: RuntimeContext): Promise<void> {
    const module = await this.#options.load()
    context.signal.throwIfAborted()
    await module.start?.(context)
    this.#module = module
  }

  async #abort(): Promise<void> {
    this.#connection.interrupt(
      new CutoverError('CUTOVER_ABORTED', 'The runtime was asked to interrupt its work; call again.'),
    )
    await this.#module?.abort?.()
  }

  async #end(reason: Error): Promise<void> {
    this.#lifetime.abort(reason)
    this.#connection.interrupt(reason)
    await this.#starting?.catch(() => {})
    try {
      await this.#module?.stop?.()
    } catch (error) {
      this.#options.logger.warn({ err: asError(error) }, 'the module failed to stop')
    }
    this.#connection.close(reason)
    this.#options.over()
  }
}

function notReady(): Error {
  return new Error('The runtime is not up yet.')
}
