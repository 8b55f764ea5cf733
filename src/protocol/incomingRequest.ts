import type { Transferable } from '../contract/index.js'

/** The context of a request, for the handler that answers it. */
export interface RequestContext {
  /** Fires when the caller cancels the request, when the guest aborts its work, and when the connection closes. */
  readonly signal: AbortSignal
  /** The trace that a call belongs to, if its caller named one. */
  readonly traceparent?: string | undefined
  /**
   * Transfers objects with the answer instead of copying them, if the transport supports it.
   *
   * @param list - `ArrayBuffer`s, ports and other transferable objects of the answer
   */
  transfer(list: readonly Transferable[]): void
}

/** A request of the other side. It creates its AbortController on demand: most handlers never read `signal`. */
export class IncomingRequest implements RequestContext {
  /** Its estimated memory, in bytes. */
  readonly bytes: number
  readonly traceparent: string | undefined
  #controller: AbortController | undefined
  #interruption: { readonly reason: unknown } | undefined
  transferList: Transferable[] | undefined

  constructor(bytes: number, traceparent?: string) {
    this.bytes = bytes
    this.traceparent = traceparent
  }

  get signal(): AbortSignal {
    if (this.#controller === undefined) {
      this.#controller = new AbortController()
      if (this.#interruption !== undefined) this.#controller.abort(this.#interruption.reason)
    }
    return this.#controller.signal
  }

  /** A getter, so that handlers can destructure the context, and unused contexts allocate no closure. */
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
