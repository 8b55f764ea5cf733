/** Publishes what one end of a session writes: at most so many bytes at once, and in pieces if they are too long. */
import { UnreadBytesError } from '../../protocol/internal.js'
import { HEAD_BYTES, head, LAST_PIECE, PIECE } from './wire.js'

/** The most bytes that the other end has not confirmed. */
const WINDOW_BYTES = 4 * 1024 * 1024
/** Room for the subjects of a message, which count towards `max_payload` nowhere, and for servers that add to it. */
const SPARE_BYTES = 1024

export interface OutletOptions {
  /** The longest message, in bytes. */
  maxPayload(): number
  readonly maxBufferedBytes: number
  publish(message: Uint8Array): void
  failed(error: Error): void
  /** Everything that waited has been published. */
  drained(): void
}

export class Outlet {
  readonly #options: OutletOptions
  /** The messages that wait for credit. */
  #waiting: Uint8Array[] = []
  #waitingBytes = 0
  /** Published, and not confirmed. */
  #unconfirmed = 0
  #pieces = 0

  constructor(options: OutletOptions) {
    this.#options = options
  }

  /** Whether something waits. */
  get isBehind(): boolean {
    return this.#waiting.length > 0
  }

  /** Publishes whole frames, after all that waits. */
  send(frames: Buffer): void {
    const longest = this.#options.maxPayload() - SPARE_BYTES
    if (frames.length <= longest) this.#publish(frames)
    else if (longest > HEAD_BYTES) this.#sendPieces(frames, longest - HEAD_BYTES)
    else this.#options.failed(new Error('The server of NATS takes no messages of this size: raise its max_payload.'))
  }

  /** The other end has read so many bytes. */
  confirm(bytes: number): void {
    this.#unconfirmed = Math.max(0, this.#unconfirmed - bytes)
    const wasBehind = this.isBehind
    let sent = 0
    for (const message of this.#waiting) {
      if (this.#unconfirmed >= WINDOW_BYTES) break
      sent++
      this.#waitingBytes -= message.length
      this.#put(message)
    }
    this.#waiting = this.#waiting.slice(sent)
    if (wasBehind && !this.isBehind) this.#options.drained()
  }

  #sendPieces(frames: Buffer, size: number): void {
    for (let at = 0; at < frames.length; at += size) {
      const end = Math.min(at + size, frames.length)
      this.#pieces = (this.#pieces + 1) >>> 0
      this.#publish(head(end === frames.length ? LAST_PIECE : PIECE, this.#pieces, frames.subarray(at, end)))
    }
  }

  #publish(message: Uint8Array): void {
    if (!this.isBehind && this.#unconfirmed < WINDOW_BYTES) {
      this.#put(message)
      return
    }
    this.#waiting.push(message)
    this.#waitingBytes += message.length
    const { maxBufferedBytes } = this.#options
    if (this.#waitingBytes > maxBufferedBytes) this.#options.failed(new UnreadBytesError(maxBufferedBytes))
  }

  #put(message: Uint8Array): void {
    this.#unconfirmed += message.length
    this.#options.publish(message)
  }
}
