import type { CallOptions } from '../../contract/index.js'

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
    last = await receiver.send(request, options)
  }
  const outcomes = await Promise.allSettled(receivers.map(send))
  const errors = outcomes.flatMap(outcome => (outcome.status === 'rejected' ? [outcome.reason as unknown] : []))
  if (given?.signal?.aborted === true) throw given.signal.reason
  if (errors.length === 0) return last as Res
  throw new AggregateError(errors, `${errors.length} of ${receivers.length} instances failed the request.`)
}
