import { getEventListeners } from 'node:events'

/** Unused deadlines are kept, this many at most: an AbortController takes a tenth of what a short request costs. */
const MAX_SPARE = 256
const spare: Deadline[] = []

/** Ends a call when its client goes away, or when the head of its response is late. */
export class Deadline {
  readonly #controller = new AbortController()
  #timer: NodeJS.Timeout | undefined

  /** Returns one for a request whose response may {@link end} it. */
  static begin(): Deadline {
    return spare.pop() ?? new Deadline()
  }

  get signal(): AbortSignal {
    return this.#controller.signal
  }

  /** Why the call was ended; undefined if it was not. */
  get why(): 'gone' | 'late' | undefined {
    if (!this.signal.aborted) return undefined
    return this.signal.reason instanceof Late ? 'late' : 'gone'
  }

  /** @param timeout - ms */
  start(timeout: number): void {
    if (timeout !== Number.POSITIVE_INFINITY) this.#timer = setTimeout(this.#pass, timeout)
  }

  /** The version has read a piece of the request: it has the whole time again, because its client may send slowly. */
  restart(): void {
    this.#timer?.refresh()
  }

  /** The head is there. Its body may take as long as it needs, and still ends with its client. */
  stop(): void {
    clearTimeout(this.#timer)
    this.#timer = undefined
  }

  /**
   * Keeps the deadline for another request, unless its signal has fired or still has listeners, as during a propagated call. Call it once,
   * when the whole response was sent.
   */
  end(): void {
    const isInUse = this.signal.aborted || getEventListeners(this.signal, 'abort').length > 0
    if (!isInUse && spare.length < MAX_SPARE) spare.push(this)
  }

  /** The client has gone. */
  abort(reason: unknown): void {
    this.#controller.abort(reason)
  }

  readonly #pass = () => this.#controller.abort(new Late('The head of the response is late.', 'TimeoutError'))
}

class Late extends DOMException {}
