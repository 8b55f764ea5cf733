import type { Source } from '../../streams/index.js'
import { CREDIT_BYTES, CREDIT_CHUNKS, type Credit, MAX_CREDIT_BYTES, MAX_CREDIT_CHUNKS } from './credit.js'

/** How an inbox answers the other side. */
export interface InboxReplies {
  /** The reader has taken this much. */
  grant(credit: Credit): void
  /** The reader cancels. */
  cancel(reason: unknown): void
}

interface Arrived {
  readonly chunk: unknown
  /** bytes */
  readonly cost: number
}

/** How a stream ended on the other side. */
type End = { readonly error?: { readonly reason: unknown } }

/** The chunks of one stream that have arrived from the other side, until their reader takes them. */
export class Inbox implements Source<unknown> {
  readonly #replies: InboxReplies
  readonly #arrived: Arrived[] = []
  /** The credit that the other side has left. */
  #bytes = CREDIT_BYTES
  #chunks = CREDIT_CHUNKS
  /** The most that may be sent and not yet taken by the reader. */
  #maxBytes = CREDIT_BYTES
  #maxChunks = CREDIT_CHUNKS
  /** Whether the reader has kept up since the last grant: then the other side may run further ahead. */
  #isReaderFaster = true
  /** Taken by the reader since the last grant. */
  #takenBytes = 0
  #takenChunks = 0
  #end: End | undefined
  #reader: {
    readonly resolve: (result: IteratorResult<unknown>) => void
    readonly reject: (reason: unknown) => void
  } | null = null

  constructor(replies: InboxReplies) {
    this.#replies = replies
  }

  get hasChunks(): boolean {
    return this.#arrived.length > 0
  }

  take(): unknown {
    const { chunk, cost } = this.#arrived.shift() as Arrived
    this.#taken(cost)
    return chunk
  }

  next(): Promise<IteratorResult<unknown>> {
    if (this.hasChunks) return Promise.resolve({ done: false, value: this.take() })
    if (this.#end !== undefined) return settled(this.#end)
    return new Promise((resolve, reject) => {
      this.#reader = { resolve, reject }
    })
  }

  /** A chunk has arrived. @returns false if it exceeds the credit */
  push(chunk: unknown, cost: number): boolean {
    if (this.#bytes <= 0 || this.#chunks <= 0) return false
    this.#bytes -= cost
    this.#chunks--
    const reader = this.#reader
    if (reader === null) {
      this.#arrived.push({ chunk, cost })
      if (this.#arrived.length > this.#maxChunks / 2) this.#isReaderFaster = false
    } else {
      this.#reader = null
      this.#taken(cost)
      reader.resolve({ done: false, value: chunk })
    }
    return true
  }

  /** The stream has ended on the other side. What has arrived can still be read. */
  end(end: End): void {
    if (this.#end !== undefined) return
    this.#end = end
    const reader = this.#reader
    this.#reader = null
    if (reader !== null) settled(end).then(reader.resolve, reader.reject)
  }

  stop(reason: unknown): void {
    if (this.#end !== undefined) return
    this.end({ error: { reason } })
    this.#replies.cancel(reason)
  }

  #taken(cost: number): void {
    this.#takenBytes += cost
    this.#takenChunks++
    const isHalf = this.#takenBytes >= this.#maxBytes / 2 || this.#takenChunks >= this.#maxChunks / 2
    if (!isHalf || this.#end !== undefined) return
    const credit = this.#nextCredit()
    this.#bytes += credit.bytes
    this.#chunks += credit.chunks
    this.#takenBytes = 0
    this.#takenChunks = 0
    this.#replies.grant(credit)
  }

  /** The amount that was taken. If the reader is faster, as much again as the other side may send. */
  #nextCredit(): Credit {
    let [bytes, chunks] = [this.#takenBytes, this.#takenChunks]
    if (this.#isReaderFaster) {
      const maxBytes = Math.min(2 * this.#maxBytes, MAX_CREDIT_BYTES)
      const maxChunks = Math.min(2 * this.#maxChunks, MAX_CREDIT_CHUNKS)
      bytes += maxBytes - this.#maxBytes
      chunks += maxChunks - this.#maxChunks
      this.#maxBytes = maxBytes
      this.#maxChunks = maxChunks
    }
    this.#isReaderFaster = true
    return { bytes, chunks }
  }
}

function settled({ error }: End): Promise<IteratorResult<unknown>> {
  return error === undefined ? Promise.resolve({ done: true, value: undefined }) : Promise.reject(error.reason)
}
