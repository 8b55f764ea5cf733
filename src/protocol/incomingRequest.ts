import type { Transferable } from '../runtime.js'

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
  #interrupted: { readonly reason: unknown } | undefined
  handedOver: Transferable[] | undefined

  constructor(bytes: number) {
    this.bytes = bytes
  }

  get signal(): AbortSignal {
    if (this.#controller === undefined) {
      this.#controller = new AbortController()
      if (this.#interrupted !== undefined) this.#controller.abort(this.#interrupted.reason)
    }
    return this.#controller.signal
  }

  /** A getter, so that it can be taken out of the context, as the signal can, and costs nothing until then. */
  get transfer(): (list: readonly Transferable[]) => void {
    return list => {
      this.handedOver = [...(this.handedOver ?? []), ...list]
    }
  }

  interrupt(reason: unknown): void {
    this.#interrupted ??= { reason }
    this.#controller?.abort(this.#interrupted.reason)
  }
}
