import type { StreamSource } from '../contract/index.js'
import { type Source, sourceOf } from './source.js'

const A_TURN = Symbol('a turn of the event loop')

/**
 * Reads bytes as far as they are there already. A short body is one message with its head, which costs a fraction of a stream; the head
 * of a long or slow one does not wait for its end.
 *
 * @param maxBytes - how long a whole body may be
 * @returns all bytes, if they ended within a turn of the event loop; else a stream that begins with what was read
 * @throws what the source throws within that turn
 */
export async function wholeOrRest(
  given: StreamSource<Uint8Array>,
  maxBytes: number,
): Promise<Uint8Array | ReadableStream<Uint8Array>> {
  const source = sourceOf<Uint8Array>(given)
  const turn = new Promise<typeof A_TURN>(resolve => setImmediate(resolve, A_TURN))
  const chunks: Uint8Array[] = []
  let size = 0
  for (;;) {
    const next = source.next()
    const result = size > maxBytes ? A_TURN : await Promise.race([next, turn])
    if (result === A_TURN) {
      // The reader of the rest gets the error of the source.
      next.catch(() => {})
      return rest(chunks, next, source)
    }
    if (result.done === true) return chunks.length === 1 ? (chunks[0] as Uint8Array) : Buffer.concat(chunks)
    chunks.push(result.value)
    size += result.value.byteLength
  }
}

function rest(
  chunks: Uint8Array[],
  pending: ReturnType<Source<Uint8Array>['next']>,
  source: Source<Uint8Array>,
): ReadableStream<Uint8Array> {
  let read: typeof pending | undefined = pending
  const pull = async (controller: ReadableStreamDefaultController<Uint8Array>) => {
    const chunk = chunks.shift()
    if (chunk !== undefined) return controller.enqueue(chunk)
    const next = read ?? source.next()
    read = undefined
    const result = await next
    if (result.done === true) controller.close()
    else controller.enqueue(result.value)
  }
  return new ReadableStream({ pull, cancel: reason => source.stop(reason) }, { highWaterMark: 0 })
}
