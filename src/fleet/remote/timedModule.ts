/** A module whose calls are given up after some time, by the clock of the program that runs it. */
import { type CallContext, type Clock, CutoverError, type RuntimeModule } from '../../contract/index.js'
import { yieldsAnswer } from '../../module/index.js'

/** Fires the signal of each call that is not answered after `limit` ms, whatever has become of its caller. */
export function timedModule(module: RuntimeModule, limit: number, version: string, clock: Clock): RuntimeModule {
  const yields = yieldsAnswer(module)
  const call = async (request: unknown, context: CallContext): Promise<unknown> => {
    const controller = new AbortController()
    const message = `Version ${version} did not answer within ${limit} ms (callTimeout of its host).`
    const error = new CutoverError('CUTOVER_CALL_TIMEOUT', message, { version })
    const timer = clock.setTimeout(() => controller.abort(error), limit)
    try {
      const answer = module.call(request, {
        signal: AbortSignal.any([context.signal, controller.signal]),
        traceparent: context.traceparent,
        transfer: context.transfer,
        stream: context.stream,
      })
      return yields ? context.stream(answer as AsyncIterable<unknown>) : await answer
    } finally {
      clock.clearTimeout(timer)
    }
  }
  return {
    call,
    ...(module.start === undefined ? {} : { start: context => module.start?.(context) }),
    ...(module.abort === undefined ? {} : { abort: () => module.abort?.() }),
    ...(module.stop === undefined ? {} : { stop: () => module.stop?.() }),
    ...(module.role === undefined ? {} : { role: role => module.role?.(role) }),
  }
}
