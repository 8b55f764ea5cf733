import { asError, type CallOptions, type Inspection, type Logger, type Role } from '../../contract/index.js'
import { Connection, type OpenTransport, type RequestOptions } from '../../protocol/index.js'
import {
  ABORT_REQUEST,
  type GuestLimits,
  INFO_REQUEST,
  PING_REQUEST,
  ROLE_FEATURE,
  ROLE_REQUEST,
  SHUTDOWN_REQUEST,
  TruncatedError,
} from '../../protocol/internal.js'
import { isError } from '../../support/index.js'
import { HostRequests } from '../hostRequests.js'
import { type CheckedConfig, nameOf } from '../provisioner.js'
import { isFinalFailure } from '../supervised/finalFailure.js'
import type { Guest, GuestReports } from '../supervised/guest.js'
import { ExitError } from './exitError.js'
import { Handshake, type Protocol } from './handshake.js'
import type { Exit, Launcher } from './launcher.js'

export interface ConnectedOptions {
  readonly protocol: Protocol
  readonly maxInFlight: number
  readonly maxWaitingCalls: number
  readonly limits: Pick<GuestLimits, 'maxHostRequests' | 'maxHostRequestBytes'>
  readonly inspect: Inspection | undefined
  /** The module file, if the guest loads one. */
  readonly module: URL | undefined
  /** Builds the error that says how the guest exited. @default an {@link ExitError} */
  exitError?(exit: Exit): Error
}

/** The exit code of Node.js for an unknown option. */
const INVALID_ARGUMENT = 9

/** A body in the form that users pass: `{ [kind]: payload }`. */
type Raw = Readonly<Record<string, unknown>>

/** A guest in a process or a thread, behind a connection. */
export class ConnectedGuest<Req, Res> implements Guest<Req, Res> {
  readonly #config: CheckedConfig
  readonly #options: ConnectedOptions
  readonly #launcher: Launcher
  readonly #reports: GuestReports
  readonly #logger: Logger
  #connection: Connection | undefined
  /** Whether the guest has asked for its role, in its handshake. */
  #hearsRoles = false
  /** Abandons the last request that tells the role. */
  #roleRequest = new AbortController()
  /** Resolves with the error that says how the guest exited. */
  readonly #exited: Promise<Error>
  #resolveExited: (error: Error) => void = () => {}

  constructor(
    config: CheckedConfig,
    options: ConnectedOptions,
    launcher: Launcher,
    reports: GuestReports,
    logger: Logger,
  ) {
    this.#config = config
    this.#options = options
    this.#launcher = launcher
    this.#reports = reports
    this.#logger = logger
    this.#exited = new Promise(resolve => {
      this.#resolveExited = resolve
    })
  }

  get givenUp(): number {
    return this.#connection?.cancelled ?? 0
  }

  /** How many calls it has: sent, waiting to be sent, or with a stream that flows. */
  get calls(): number {
    const connection = this.#connection
    return connection === undefined ? 0 : connection.inFlight + connection.waiting + connection.streams
  }

  launch(): void {
    this.#launcher.launch({
      connected: open => this.#connect(open),
      failed: (error, isFinal) => this.#reports.failed(error, isFinal),
      exited: exit => {
        const error = this.#options.exitError?.(exit) ?? new ExitError(exit)
        if (this.#hasInvalidOptions(exit)) this.#reports.failed(error, true)
        // The supervisor first: it rejects the calls in flight with a better error.
        this.#reports.exited(error)
        this.#resolveExited(error)
        this.#connection?.close(error)
      },
    })
  }

  call(request: Req, options: CallOptions | undefined): Promise<Res> {
    const connection = this.#connection
    if (connection === undefined) return Promise.reject(new Error('A call reached a guest before it was up.'))
    const isRaw = this.#options.protocol === 'raw'
    // The types of requests and answers cannot be checked here: the caller states them as type arguments.
    const answer: Promise<unknown> = isRaw
      ? connection.callRaw(request as Raw, options)
      : connection.call(request, options)
    return answer as Promise<Res>
  }

  ping(): void {
    // Any message is a sign of life, even an error: the answer to the ping may be behind megabytes of other messages.
    this.#connection?.onNextMessage(() => this.#reports.ponged())
    this.#request(PING_REQUEST).catch(() => {})
  }

  /** Only the last request stays pending, so that a guest that never answers cannot pile them up. */
  setRole(role: Role): void {
    if (!this.#hearsRoles) return
    this.#roleRequest.abort()
    this.#roleRequest = new AbortController()
    const { signal } = this.#roleRequest
    this.#request(ROLE_REQUEST, { role }, { signal }).catch(err => {
      if (signal.aborted || this.#connection?.state === 'closed') return
      this.#logger.warn({ err, role }, 'a guest refused its role')
    })
  }

  abort(): void {
    this.#request(ABORT_REQUEST).then(
      () => this.#reports.aborted(),
      error => this.#reports.abortFailed(asError(error)),
    )
  }

  askToStop(): void {
    this.#request(SHUTDOWN_REQUEST).catch(() => this.#reports.stopRefused())
  }

  terminate(): void {
    this.#launcher.terminate()
  }

  kill(): void {
    this.#launcher.kill()
  }

  /** Whether Node.js refused one of its options. It will refuse it again. */
  #hasInvalidOptions({ code }: Exit): boolean {
    return code === INVALID_ARGUMENT && this.#options.module !== undefined && this.#connection === undefined
  }

  #connect(open: OpenTransport): void {
    const handshake = new Handshake(this.#config, this.#options.protocol)
    const requests = new HostRequests(this.#config)
    const connection = new Connection({
      role: 'host',
      open,
      logger: this.#logger,
      name: nameOf('connection', this.#config),
      inspect: this.#options.inspect,
      maxInFlight: this.#options.maxInFlight,
      maxWaitingCalls: this.#options.maxWaitingCalls,
      maxHostRequests: this.#options.limits.maxHostRequests,
      maxHostRequestBytes: this.#options.limits.maxHostRequestBytes,
      version: () => this.#config.version,
      plainErrors: this.#options.protocol === 'raw',
      released: () => this.#reports.released(),
      answerCall: (request, context) => requests.answerCall(request, context),
      answer: (kind, payload, context) => requests.answer(kind, payload, context),
      closed: error => {
        if (isFault(error)) this.#reports.failed(error)
        else this.#reports.disconnected()
        return this.#exited
      },
    })
    this.#connection = connection
    connection.open()
    this.#reports.connected()
    connection
      .request(INFO_REQUEST, handshake.request())
      .then(body => {
        const info = handshake.accept(body)
        this.#hearsRoles = this.#options.protocol !== 'raw' && info.features?.[ROLE_FEATURE] === true
        connection.initialized(this.#options.protocol === 'raw' ? {} : info.features)
        this.#reports.started(info)
      })
      .catch(error => this.#reports.failed(asError(error), isFinalFailure(error, this.#options.module)))
    this.#logger.debug({}, 'a runtime has connected')
  }

  #request(kind: string, payload = {}, options?: RequestOptions): Promise<unknown> {
    return this.#connection?.request(kind, payload, options) ?? Promise.reject(new Error('It is not connected.'))
  }
}

/** Whether the guest broke the protocol. A connection that closes, even within a message, is no such fault. */
function isFault({ cause }: Error): boolean {
  return isError(cause) && !('syscall' in cause) && !(cause instanceof TruncatedError)
}
