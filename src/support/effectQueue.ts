/**
 * Runs machines to completion: first all machines come to rest, then their effects are performed, in the order in which
 * they were decided.
 *
 * A machine's action runs in the middle of a transition, while its snapshot is still the old one. Performing an effect there
 * would let a host, a subscriber or a logger see, or change, half a decision. So actions only {@link push}. Code that sends
 * events to machines does so inside {@link decide}; the outermost `decide` performs the effects. An effect may push others,
 * and may decide again: those effects are queued behind.
 */
export class EffectQueue {
  readonly #queue: (() => void)[] = []
  /** The number of effects already taken. `shift` would move all the others each time. */
  #taken = 0
  readonly #hooks: EffectHooks
  #depth = 0
  #performing = false
  /** Whether machines have come to rest since the effects were last performed. */
  #hasDecided = false

  constructor(hooks: EffectHooks) {
    this.#hooks = hooks
  }

  /** Queues an effect. Call it inside {@link decide}, or inside an effect. */
  push(effect: () => void): void {
    this.#queue.push(effect)
  }

  /** Performs an effect that no machine has decided: at once, or behind those that are queued. */
  perform(effect: () => void): void {
    if (this.#depth > 0 || this.#performing) this.push(effect)
    else this.#performAll(effect)
  }

  /** Sends events to machines, then performs their effects, unless it was called inside another `decide`, which does so. */
  decide<T>(send: () => T): T {
    this.#depth++
    try {
      return send()
    } finally {
      if (--this.#depth === 0) {
        this.#hooks.decided?.()
        this.#hasDecided = true
        this.#performAll()
      }
    }
  }

  /** @param first - is performed before those that are queued */
  #performAll(first?: () => void): void {
    if (this.#performing) return
    this.#performing = true
    try {
      if (first !== undefined) this.#attempt(first)
      for (;;) {
        const effect = this.#take()
        if (effect !== undefined) this.#attempt(effect)
        else {
          this.#hasDecided = false
          this.#hooks.performed?.()
          // A decision meanwhile may have no effects of its own.
          if (this.#queue.length === 0 && !this.#hasDecided) return
        }
      }
    } finally {
      this.#performing = false
    }
  }

  #take(): (() => void) | undefined {
    // Most often there is one. Unlike a new length, `pop` keeps the memory for the next.
    if (this.#taken === 0 && this.#queue.length <= 1) return this.#queue.pop()
    if (this.#taken < this.#queue.length) return this.#queue[this.#taken++]
    this.#queue.length = 0
    this.#taken = 0
    return undefined
  }

  #attempt(effect: () => void): void {
    try {
      effect()
    } catch (error) {
      this.#hooks.failed(error)
    }
  }
}

export interface EffectHooks {
  /** All machines have come to rest; no effect has been performed yet. */
  decided?(): void
  /** All effects have been performed. It may decide: then it is called again. */
  performed?(): void
  /** An effect threw; the others are still performed. */
  failed(error: unknown): void
}
