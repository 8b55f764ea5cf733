/** The source of a stream: of bytes, or of any values that the host can carry. */
export type StreamSource<Chunk = unknown> = ReadableStream<Chunk> | AsyncIterable<Chunk>

/** A stream with a head: what is known before its first chunk. */
export interface StreamWithHead<Head = unknown, Chunk = unknown> {
  /** Any value that the host can carry. */
  readonly head: Head
  /** The stream. */
  readonly body: ReadableStream<Chunk>
}

/** Marks a request or an answer as a stream. `streamed()` of `cutover` and `stream` in the context of a call are the same. */
export interface MakeStream {
  /** @param source - a `ReadableStream` that nobody reads, or an async iterable */
  <Chunk>(source: StreamSource<Chunk>): ReadableStream<Chunk>
  /** @param head - is given to the other side at once */
  <Chunk, Head>(source: StreamSource<Chunk>, head: Head): StreamWithHead<Head, Chunk>
}

/** The default of `streamTimeout`, in ms. */
export const DEFAULT_STREAM_TIMEOUT = 60_000
