import type { HttpMessage, HttpRequestHead, StreamSource, StreamWithHead } from '../contract/index.js'
import { MAX_WHOLE_BODY } from '../contract/index.js'
import { streamed, wholeOrRest } from '../streams/index.js'

/** A request as a module gets it: its body is absent, whole, or a stream. */
export type HttpRequest = HttpMessage<HttpRequestHead> | StreamWithHead<HttpRequestHead, Uint8Array>

/** The request is at fault, so that it reaches no version, or ends its upload. */
export class BadRequest extends Error {
  readonly status: 400 | 413 | 501

  constructor(status: 400 | 413 | 501, message: string, cause?: unknown) {
    super(message, { cause })
    this.status = status
  }
}

/** Reads a body as far as it must be there before a version gets it: a short one to its end. */
export class Upload {
  readonly #body: StreamSource<Uint8Array>
  readonly #length: number | undefined
  readonly #maxBytes: number
  readonly #onRead: () => void
  #fault: BadRequest | undefined

  /**
   * @param length - the value of `Content-Length`
   * @param onRead - called whenever a piece of a long body was read
   */
  constructor(body: StreamSource<Uint8Array>, length: string | null | undefined, maxBytes: number, onRead: () => void) {
    this.#body = body
    this.#length = length === null || length === undefined ? undefined : Number(length)
    this.#maxBytes = maxBytes
    this.#onRead = onRead
  }

  /** The fault of a body that has begun already. */
  get fault(): BadRequest | undefined {
    return this.#fault
  }

  /** @throws BadRequest the body is too long, breaks at once, or has not its length */
  async message(head: HttpRequestHead): Promise<HttpRequest> {
    const length = this.#length
    const body = this.#body
    if (length === 0) return { head, body: null }
    if (length === undefined) return this.#begun(body, head)
    if (length > this.#maxBytes) throw this.#tooLong()
    if (length <= MAX_WHOLE_BODY) return { head, body: await this.#whole(body, length) }
    return streamed(this.#limited(body), head)
  }

  async #whole(body: StreamSource<Uint8Array>, length: number): Promise<Uint8Array> {
    const chunks: Uint8Array[] = []
    let size = 0
    try {
      for await (const chunk of body as AsyncIterable<Uint8Array>) {
        chunks.push(chunk)
        size += chunk.byteLength
        if (size > length) break
      }
    } catch (error) {
      throw new BadRequest(400, 'The body ended before its Content-Length.', error)
    }
    if (size === length) return chunks.length === 1 ? (chunks[0] as Uint8Array) : Buffer.concat(chunks)
    throw new BadRequest(400, 'The body has not the length of its Content-Length.')
  }

  async #begun(body: StreamSource<Uint8Array>, head: HttpRequestHead): Promise<HttpRequest> {
    try {
      const begun = await wholeOrRest(this.#limited(body), MAX_WHOLE_BODY)
      return begun instanceof Uint8Array ? { head, body: begun } : streamed(begun, head)
    } catch (error) {
      throw error instanceof BadRequest ? error : new BadRequest(400, 'The body broke off.', error)
    }
  }

  async *#limited(body: StreamSource<Uint8Array>): AsyncGenerator<Uint8Array, void> {
    let size = 0
    for await (const chunk of body as AsyncIterable<Uint8Array>) {
      size += chunk.byteLength
      if (size > this.#maxBytes) throw this.#tooLong()
      this.#onRead()
      yield chunk
    }
  }

  #tooLong(): BadRequest {
    this.#fault = new BadRequest(413, `The body is longer than ${this.#maxBytes} bytes.`)
    return this.#fault
  }
}
