import { onAbort } from '../support/index.js'
import type { CallContext } from './runtimeModule.js'

/** The calls in flight of one run of a module. Only those are kept that asked for their signal, or follow one. */
export class CallScopes {
  readonly #scopes = new Set<CallScope>()
  /** How often the calls were interrupted; a call notes it when it begins. */
  interruptions = 0
  /** Why they were last interrupted. */
  reason: Error | undefined

  interrupt(reason: Error): void {
    this.interruptions++
    this.reason = reason
    for (const scope of this.#scopes) scope.abort(reason)
  }

  endAll(): void {
    for (const scope of this.#scopes) scope.end()
  }

  add(scope: CallScope): void {
    this.#scopes.add(scope)
  }

  delete(scope: CallScope): void {
    this.#scopes.delete(scope)
  }
}

/**
 * The context of one call. Its signal is made when the module first asks for it, and is its own: a signal shared by many
 * calls would gather the listeners of all of them, and `AbortSignal.any` would keep something of every call for as long
 * as the longest-lived of its signals.
 */
export class CallScope implements CallContext {
  readonly #calls: CallScopes
  readonly #interruptions: number
  #controller: AbortController | undefined
  #reason: { readonly value: unknown } | undefined
  #unfollow: (() => void) | undefined
  #isOver = false

  constructor(calls: CallScopes) {
    this.#calls = calls
    this.#interruptions = calls.interruptions
  }

  get signal(): AbortSignal {
    if (this.#controller === undefined) {
      this.#controller = new AbortController()
      if (this.#reason !== undefined) this.#controller.abort(this.#reason.value)
      else if (!this.#isOver) this.#join()
    }
    return this.#controller.signal
  }

  /** Nothing is copied on the way to the caller. */
  transfer(): void {}

  /** Fires with the caller's signal as well; then `giveUp` is called, whether the module listens or not. */
  follow(signal: AbortSignal, giveUp: (reason: unknown) => void): void {
    this.#unfollow = onAbort(signal, () => {
      this.abort(signal.reason)
      giveUp(signal.reason)
    })
    this.#calls.add(this)
  }

  abort(reason: unknown): void {
    this.#reason ??= { value: reason }
    this.#controller?.abort(reason)
  }

  /** The call is over: nothing reaches it any more, and it listens to nothing. */
  end(): void {
    this.#isOver = true
    this.#calls.delete(this)
    this.#unfollow?.()
  }

  #join(): void {
    if (this.#interruptions === this.#calls.interruptions) this.#calls.add(this)
    else this.abort(this.#calls.reason)
  }
}
