/** The largest frame that is taken unless told otherwise, in bytes. */
export const DEFAULT_MAX_FRAME_BYTES = 16 * 1024 * 1024

/** The length in front of each frame: 4 bytes, big-endian. */
export const HEADER_BYTES = 4

/** The stream ended inside a frame: whoever wrote it has died. */
export class TruncatedError extends Error {
  override readonly name = 'TruncatedError'
}

/** Takes one whole frame: what is in `bytes` from `start` to before `end`. It is only there during this call. */
export type OnFrame = (bytes: Buffer, start: number, end: number) => void

const EMPTY = Buffer.alloc(0)
/** So much memory is taken for a frame as soon as its length is known, and kept for the next. */
const KEPT_BYTES = 512 * 1024

/**
 * Cuts a stream of bytes into frames. A frame that lies whole in one chunk is not copied; one that spans chunks is
 * collected in a buffer. Beyond 512 KiB that grows by doubling, so that a frame costs no more memory than twice what has
 * come of it, whatever its header says.
 */
export class FrameDecoder {
  readonly #maxFrameBytes: number
  /** What has come of a frame that is not whole yet, its header included. */
  #partial = EMPTY
  #partialBytes = 0

  constructor(maxFrameBytes: number = DEFAULT_MAX_FRAME_BYTES) {
    this.#maxFrameBytes = maxFrameBytes
  }

  /**
   * Takes the next bytes and hands on the frames that are whole now.
   *
   * @throws Error as soon as a header says a length that is not allowed, and whatever `take` throws. The stream cannot
   * be read any further then.
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

  /** @throws Error when the stream ends inside a frame */
  end(): void {
    if (this.#partialBytes === 0) return
    const bytes = this.#partialBytes
    this.#discard()
    throw new TruncatedError(`The stream ended inside a frame, after ${bytes} bytes of it.`)
  }

  /** Adds to the partial frame; returns where in the chunk the next frame begins. */
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

  /** @param frameBytes - the length of the whole frame, as far as that is known */
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
    if (length === 0) throw new Error('A frame says that its length is 0.')
    if (length <= this.#maxFrameBytes) return length
    const max = this.#maxFrameBytes
    throw new Error(`A frame of ${length} bytes is larger than maxFrameBytes, ${max}: send less at once, or raise it.`)
  }
}

/** Where the frame that begins at `at` ends, relative to that. */
function frameEndOf(chunk: Buffer, at: number): number {
  return chunk.length - at < HEADER_BYTES ? HEADER_BYTES : HEADER_BYTES + chunk.readUInt32BE(at)
}
