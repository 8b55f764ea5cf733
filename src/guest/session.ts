import { CutoverError, type Logger, type RuntimeModule } from '../contract/index.js'
import { ModuleRun, yieldsAnswer } from '../module/index.js'
import { type Body, Connection, type OpenTransport, type RequestContext } from '../protocol/index.js'
import {
  ABORT_REQUEST,
  ABORT_RESPONSE,
  EMPTY,
  type GuestLimits,
  INFO_REQUEST,
  INFO_RESPONSE,
  infoAnswer,
  PING_REQUEST,
  parseInfoRequest,
  parseRole,
  ROLE_FEATURE,
  ROLE_REQUEST,
  SHUTDOWN_REQUEST,
  STREAMS_FEATURE,
  TRACEPARENT_FEATURE,
} from '../protocol/internal.js'

export interface SessionOptions {
  readonly open: OpenTransport
  /** The version of the module. @default the version that the host expects */
  readonly version?: string | undefined
  readonly logger: Logger
  /** The limits on the module's calls to the host; calls above them wait. */
  readonly limits: Pick<GuestLimits, 'maxHostRequests' | 'maxHostRequestBytes'>
  load(): Promise<RuntimeModule>
  /** Called when the connection ends before the session; the session stops the module afterwards. */
  hostLost(): void
  /** Called when the module has stopped and the connection is closed. */
  ended(): void
}

const DONE: Body = { kind: EMPTY, payload: {} }
/** The most calls of a module to its host that wait. */
const MAX_WAITING = 10_000

/** The guest's end of a connection: runs one module for one host. */
export class GuestSession {
  readonly #options: SessionOptions
  readonly #connection: Connection
  readonly #run: ModuleRun<unknown, unknown>
  #yieldsAnswer = false
  /** Settles when the module is up, or has failed to start. */
  readonly #launched: Promise<void>
  /** The version that the module runs, once the host has sent its `RuntimeInfoRequest`. */
  #version: string | undefined

  constructor(options: SessionOptions) {
    const { logger, limits } = options
    this.#options = options
    this.#connection = new Connection({
      role: 'guest',
      open: options.open,
      logger,
      maxInFlight: limits.maxHostRequests,
      maxInFlightBytes: limits.maxHostRequestBytes,
      maxWaitingCalls: MAX_WAITING,
      version: () => this.#version,
      answerCall: (request, context) => this.#call(request, context),
      answer: (kind, payload) => this.#answer(kind, payload),
      closed: err => this.#closed(err),
    })
    let started = () => {}
    let failed: (error: unknown) => void = () => {}
    this.#launched = new Promise((resolve, reject) => {
      started = resolve
      failed = reject
    })
    this.#run = new ModuleRun({
      logger,
      load: options.load,
      started: module => {
        this.#yieldsAnswer = yieldsAnswer(module)
        started()
      },
      failed,
      interrupted: reason => this.#connection.interrupt(reason),
      ended: () => this.#ended(),
    })
  }

  /** The state of the module's run. */
  get state(): ModuleRun<unknown, unknown>['state'] {
    return this.#run.state
  }

  /** Opens the connection. The module starts when the host sends its `RuntimeInfoRequest`. */
  open(): void {
    this.#connection.open()
  }

  /** Stops the module, after a pending start, then closes the connection. A second call does nothing. */
  stop(reason: Error): void {
    this.#run.stop(reason)
  }

  #call(request: unknown, context: RequestContext): unknown {
    const { running } = this.#run
    if (running === undefined) throw notUp(this.state)
    const answer = running.call(request, context)
    return this.#yieldsAnswer ? context.stream(answer as AsyncIterable<unknown>) : answer
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
      case ROLE_REQUEST:
        // Before any await, because the next call may be right behind.
        this.#run.setRole(parseRole(payload))
        return DONE
      case SHUTDOWN_REQUEST:
        // Send the answer first, because the stop closes the connection.
        setImmediate(() => this.stop(new Error('The host asked the runtime to stop.')))
        return DONE
      default:
        throw new Error(`Method not supported: ${kind}.`)
    }
  }

  async #start(payload: unknown): Promise<Body> {
    if (this.state !== 'idle') throw new Error('The runtime got a second RuntimeInfoRequest. Send one per connection.')
    const info = parseInfoRequest(payload)
    const { id = Buffer.from(info.runtime_id).toString('hex'), version: expected = '0.0.0', local_config = {} } = info
    const version = this.#options.version ?? expected
    this.#version = version
    // The module may call the host while it starts.
    this.#connection.initialized(info.features)
    this.#run.start({
      id,
      version,
      localConfig: local_config,
      callHost: (request, options) => this.#connection.call(request, options),
    })
    await this.#launched
    // A host of Oasis Core sends no id. It knows no roles and no traces, and may refuse a feature that it does not know.
    const isOurs = info.id !== undefined
    const features = {
      ...(isOurs && this.#run.running?.role !== undefined ? { [ROLE_FEATURE]: true } : {}),
      ...(isOurs ? { [TRACEPARENT_FEATURE]: true, [STREAMS_FEATURE]: true } : {}),
    }
    return { kind: INFO_RESPONSE, payload: infoAnswer(version, info.runtime_id, features) }
  }

  async #abort(): Promise<void> {
    const { running } = this.#run
    // Without a running module there are no calls.
    if (running === undefined) return
    const version = this.#version
    const message = `Version ${version} was asked to interrupt its work. Call again.`
    this.#connection.interrupt(new CutoverError('CUTOVER_ABORTED', message, { version }))
    await running.abort?.()
  }

  #closed(err: Error): void {
    if (this.state === 'ended') return
    this.#options.logger.error({ err }, 'lost the connection to the host: the runtime stops')
    this.#options.hostLost()
    this.stop(err)
  }

  #ended(): void {
    // Let the answers that this end has settled go out first.
    setImmediate(() => {
      this.#connection.close(new Error('The runtime has stopped.'))
      this.#options.ended()
    })
  }
}

function notUp(state: string): Error {
  return new Error(`The runtime does not take calls: it is ${state}.`)
}
