import { type Backend, CallsInFlight, type Endpoint, type Route, Router } from '../../calls/index.js'
import { type CallOptions, type Clock, CutoverError, type Logger } from '../../contract/index.js'
import { runtimeLost, startFailed } from './versionErrors.js'

export interface OwnCallsOptions<Req, Res> {
  readonly version: string
  readonly clock: Clock
  readonly logger: Logger
  readonly waitTimeout: number
  readonly maxWaitingCalls: number
  readonly streamTimeout: number
  /** The endpoint that answers the calls. */
  readonly endpoint: Endpoint<Req, Res>
  /** Whether the runtime is given up: only a restart brings it back. */
  hasGivenUp(): boolean
  /** The last failure of the runtime, the cause of a call that waited in vain. */
  failure(): Error | undefined
}

/** Whether a runtime takes calls. */
export interface OwnRoute {
  readonly isUp: boolean
  /** Whether every call is rejected. */
  readonly isClosed: boolean
}

/** The calls that are made on a runtime itself, not through an aggregate: they wait while it starts. */
export class OwnCalls<Req, Res> {
  readonly calls: CallsInFlight<Res>
  readonly #options: OwnCallsOptions<Req, Res>
  readonly #router: Router<Req, Res>
  readonly #backend: Backend<Req, Res>

  constructor(options: OwnCallsOptions<Req, Res>) {
    const { version, clock, logger, waitTimeout, maxWaitingCalls, endpoint } = options
    this.#options = options
    this.calls = new CallsInFlight(undefined, undefined, options)
    this.#backend = { version, endpoint, calls: this.calls }
    this.#router = new Router({
      clock,
      logger,
      propagate: undefined,
      timeout: waitTimeout,
      max: maxWaitingCalls,
      timedOut: () =>
        startFailed(
          version,
          `did not come up within ${waitTimeout} ms (waitTimeout). See the cause, or raise waitTimeout.`,
          options.failure(),
        ),
      tooMany: () =>
        new CutoverError(
          'CUTOVER_TOO_MANY_WAITING_CALLS',
          `${maxWaitingCalls} calls are already waiting for version ${version} to come up. Call less often, or raise maxWaitingCalls.`,
          { version },
        ),
      closed: () => this.refusal(),
      hopeless: () => undefined,
      // The effects that close the endpoint move the route as well.
      refused: () => {},
    })
  }

  call(request: Req, options: CallOptions | undefined): Promise<Res> {
    return this.#router.call(request, options)
  }

  /** The machines have decided: no call goes to a runtime that is not up. */
  move({ isUp }: OwnRoute): void {
    this.#move(isUp, false)
  }

  /** Sends or rejects the waiting calls. Only after the effects, which record the failure that the calls reject with. */
  release({ isUp, isClosed }: OwnRoute): void {
    if (isClosed) this.#move(isUp, true)
    else this.#router.release()
  }

  /** The error of a call while the runtime takes none. */
  refusal(): Error {
    const { version, hasGivenUp, failure } = this.#options
    return hasGivenUp()
      ? startFailed(version, 'is given up; restart it with abort({ force: true }), or replace it.', failure())
      : runtimeLost(version, 'is stopped; provision a new runtime.')
  }

  #move(isUp: boolean, closed: boolean): void {
    const route: Route = { active: isUp ? this.#backend.version : null, next: null, closed }
    this.#router.move(route, () => this.#backend)
  }
}
