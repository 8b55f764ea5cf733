/** The default of `maxFrameBytes`: 16 MiB. */
export const DEFAULT_MAX_FRAME_BYTES = 16 * 1024 * 1024

/** The default of `maxFrameBytes` for runtimes of Oasis Core: 64 MiB, the limit of its nodes. */
export const OASIS_MAX_FRAME_BYTES = 64 * 1024 * 1024

/** Each frame begins with its length: 4 bytes, big-endian. */
export const HEADER_BYTES = 4

/** The stream ended inside a frame, because its writer died. */
export class TruncatedError extends Error {
  override readonly name = 'TruncatedError'
}

/** Receives one frame: `bytes` from `start` to before `end`. The bytes are valid only during this call. */
export type OnFrame = (bytes: Buffer, start: number, end: number) => void

const EMPTY = Buffer.alloc(0)
/** Allocate 512 KiB for a partial frame at once, and keep it for the next one. */
const KEPT_BYTES = 512 * 1024

/**
 * Splits a stream of bytes into frames. Passes on a frame that lies in one chunk without a copy, and collects one that spans
 * chunks in a buffer. Above 512 KiB the buffer doubles, so that a partial frame takes at most twice the memory of the bytes
 * that have arrived, whatever its header says.
 */
export class FrameDecoder {
  readonly #maxFrameBytes: number
  /** The bytes of the partial frame, including its header. */
  #partial = EMPTY
  #partialBytes = 0

  /** @param maxFrameBytes - the longest frame, in bytes. @default 16 MiB */
  constructor(maxFrameBytes: number = DEFAULT_MAX_FRAME_BYTES) {
    this.#maxFrameBytes = maxFrameBytes
  }

  /**
   * Adds the next bytes of the stream, and passes on each frame that they complete.
   *
   * @param chunk - the next bytes
   * @param onFrame - called synchronously for each frame, in order
   * @throws Error if a header has the length 0 or more than `maxFrameBytes`, and the errors of `onFrame`. The stream is
   * unusable then.
   */
  push(chunk: Buffer, onFrame: OnFrame): void {
    let at = this.#partialBytes === 0 ? 0 : this.#complete(chunk, onFrame)
    while (chunk.length - at >= HEADER_BYTES) {
      const start = at + HEADER_BYTES
      const end = start + this.#checkLength(chunk.readUInt32BE(at))
      if (end > chunk.length) break
      at = end
      onFrame(chunk, start, end)
    }
    if (at < chunk.length) this.#append(chunk, at, chunk.length, frameEndOf(chunk, at))
  }

  /** Ends the stream. @throws TruncatedError if it ends inside a frame */
  end(): void {
    if (this.#partialBytes === 0) return
    const bytes = this.#partialBytes
    this.#discard()
    throw new TruncatedError(`The stream ended inside a frame, after ${bytes} bytes of it.`)
  }

  /** Adds to the partial frame. Returns where in the chunk the next frame begins. */
  #complete(chunk: Buffer, onFrame: OnFrame): number {
    let at = 0
    if (this.#partialBytes < HEADER_BYTES) {
      at = Math.min(HEADER_BYTES - this.#partialBytes, chunk.length)
      this.#append(chunk, 0, at, HEADER_BYTES)
      if (this.#partialBytes < HEADER_BYTES) return at
    }
    const frameEnd = HEADER_BYTES + this.#checkLength(this.#partial.readUInt32BE(0))
    const until = Math.min(at + frameEnd - this.#partialBytes, chunk.length)
    this.#append(chunk, at, until, frameEnd)
    if (this.#partialBytes < frameEnd) return until
    const whole = this.#partial
    this.#discard()
    onFrame(whole, HEADER_BYTES, frameEnd)
    return until
  }

  /** @param frameBytes - the length of the whole frame, or of its header while the length is unknown */
  #append(chunk: Buffer, from: number, until: number, frameBytes: number): void {
    const needed = this.#partialBytes + until - from
    if (needed > this.#partial.length) {
      const size = Math.min(frameBytes, Math.max(KEPT_BYTES, this.#partial.length * 2))
      const grown = Buffer.allocUnsafeSlow(Math.max(needed, size))
      this.#partial.copy(grown, 0, 0, this.#partialBytes)
      this.#partial = grown
    }
    chunk.copy(this.#partial, this.#partialBytes, from, until)
    this.#partialBytes = needed
  }

  #discard(): void {
    if (this.#partial.length > KEPT_BYTES) this.#partial = EMPTY
    this.#partialBytes = 0
  }

  #checkLength(length: number): number {
    if (length === 0) throw new Error('A frame has the length 0.')
    if (length <= this.#maxFrameBytes) return length
    const max = this.#maxFrameBytes
    throw new Error(
      `A frame of ${length} bytes is larger than maxFrameBytes, ${max}. Send smaller messages, or raise maxFrameBytes.`,
    )
  }
}

/** Returns the length of the frame that begins at `at`, or of its header if that is incomplete. */
function frameEndOf(chunk: Buffer, at: number): number {
  return chunk.length - at < HEADER_BYTES ? HEADER_BYTES : HEADER_BYTES + chunk.readUInt32BE(at)
}
