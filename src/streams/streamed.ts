import type { MakeStream, StreamSource } from '../contract/index.js'
import { Flow } from './flow.js'
import { sourceOf } from './source.js'

/**
 * Marks a stream as a request, `call(streamed(source, head))`, so that it travels to wherever the version runs. It is the request
 * itself, not a part of it. The module gets a `ReadableStream` or, with a head, `{ head, body }`.
 *
 * Pass on what it returns as it is: that has the type of what the other side gets, and becomes it on the way.
 *
 * The source is read as fast as the module reads. If nobody wants more of it, its `return()` or `cancel()` is called.
 *
 * @param source - a `ReadableStream` that nobody reads, or an async iterable. Its chunks are bytes, or any values that the host of the
 * version can carry
 * @param head - what the module gets at once, such as the name and the size of a file. @default none
 * @throws CutoverError `CUTOVER_INVALID_OPTION` if the source is none, or is being read
 */
export const streamed: MakeStream = <Chunk, Head>(source: StreamSource<Chunk>, head?: Head) =>
  new Flow<Chunk>(sourceOf(source), head).mark as never
