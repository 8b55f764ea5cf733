import { types } from 'node:util'
import { describe, type StreamSource } from '../contract/index.js'
import { type Source, sourceOf } from './source.js'

/**
 * Reads bytes as far as they are there already. A short body is one message with its head, which costs a fraction of a stream; the head
 * of a long or slow one does not wait for its end.
 *
 * @param given - must not throw when it is asked for a chunk; it may reject
 * @param maxBytes - how long a whole body may be
 * @returns all bytes, if they ended within a turn of the event loop; else a stream that begins with what was read
 * @throws what the source throws within that turn
 */
export function wholeOrRest(
  given: StreamSource<Uint8Array>,
  maxBytes: number,
): Promise<Uint8Array | ReadableStream<Uint8Array>> {
  // One promise for all chunks: a race for each would take as long as everything else that a short body takes.
  return new Promise((resolve, reject) => {
    const source = sourceOf<Uint8Array>(given)
    const chunks: Uint8Array[] = []
    let size = 0
    let next = source.next()
    const giveRest = () => {
      turn = undefined
      resolve(rest(chunks, next, source))
    }
    let turn: NodeJS.Immediate | undefined = setImmediate(giveRest)
    const take = ({ done, value }: IteratorResult<Uint8Array, unknown>) => {
      // After the turn, a chunk or an error belongs to whoever reads the rest.
      if (turn === undefined) return
      if (done === true) {
        clearImmediate(turn)
        resolve(chunks.length === 1 ? (chunks[0] as Uint8Array) : Buffer.concat(chunks))
        return
      }
      if (!types.isUint8Array(value)) {
        fail(new TypeError(`The body has a chunk that is ${describe(value)}. Its chunks must be Uint8Arrays.`))
        source.stop(undefined)
        return
      }
      chunks.push(value)
      size += value.byteLength
      next = source.next()
      next.then(take, fail)
      if (size <= maxBytes) return
      clearImmediate(turn)
      giveRest()
    }
    const fail = (error: unknown) => {
      clearImmediate(turn)
      reject(error)
    }
    next.then(take, fail)
  })
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
