import type { CallOptions } from '../../contract/index.js'
import { flowOf } from '../../streams/index.js'

/** Takes calls. */
interface Receiver<Req, Res> {
  send(request: Req, options: CallOptions | undefined): Promise<Res>
}

/**
 * Sends a request to all, in parallel. Resolves with the answer that arrived last.
 *
 * @throws (rejects) the signal's reason, if it has fired; else an AggregateError of what the others rejected with, after all have settled
 */
export async function broadcastTo<Req, Res>(
  receivers: readonly Receiver<Req, Res>[],
  request: Req,
  given: CallOptions | undefined,
): Promise<Res> {
  // A buffer that moves to one instance cannot move to another: all get copies.
  const options = given?.transfer === undefined ? given : { ...given, transfer: undefined }
  let last: Res | undefined
  const send = async (receiver: Receiver<Req, Res>) => {
    const answer = await receiver.send(request, options)
    drop(last)
    last = answer
  }
  const outcomes = await Promise.allSettled(receivers.map(send))
  const errors = outcomes.flatMap(outcome => (outcome.status === 'rejected' ? [outcome.reason as unknown] : []))
  const isGivenUp = given?.signal?.aborted === true
  if (errors.length === 0 && !isGivenUp) return last as Res
  drop(last)
  if (isGivenUp) throw given.signal?.reason
  throw new AggregateError(errors, `${errors.length} of ${receivers.length} instances failed the request.`)
}

/** Closes a stream that nobody gets. */
function drop(answer: unknown): void {
  flowOf(answer)?.stop('cancelled', new Error('Another instance has answered the broadcast.'))
}
