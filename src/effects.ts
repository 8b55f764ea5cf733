/**
 * Run to completion: all machines first come to rest, then their effects are carried out in the order in which they
 * were decided.
 *
 * A machine's action runs in the middle of a transition, when its snapshot is still the old one. Acting there would let
 * a host, a subscriber or a logger see, or change, a half-made decision. So actions only {@link push}; whoever sends an
 * event to a machine does it inside {@link decide}, and the outermost `decide` acts. Effects may decide again: what
 * follows from that is queued behind.
 */
export class Effects {
  readonly #queue: (() => void)[] = []
  /** How many of the queue have been taken; `shift` would move all the others every time. */
  #taken = 0
  readonly #hooks: EffectHooks
  #depth = 0
  #acting = false

  constructor(hooks: EffectHooks) {
    this.#hooks = hooks
  }

  /** To be called by the actions of machines only, inside {@link decide}. */
  push(effect: () => void): void {
    this.#queue.push(effect)
  }

  /**
   * As {@link push}, but to come after all that is decided together with it. A machine hears what another one sends it
   * only at the end of its own transitions: what it then decides would otherwise come too late.
   */
  pushLast(effect: () => void): void {
    this.push(() => this.push(effect))
  }

  /** Sends events to machines; before it returns, their effects are carried out, unless a caller further out does it. */
  decide<T>(send: () => T): T {
    this.#depth++
    try {
      return send()
    } finally {
      if (--this.#depth === 0) this.#act()
    }
  }

  #act(): void {
    this.#hooks.decided()
    if (this.#acting) return
    this.#acting = true
    try {
      for (;;) {
        const effect = this.#take()
        if (effect !== undefined) this.#attempt(effect)
        else {
          this.#hooks.acted()
          if (this.#queue.length === 0) return
        }
      }
    } finally {
      this.#acting = false
    }
  }

  #take(): (() => void) | undefined {
    // Most often there is but one.
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
  /** All machines have come to rest; nothing has been acted on yet. */
  decided(): void
  /** Everything has been acted on. */
  acted(): void
  /** An effect threw; the others go on. */
  failed(error: unknown): void
}
