import { invalidOption } from '../contract/index.js'

/** Where the chunks of a stream come from. */
export interface Source<Chunk> {
  /** Whether it can give chunks after it was stopped: those that have arrived already. */
  readonly hasChunks: boolean
  /** The next of the chunks that have arrived. Only while it {@link hasChunks}. */
  take(): Chunk
  /** The next chunk. After the last one, `done`; after an error, a rejection. */
  next(): Promise<IteratorResult<Chunk, unknown>>
  /** The reader has cancelled. Later {@link next} return the chunks that have arrived, then reject with the reason. Called once; must not throw. */
  stop(reason: unknown): void
}

/** The source that a user has given. @throws CutoverError `CUTOVER_INVALID_OPTION` if it is none, or somebody reads it */
export function sourceOf<Chunk>(given: unknown): Source<Chunk> {
  const { getReader, locked, [Symbol.asyncIterator]: iterate } = Object(given) as Partial<ReadableStream<Chunk>>
  if (typeof getReader !== 'function' && typeof iterate !== 'function')
    throw invalidOption('source', 'a ReadableStream or an async iterable', given)
  if (locked === true) throw invalidOption('source', 'a ReadableStream that nobody reads', given)
  return typeof getReader === 'function'
    ? new StreamSource(given as ReadableStream<Chunk>)
    : new IterableSource(given as AsyncIterable<Chunk>)
}

/** Its iterator would answer a `return()` only after the next chunk; its reader cancels at once. */
class StreamSource<Chunk> implements Source<Chunk> {
  readonly hasChunks = false
  readonly #reader: ReadableStreamDefaultReader<Chunk>

  constructor(stream: ReadableStream<Chunk>) {
    this.#reader = stream.getReader()
  }

  take(): Chunk {
    throw noneArrived()
  }

  next(): Promise<IteratorResult<Chunk, unknown>> {
    return this.#reader.read() as Promise<IteratorResult<Chunk, unknown>>
  }

  stop(reason: unknown): void {
    this.#reader.cancel(reason).catch(ignore)
  }
}

/** Its iterator is made with the first chunk, so that a stream which nobody reads runs no code of the user. */
class IterableSource<Chunk> implements Source<Chunk> {
  readonly hasChunks = false
  readonly #iterable: AsyncIterable<Chunk>
  #iterator: AsyncIterator<Chunk> | undefined

  constructor(iterable: AsyncIterable<Chunk>) {
    this.#iterable = iterable
  }

  take(): Chunk {
    throw noneArrived()
  }

  next(): Promise<IteratorResult<Chunk, unknown>> {
    this.#iterator ??= this.#iterable[Symbol.asyncIterator]()
    return this.#iterator.next()
  }

  /** A generator that waits for something ends later. Nobody waits for it. */
  stop(): void {
    void this.#return().catch(ignore)
  }

  async #return(): Promise<void> {
    const { destroy } = this.#iterable as { destroy?: () => void }
    // The iterator of a stream of Node.js closes no file unless it has begun, and not while it waits.
    if (typeof destroy === 'function') destroy.call(this.#iterable)
    this.#iterator ??= this.#iterable[Symbol.asyncIterator]()
    await this.#iterator.return?.()
  }
}

function noneArrived(): Error {
  return new Error('No chunk has arrived: please report this as a bug of cutover.')
}

function ignore(): void {}
