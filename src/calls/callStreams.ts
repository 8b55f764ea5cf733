import { type CallOptions, type Clock, CutoverError, signalOf } from '../contract/index.js'
import type { Flow, FlowEnd } from '../streams/index.js'
import { onAbort } from '../support/index.js'

/** The limit of streams that nobody reads. */
export interface StreamLimit {
  /** ms; Infinity for none */
  readonly streamTimeout: number
  readonly clock: Clock
}

/** The part of a call that {@link CallStreams} uses. */
export interface StreamingCall {
  /** The stream of its answer, if it is one. */
  readonly answer: Flow | undefined
  /** The stream of its request, if it is one. */
  readonly upload: Flow | undefined
  readonly options: CallOptions | undefined
  readonly limit: StreamLimit
  /** Called once, when no stream flows any more, with the end of the answer. */
  ended(end: FlowEnd): void
}

const ANSWERED: FlowEnd = { status: 'finished' }

/** The streams of one call that was answered. The call is in flight until the last of them has ended. */
export class CallStreams {
  readonly #call: StreamingCall
  #timer: unknown
  #unfollow: (() => void) | undefined

  constructor(call: StreamingCall) {
    this.#call = call
  }

  /** Waits for the ends. */
  start(): void {
    const { answer, options } = this.#call
    const signal = signalOf(options)
    if (signal !== undefined) this.#unfollow = onAbort(signal, () => this.fail(signal.reason))
    if (answer === undefined) {
      this.#answerEnded(ANSWERED)
      return
    }
    this.#limitWait(answer)
    answer.onEnd(end => this.#answerEnded(end))
    if (signal?.aborted === true) this.fail(signal.reason)
  }

  /** Ends what still flows. What has arrived is read before the error. */
  fail(error: unknown): void {
    const { answer, upload } = this.#call
    // First, so that it gets this reason: the end of the answer stops it, too.
    upload?.stop('failed', error)
    answer?.stop('failed', error)
  }

  #limitWait(answer: Flow): void {
    const { streamTimeout, clock } = this.#call.limit
    if (answer.hasBegun || answer.end !== undefined || streamTimeout === Number.POSITIVE_INFINITY) return
    this.#timer = clock.setTimeout(() => answer.stop('cancelled', unread(streamTimeout)), streamTimeout)
    answer.onBegin(() => this.#clearTimer())
  }

  #answerEnded(end: FlowEnd): void {
    const { upload } = this.#call
    this.#clearTimer()
    // A module may answer before it has read its request to the end. One that has not begun to read it never will.
    if (end.status !== 'finished' || upload?.hasBegun === false) upload?.stop('cancelled', answered())
    if (upload === undefined) this.#end(end)
    else upload.onEnd(() => this.#end(end))
  }

  #end(end: FlowEnd): void {
    this.#unfollow?.()
    this.#call.ended(end)
  }

  #clearTimer(): void {
    if (this.#timer !== undefined) this.#call.limit.clock.clearTimeout(this.#timer)
    this.#timer = undefined
  }
}

function answered(): Error {
  return new Error('The call has been answered, and its request is not read any more.')
}

function unread(streamTimeout: number): CutoverError {
  const message = `Nobody began to read the stream within ${streamTimeout} ms (streamTimeout). Read it, or cancel it.`
  return new CutoverError('CUTOVER_STREAM_TIMEOUT', message)
}
