import type { CallContext, MakeStream } from '../contract/index.js'
import { type FlowEnd, flowOf, streamed } from '../streams/index.js'
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
    // A listener of the module may begin further calls.
    for (const scope of [...this.#scopes]) scope.abort(reason)
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

/** How a call hears that it is interrupted. */
interface Listening {
  controller?: AbortController
  /** Why it was interrupted. */
  reason?: { readonly value: unknown }
  unfollow?: () => void
}

/**
 * The context of one call. It creates its signal when the module first reads it. Each call has a signal of its own: a
 * shared one would collect the listeners of all calls, and `AbortSignal.any` would retain memory for each call until the
 * longest-lived source is collected.
 *
 * Most calls never read their signal. Attaching to the module's promise would cost a third of a call, so only calls that
 * read it do so.
 */
export class CallScope implements CallContext {
  /** The answer of the module, if it is a promise. */
  answer: PromiseLike<unknown> | undefined
  /** Set once the call has read its signal or follows one. Then {@link end} must be called when the call settles. */
  listening: Listening | undefined
  readonly traceparent: string | undefined
  readonly #calls: CallScopes
  readonly #interruptions: number
  #hasEnded = false

  constructor(calls: CallScopes, traceparent: string | undefined) {
    this.#calls = calls
    this.traceparent = traceparent
    this.#interruptions = calls.interruptions
  }

  get signal(): AbortSignal {
    this.listening ??= this.#hasEnded ? {} : this.#listen()
    const { listening } = this
    if (listening.controller === undefined) {
      listening.controller = new AbortController()
      if (listening.reason !== undefined) listening.controller.abort(listening.reason.value)
    }
    return listening.controller.signal
  }

  /** Does nothing: in one process, answers are not copied. */
  transfer(): void {}

  get stream(): MakeStream {
    return streamed
  }

  /** Fires this call's signal when `signal` fires, then calls `giveUp`. */
  follow(signal: AbortSignal, giveUp: (reason: unknown) => void): void {
    const listening: Listening = {}
    this.listening = listening
    listening.unfollow = onAbort(signal, () => {
      this.abort(signal.reason)
      giveUp(signal.reason)
    })
    this.#calls.add(this)
  }

  abort(reason: unknown): void {
    const { listening } = this
    if (listening === undefined) return
    listening.reason ??= { value: reason }
    listening.controller?.abort(reason)
  }

  /** The module has answered: the call is settled, unless the answer is a stream, which flows on. */
  answered(answer: unknown): void {
    const flow = flowOf(answer)
    if (flow === undefined) this.end()
    else flow.onEnd(end => this.#flowEnded(end))
  }

  /** Marks the call as settled: its signal no longer fires, and it removes its listener. */
  end(): void {
    this.#hasEnded = true
    this.#calls.delete(this)
    this.listening?.unfollow?.()
  }

  /** Fires the signal if the stream was not read to its end, because the module may wait for something. */
  #flowEnded(end: FlowEnd): void {
    if (end.status !== 'finished') {
      this.listening ??= {}
      this.abort(end.reason)
    }
    this.end()
  }

  #listen(): Listening {
    const calls = this.#calls
    if (this.#interruptions !== calls.interruptions) return { reason: { value: calls.reason } }
    calls.add(this)
    this.answer?.then(
      answer => this.answered(answer),
      () => this.end(),
    )
    return {}
  }
}
