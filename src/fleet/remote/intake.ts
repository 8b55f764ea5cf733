/** Reads what one end of a session receives: whole frames, also from pieces. What is neither is dropped, and harms nothing. */
import { HEADER_BYTES } from '../../protocol/internal.js'
import { CONTROL, HEAD_BYTES, LAST_PIECE } from './wire.js'

/** The other end is told of so many bytes at a time. */
const GRANT_BYTES = 512 * 1024

export interface IntakeOptions {
  /** The most bytes of frames in pieces. */
  readonly maxBytes: number
  /** A frame: `bytes` from `start` to before `end`. @throws Error if it is none */
  frame(bytes: Buffer, start: number, end: number): void
  /** So much was read. */
  grant(bytes: number): void
  /** Bytes that are no message of the other end. */
  dropped(error: Error): void
  /** A piece is missing, so that the rest cannot be read. */
  failed(error: Error): void
}

export class Intake {
  readonly #options: IntakeOptions
  /** Read, and not granted. */
  #read = 0
  #pieces: Buffer[] = []
  #pieceBytes = 0
  /** The number of the last piece. */
  #number = 0

  constructor(options: IntakeOptions) {
    this.#options = options
  }

  /** A message with frames, or a part of them. */
  receive(message: Buffer): void {
    if ((message[0] as number) < CONTROL) this.#frames(message)
    else this.#piece(message)
    this.#read += message.length
    if (this.#read < GRANT_BYTES) return
    const read = this.#read
    this.#read = 0
    this.#options.grant(read)
  }

  #frames(bytes: Buffer): void {
    let at = 0
    while (at < bytes.length) {
      const start = at + HEADER_BYTES
      const end = start <= bytes.length ? start + bytes.readUInt32BE(at) : start
      if (end > bytes.length || end === start) {
        this.#options.dropped(new Error('it holds no whole frame.'))
        return
      }
      at = end
      try {
        this.#options.frame(bytes, start, end)
      } catch (error) {
        this.#options.dropped(error as Error)
        return
      }
    }
  }

  #piece(message: Buffer): void {
    const number = message.length > HEAD_BYTES ? message.readUInt32BE(1) : -1
    if (number !== (this.#number + 1) >>> 0) {
      if (number > this.#number) this.#options.failed(new Error('a piece of a long message is missing.'))
      else this.#options.dropped(new Error('it is a piece that is not due.'))
      return
    }
    this.#number = number
    this.#pieces.push(message.subarray(HEAD_BYTES))
    this.#pieceBytes += message.length - HEAD_BYTES
    if (this.#pieceBytes > this.#options.maxBytes) {
      this.#options.failed(new RangeError(`a message is longer than ${this.#options.maxBytes} bytes (maxFrameBytes).`))
    } else if (message[0] === LAST_PIECE) {
      const whole = Buffer.concat(this.#pieces, this.#pieceBytes)
      this.#pieces = []
      this.#pieceBytes = 0
      this.#frames(whole)
    }
  }
}
