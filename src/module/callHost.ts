import type { RuntimeContext } from '../contract/index.js'
import { onAbort } from '../support/index.js'

/** Answers a module's `callHost`. `signal` fires when the module stops waiting for the answer. */
export type AnswerHostCall = (request: unknown, signal: AbortSignal) => Promise<unknown>

/**
 * Makes the `callHost` of a module that runs in the same process as its host.
 *
 * @param answer - answers the requests
 * @param stopSignal - fires when the module must stop. A request made after that gets a signal that has not fired, because
 * a module that stops may still call its host.
 */
export function createCallHost(answer: AnswerHostCall, stopSignal: AbortSignal): RuntimeContext['callHost'] {
  return async (request, options) => {
    options?.signal?.throwIfAborted()
    const controller = new AbortController()
    const abortWith = (signal: AbortSignal) => onAbort(signal, () => controller.abort(signal.reason))
    const removeListeners = [stopSignal, options?.signal].filter(signal => signal !== undefined).map(abortWith)
    try {
      return await answer(request, controller.signal)
    } finally {
      for (const remove of removeListeners) remove()
    }
  }
}
