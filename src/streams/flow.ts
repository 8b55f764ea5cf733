import type { Source } from './source.js'

/** Registered, so that all copies of this library in one process know each other's streams. */
const FLOW = Symbol.for('cutover.stream')

/** How a stream ended. Cancelled: by its reader. */
export type FlowEnd =
  | { readonly status: 'finished' }
  | { readonly status: 'failed' | 'cancelled'; readonly reason: unknown }

const FINISHED: FlowEnd = { status: 'finished' }

/**
 * One stream on this side: its source, its reader, and those that wait for its end.
 *
 * | state | event | next state |
 * |---|---|---|
 * | offered | the first read | flowing |
 * | offered, flowing | the source ends, fails, or is stopped | ended |
 *
 * `hasBegun` and `end` say which. A stream ends once, when its source does: the reader may still have chunks to read that have
 * arrived. It is no statechart, because an event of one costs more than a chunk does (decision 28).
 */
export class Flow<Chunk = unknown> {
  /** How it ended; undefined while it flows. */
  end: FlowEnd | undefined
  /** The value that its reader gets at once; undefined for none. */
  readonly head: unknown
  /** Whether its first chunk was asked for. */
  hasBegun = false
  readonly #source: Source<Chunk>
  #controller: ReadableStreamDefaultController<Chunk> | undefined
  /** Called at the beginning, and at the end. */
  #onBegin: (() => void)[] = []
  #onEnd: ((end: FlowEnd) => void)[] = []

  /** The stream for its reader, once it is made. */
  #given: object | undefined

  constructor(source: Source<Chunk>, head?: unknown) {
    this.#source = source
    this.head = head
  }

  /** Stands for the stream until somebody reads it. */
  get mark(): object {
    return new Stream(this as Flow)
  }

  /**
   * The stream for its reader: a `ReadableStream`, or `{ head, body }`. A transport does without it, and calls {@link next}: making one
   * takes as long as a hundred calls in this process.
   */
  get given(): object {
    this.#given ??= this.#give()
    return this.#given
  }

  #give(): object {
    const body = marked(this.#readable(), this)
    return this.head === undefined ? body : marked({ head: this.head, body }, this)
  }

  #readable(): ReadableStream<Chunk> {
    return new ReadableStream<Chunk>(
      {
        start: controller => {
          this.#controller = controller
        },
        pull: controller => this.#pull(controller),
        cancel: reason => this.stop('cancelled', reason),
      },
      { highWaterMark: 0 },
    )
  }

  /** The next chunk. Rejects if the stream has failed. */
  async next(): Promise<IteratorResult<Chunk, unknown>> {
    if (!this.hasBegun) this.#begin()
    try {
      const { end } = this
      if (end !== undefined && end.status !== 'finished' && !this.#source.hasChunks) throw end.reason
      const result = await this.#source.next()
      if (result.done === true) this.settle(FINISHED)
      return result
    } catch (error) {
      this.settle({ status: 'failed', reason: error })
      throw error
    }
  }

  /** Ends the stream from this side: stops its source, and rejects a pending read. Does nothing after the end. */
  stop(status: 'failed' | 'cancelled', reason: unknown): void {
    if (this.end !== undefined) return
    this.#source.stop(reason)
    this.settle({ status, reason })
    // The reader gets the chunks that have arrived first. A stream that its reader has cancelled ignores this.
    if (!this.#source.hasChunks) this.#controller?.error(reason)
  }

  /** The source has ended. The first end counts. */
  settle(end: FlowEnd): void {
    if (this.end !== undefined) return
    this.end = end
    const listeners = this.#onEnd
    this.#onEnd = []
    this.#onBegin = []
    for (const listener of listeners) listener(end)
  }

  /** Calls `listener` when the first chunk is asked for, unless that is past. */
  onBegin(listener: () => void): void {
    if (!this.hasBegun) this.#onBegin.push(listener)
  }

  /** Calls `listener` at the end; at once if that is past. It must not throw. */
  onEnd(listener: (end: FlowEnd) => void): void {
    if (this.end === undefined) this.#onEnd.push(listener)
    else listener(this.end)
  }

  #begin(): void {
    this.hasBegun = true
    const listeners = this.#onBegin
    this.#onBegin = []
    for (const listener of listeners) listener()
  }

  /** Chunks that have arrived cost no promise. */
  #pull(controller: ReadableStreamDefaultController<Chunk>): Promise<void> | undefined {
    if (!this.hasBegun) this.#begin()
    if (!this.#source.hasChunks) return this.#pullLater(controller)
    controller.enqueue(this.#source.take())
    return undefined
  }

  async #pullLater(controller: ReadableStreamDefaultController<Chunk>): Promise<void> {
    const result = await this.next()
    // Its reader may have cancelled it meanwhile.
    if (this.end?.status === 'cancelled') return
    if (result.done === true) controller.close()
    else controller.enqueue(result.value)
  }
}

/** Stands for a stream that nobody reads yet. As a part of a request or answer it is refused, as other async iterables are. */
class Stream {
  readonly [FLOW]: Flow

  constructor(flow: Flow) {
    this[FLOW] = flow
  }

  [Symbol.asyncIterator](): AsyncIterator<unknown> {
    return { next: () => this[FLOW].next(), return: async () => this.#return() }
  }

  #return(): IteratorResult<unknown> {
    this[FLOW].stop('cancelled', undefined)
    return { done: true, value: undefined }
  }
}

function marked<Value extends object, Chunk>(value: Value, flow: Flow<Chunk>): Value {
  Object.defineProperty(value, FLOW, { value: flow })
  return value
}

/** The stream of a marked value; undefined for any other. Every request and every answer is asked, so it must be quick. */
export function flowOf(value: unknown): Flow | undefined {
  if (typeof value !== 'object' || value === null) return undefined
  try {
    const flow = (value as { readonly [FLOW]?: Flow })[FLOW]
    // A proxy may have a value for every key.
    return flow === undefined || typeof flow.onEnd === 'function' ? flow : undefined
  } catch {
    // A trap of a proxy threw.
    return undefined
  }
}
