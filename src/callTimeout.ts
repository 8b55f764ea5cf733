import { onAbort } from './abortListeners.js'
import type { Clock } from './clock.js'
import { CutoverError } from './errors.js'
import type { Callee } from './flights.js'
import type { CallOptions } from './runtime.js'

const SETTLED = Promise.resolve()

/** How long a call may take, from when the callee gets it. */
export interface CallLimit {
  /** ms; Infinity for none */
  readonly callTimeout: number
  readonly clock: Clock
}

/** The callee itself when there is no limit: then a call pays nothing. */
export function withCallTimeout<Req, Res>(
  callee: Callee<Req, Res, CallOptions | undefined>,
  version: string,
  limit: CallLimit,
): Callee<Req, Res, CallOptions | undefined> {
  return limit.callTimeout === Number.POSITIVE_INFINITY ? callee : new TimedCallee(callee, version, limit)
}

/** Rejects calls that take too long. The callee's own signal of the call fires then, so that it stops working on it. */
class TimedCallee<Req, Res> implements Callee<Req, Res, CallOptions | undefined> {
  readonly #callee: Callee<Req, Res, CallOptions | undefined>
  readonly #version: string
  readonly #limit: CallLimit

  constructor(callee: Callee<Req, Res, CallOptions | undefined>, version: string, limit: CallLimit) {
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
      const end = () => {
        if (timer !== undefined) clock.clearTimeout(timer)
        unfollow?.()
      }
      const succeed = (answer: Res) => {
        end()
        resolve(answer)
      }
      const fail = (error: unknown) => {
        end()
        reject(error)
      }
      const timeOut = () => {
        const error = timedOut(this.#version, callTimeout)
        fail(error)
        controller.abort(error)
      }
      try {
        const signal = options?.signal ?? undefined
        if (signal !== undefined) unfollow = onAbort(signal, () => controller.abort(signal.reason))
        timer = clock.setTimeout(timeOut, callTimeout)
        const answer = this.#callee.call(request, { ...options, signal: controller.signal })
        Promise.resolve(answer).then(succeed, fail)
      } catch (error) {
        // On a full stack there is no room for `fail`; in the next turn there is.
        SETTLED.then(() => fail(error))
      }
    })
  }
}

function timedOut(version: string, callTimeout: number): CutoverError {
  const message = `Version ${version} did not answer within ${callTimeout} ms (callTimeout). Raise callTimeout, or see why the call takes so long.`
  return new CutoverError('CUTOVER_CALL_TIMEOUT', message, { version })
}
