import { type CallOptions, type Clock, CutoverError } from '../contract/index.js'
import { flowOf } from '../streams/index.js'
import { onAbort } from '../support/index.js'
import type { Callee } from './callee.js'
import type { Endpoint } from './endpoint.js'

const SETTLED = Promise.resolve()

/** The time limit of a call, counted from when the callee gets it. */
export interface CallLimit {
  /** ms; Infinity for none */
  readonly callTimeout: number
  readonly clock: Clock
}

/** Returns the callee itself if there is no limit, so that calls cost nothing more. */
export function timedCallee<Req, Res>(callee: Callee<Req, Res>, version: string, limit: CallLimit): Callee<Req, Res> {
  return limit.callTimeout === Number.POSITIVE_INFINITY ? callee : new TimedCallee(callee, version, limit)
}

/** Returns the endpoint itself if there is no limit. */
export function timedEndpoint<Req, Res>(
  endpoint: Endpoint<Req, Res>,
  version: string,
  limit: CallLimit,
): Endpoint<Req, Res> {
  if (limit.callTimeout === Number.POSITIVE_INFINITY) return endpoint
  return {
    get callee() {
      return endpoint.callee === null ? null : new TimedCallee(endpoint.callee, version, limit)
    },
  }
}

/** Rejects calls that take too long, and fires the signal that the callee got, so that it stops working on the call. */
class TimedCallee<Req, Res> implements Callee<Req, Res> {
  readonly #callee: Callee<Req, Res>
  readonly #version: string
  readonly #limit: CallLimit

  constructor(callee: Callee<Req, Res>, version: string, limit: CallLimit) {
    this.#callee = callee
    this.#version = version
    this.#limit = limit
  }

  call(request: Req, options: CallOptions | undefined): Promise<Res> {
    const { callTimeout, clock } = this.#limit
    const controller = new AbortController()
    return new Promise((resolve, reject) => {
      let timer: unknown
      let unfollow: (() => void) | undefined
      const settle = () => {
        if (timer !== undefined) clock.clearTimeout(timer)
      }
      const end = () => unfollow?.()
      let late: CutoverError | undefined
      const succeed = (answer: Res) => {
        settle()
        const flow = flowOf(answer)
        // Nobody reads the stream of a call that was rejected.
        if (late !== undefined) flow?.stop('cancelled', late)
        // The signal of a stream fires as long as that flows.
        if (flow === undefined) end()
        else flow.onEnd(end)
        resolve(answer)
      }
      const fail = (error: unknown) => {
        settle()
        end()
        reject(error)
      }
      const timeOut = () => {
        late = timedOut(this.#version, callTimeout)
        fail(late)
        controller.abort(late)
      }
      try {
        const signal = options?.signal ?? undefined
        if (signal !== undefined) unfollow = onAbort(signal, () => controller.abort(signal.reason))
        timer = clock.setTimeout(timeOut, callTimeout)
        const answer = this.#callee.call(request, { ...options, signal: controller.signal })
        Promise.resolve(answer).then(succeed, fail)
      } catch (error) {
        // A full stack has no room for `fail`; the next turn has.
        SETTLED.then(() => fail(error))
      }
    })
  }
}

function timedOut(version: string, callTimeout: number): CutoverError {
  const message = `Version ${version} did not answer within ${callTimeout} ms (callTimeout). Raise callTimeout, or see why the call takes so long.`
  return new CutoverError('CUTOVER_CALL_TIMEOUT', message, { version })
}
