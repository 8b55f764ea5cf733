import type { MakeStream, Transferable } from '../contract/index.js'
import { type Flow, type FlowEnd, streamed } from '../streams/index.js'

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
  /** Marks the answer to a call as a stream. */
  readonly stream: MakeStream
}

/** A request of the other side. It creates its AbortController on demand: most handlers never read `signal`. */
export class IncomingRequest implements RequestContext {
  /** Its estimated memory, in bytes. */
  readonly bytes: number
  readonly traceparent: string | undefined
  #controller: AbortController | undefined
  #interruption: { readonly reason: unknown } | undefined
  transferList: Transferable[] | undefined
  /** The stream of the request, if it is one. */
  readonly upload: Flow | undefined

  constructor(bytes: number, traceparent?: string, upload?: Flow) {
    this.bytes = bytes
    this.traceparent = traceparent
    this.upload = upload
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

  get stream(): MakeStream {
    return streamed
  }

  /** The answer has ended. What the handler has not begun to read of the request, it never will. */
  answered(end: FlowEnd): void {
    if (end.status !== 'finished') this.interrupt(end.reason)
    const { upload } = this
    if (upload === undefined || (end.status === 'finished' && upload.hasBegun)) return
    upload.stop('cancelled', new Error('The call has been answered, and its request is not read any more.'))
  }

  interrupt(reason: unknown): void {
    this.#interruption ??= { reason }
    this.#controller?.abort(this.#interruption.reason)
  }
}
