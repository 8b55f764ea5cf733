import type { MessageId, Transport } from './transports/transport.js'

/** Start calls for 8 ms per turn of the event loop, so that answers leave and pings are read between them. */
const TURN_MS = 8

/** A call that was not started yet. */
export interface DeferredCall {
  readonly transport: Transport
  readonly payload: unknown
  /** Its estimated memory. */
  readonly bytes: number
  readonly traceparent: string | undefined
}

/**
 * Calls that were not started yet, in order of arrival: the other side does not read, or calls have been started in this turn for long
 * enough. Decision 9 has the measurements.
 */
export class DeferredCalls {
  readonly #start: (id: MessageId, call: DeferredCall) => void
  readonly #calls = new Map<MessageId, DeferredCall>()
  /** The estimated memory of all of them. */
  bytes = 0
  /** When this turn must stop starting calls; `null` between turns. */
  #turnEnd: number | null = null
  #nextTurn: NodeJS.Immediate | undefined

  /** @param start - starts a call, which has left the queue */
  constructor(start: (id: MessageId, call: DeferredCall) => void) {
    this.#start = start
  }

  get size(): number {
    return this.#calls.size
  }

  has(id: MessageId): boolean {
    return this.#calls.has(id)
  }

  /** Whether a call that arrives now can start at once. */
  mayPass(transport: Transport): boolean {
    return this.#calls.size === 0 && !transport.isCongested && this.#hasTime()
  }

  add(id: MessageId, call: DeferredCall): void {
    this.#calls.set(id, call)
    this.bytes += call.bytes
    if (!call.transport.isCongested) this.resume()
  }

  /** Takes a call out, so that it never starts. */
  remove(id: MessageId): DeferredCall | undefined {
    const call = this.#calls.get(id)
    if (call === undefined) return undefined
    this.#calls.delete(id)
    this.bytes -= call.bytes
    return call
  }

  /** Takes all of them out. */
  removeAll(): [MessageId, DeferredCall][] {
    const all = [...this.#calls]
    this.#calls.clear()
    this.bytes = 0
    clearImmediate(this.#nextTurn)
    this.#nextTurn = undefined
    return all
  }

  /** Starts them in the next turn. */
  resume(): void {
    if (this.#calls.size > 0) this.#nextTurn ??= setImmediate(this.#startNext)
  }

  readonly #startNext = (): void => {
    this.#nextTurn = undefined
    for (const [id, call] of this.#calls) {
      if (call.transport.isCongested) return
      if (!this.#hasTime()) break
      this.remove(id)
      this.#start(id, call)
    }
    this.resume()
  }

  #hasTime(): boolean {
    const now = performance.now()
    if (this.#turnEnd === null) {
      this.#turnEnd = now + TURN_MS
      process.nextTick(this.#endTurn)
    }
    return now < this.#turnEnd
  }

  readonly #endTurn = (): void => {
    this.#turnEnd = null
  }
}
