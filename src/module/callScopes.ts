import type { CallContext } from '../contract/index.js'
import { onAbort } from '../support/index.js'

/** The calls in flight of one module. Holds only the calls that use their signal, or whose caller gave one. */
export class CallScopes {
  readonly #scopes = new Set<CallScope>()
  /** The number of interruptions so far. Each call notes it when it begins. */
  interruptions = 0
  /** The reason of the last interruption. */
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
 * The context of one call. It creates its signal when the module first reads it. Each call has a signal of its own: a
 * shared one would collect the listeners of all calls, and `AbortSignal.any` would retain memory for each call until the
 * longest-lived source is collected.
 */
export class CallScope implements CallContext {
  readonly #calls: CallScopes
  readonly #interruptions: number
  #controller: AbortController | undefined
  #reason: { readonly value: unknown } | undefined
  #unfollow: (() => void) | undefined
  #hasEnded = false

  constructor(calls: CallScopes) {
    this.#calls = calls
    this.#interruptions = calls.interruptions
  }

  get signal(): AbortSignal {
    if (this.#controller === undefined) {
      this.#controller = new AbortController()
      if (this.#reason !== undefined) this.#controller.abort(this.#reason.value)
      else if (!this.#hasEnded) this.#join()
    }
    return this.#controller.signal
  }

  /** Does nothing: in one process, answers are not copied. */
  transfer(): void {}

  /** Fires this call's signal when `signal` fires, then calls `giveUp`. */
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

  /** Marks the call as settled: its signal no longer fires, and it removes its listener. */
  end(): void {
    this.#hasEnded = true
    this.#calls.delete(this)
    this.#unfollow?.()
  }

  #join(): void {
    if (this.#interruptions === this.#calls.interruptions) this.#calls.add(this)
    else this.abort(this.#calls.reason)
  }
}
