import type { Transferable } from '../contract/index.js'

/** What whoever answers a request knows of it. */
export interface RequestContext {
  /** Fires when the caller gives up, when the work is interrupted, and when the connection closes. */
  readonly signal: AbortSignal
  /** What the answer hands over instead of copying it, where the transport can do that. */
  transfer(list: readonly Transferable[]): void
}

/** The controller is only made for who asks for the signal: most never do. */
export class IncomingRequest implements RequestContext {
  /** The memory that it takes, by estimate. */
  readonly bytes: number
  #controller: AbortController | undefined
  #interruption: { readonly reason: unknown } | undefined
  transferList: Transferable[] | undefined

  constructor(bytes: number) {
    this.bytes = bytes
  }

  get signal(): AbortSignal {
    if (this.#controller === undefined) {
      this.#controller = new AbortController()
      if (this.#interruption !== undefined) this.#controller.abort(this.#interruption.reason)
    }
    return this.#controller.signal
  }

  /** A getter, so that it can be taken out of the context, as the signal can, and costs nothing until then. */
  get transfer(): (list: readonly Transferable[]) => void {
    return list => {
      this.transferList = [...(this.transferList ?? []), ...list]
    }
  }

  interrupt(reason: unknown): void {
    this.#interruption ??= { reason }
    this.#controller?.abort(this.#interruption.reason)
  }
}
