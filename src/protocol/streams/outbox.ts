import { types } from 'node:util'
import type { Flow, FlowEnd } from '../../streams/index.js'
import { CREDIT_BYTES, CREDIT_CHUNKS, type Credit } from './credit.js'

/** How an outbox sends. */
export interface OutboxChannel {
  /** The most bytes of a chunk. */
  readonly maxChunkBytes: number
  /** Whether the other side does not keep up. */
  isCongested(): boolean
  /** Sends a chunk. @returns its cost, in bytes. @throws Error if it cannot be sent */
  send(chunk: unknown): number
  /** Sends the end. Called once, unless the other side has cancelled. */
  end(end: FlowEnd): void
  /** The outbox is done. Called once. */
  done(): void
}

/** Sends the chunks of one stream to the other side, as far as the credit goes. */
export class Outbox {
  readonly #flow: Flow
  readonly #channel: OutboxChannel
  #bytes = CREDIT_BYTES
  #chunks = CREDIT_CHUNKS
  /** The bytes of a chunk that is longer than a frame takes. */
  #rest: Uint8Array | undefined
  #isCancelled = false
  #wake: (() => void) | null = null

  constructor(flow: Flow, channel: OutboxChannel) {
    this.#flow = flow
    this.#channel = channel
  }

  start(): void {
    this.#flow.onEnd(end => {
      this.#channel.done()
      if (!this.#isCancelled) this.#channel.end(end)
      this.resume()
    })
    void this.#run()
  }

  /** The other side grants more. */
  grant({ bytes, chunks }: Credit): void {
    this.#bytes += bytes
    this.#chunks += chunks
    this.resume()
  }

  /** The other side cancels. */
  cancel(reason: unknown): void {
    this.#isCancelled = true
    this.#flow.stop('cancelled', reason)
  }

  /** It cannot be sent on. */
  fail(error: Error): void {
    this.#flow.stop('failed', error)
  }

  /** Goes on, if there is credit and the other side reads. */
  resume(): void {
    const wake = this.#wake
    this.#wake = null
    wake?.()
  }

  async #run(): Promise<void> {
    const flow = this.#flow
    while (flow.end === undefined) {
      if (!this.#hasRoom) await this.#room()
      else if (this.#rest === undefined) await this.#sendNext()
      else this.#sendBytes(this.#rest)
    }
  }

  get #hasRoom(): boolean {
    return this.#bytes > 0 && this.#chunks > 0 && !this.#channel.isCongested()
  }

  #room(): Promise<void> {
    return new Promise(resolve => {
      this.#wake = resolve
    })
  }

  /** An error of the source has ended the flow already. */
  async #sendNext(): Promise<void> {
    const result = await this.#flow.next().catch(() => undefined)
    if (result === undefined || result.done === true || this.#flow.end !== undefined) return
    const { value } = result
    if (types.isUint8Array(value)) this.#sendBytes(value)
    else this.#send(value)
  }

  #sendBytes(bytes: Uint8Array): void {
    const { maxChunkBytes } = this.#channel
    const isLong = bytes.length > maxChunkBytes
    this.#send(isLong ? bytes.subarray(0, maxChunkBytes) : bytes)
    this.#rest = isLong ? bytes.subarray(maxChunkBytes) : undefined
  }

  #send(chunk: unknown): void {
    try {
      this.#bytes -= this.#channel.send(chunk)
      this.#chunks--
    } catch (error) {
      this.#flow.stop('failed', error)
    }
  }
}
