import { encode } from 'cborg'

/** The minimum size of a buffer. A socket may hold on to parts of it until they are sent. */
const BUFFER_BYTES = 64 * 1024
/** Do not keep buffers above 1 MiB, so that one large message does not hold its memory. */
const MAX_KEPT_BYTES = 1024 * 1024
/** Grow by 64 bytes more than needed, for the end of a message after a large payload. */
const ROOM_BEHIND = 64
/** A half float, the shortest form of -0. */
const NEGATIVE_ZERO = Uint8Array.of(0xf9, 0x80, 0x00)

/**
 * A buffer that grows, with the heads and floats of CBOR.
 *
 * `take()` returns parts of the buffer without a copy. Their memory is reused only after `recycle()`.
 */
export class OutputBuffer {
  bytes: Buffer
  /** The offset of the next byte. */
  at = 0
  /** The offset of the part that was not taken. */
  start = 0
  /** A full buffer, parts of which may be in use. */
  #retired: Buffer | undefined
  /** A free buffer. */
  #spare: Buffer | undefined

  readonly #view = new DataView(new ArrayBuffer(4))

  /** @param size - the size of the first buffer, in bytes */
  constructor(size: number = BUFFER_BYTES) {
    this.bytes = Buffer.allocUnsafeSlow(size)
  }

  /** The number of bytes that {@link take} returns. */
  get length(): number {
    return this.at - this.start
  }

  /** Drops all but the first `length` bytes of the part that was not taken. */
  rewind(length: number): void {
    this.at = this.start + length
  }

  /** Returns the bytes that were written since the last call, without a copy. */
  take(): Buffer {
    const part = this.bytes.subarray(this.start, this.at)
    this.start = this.at
    return part
  }

  /** Reuses the memory of all parts that were taken. */
  recycle(): void {
    this.#spare = larger(this.#spare, this.#retired)
    this.#retired = undefined
    if (this.length > 0) return
    if (this.bytes.length > MAX_KEPT_BYTES) {
      this.bytes = this.#spare ?? Buffer.allocUnsafeSlow(BUFFER_BYTES)
      this.#spare = undefined
    }
    this.at = 0
    this.start = 0
  }

  /** Makes room for `count` more bytes. */
  reserve(count: number): void {
    if (this.at + count > this.bytes.length) this.#grow(count)
  }

  #grow(count: number): void {
    const length = this.length
    const size = Math.max(BUFFER_BYTES, 2 * length, length + count + ROOM_BEHIND)
    const spare = this.#spare
    const isEnough = spare !== undefined && spare.length >= size
    const grown = isEnough ? spare : Buffer.allocUnsafeSlow(size)
    if (isEnough) this.#spare = undefined
    this.bytes.copy(grown, 0, this.start, this.at)
    if (this.bytes.length <= MAX_KEPT_BYTES) this.#retired = larger(this.#retired, this.bytes)
    this.bytes = grown
    this.start = 0
    this.at = length
  }

  /** Writes one byte. */
  byte(byte: number): void {
    this.reserve(1)
    this.bytes[this.at++] = byte
  }

  /** Writes a float in the shortest form that keeps its value. */
  float(value: number): void {
    this.#view.setFloat32(0, value)
    const bits = this.#view.getUint32(0)
    const exponent = ((bits >>> 23) & 0xff) - 127
    this.reserve(9)
    const { bytes, at } = this
    if (value !== this.#view.getFloat32(0) && !Number.isNaN(value)) {
      bytes[at] = 0xfb
      this.at = bytes.writeDoubleBE(value, at + 1)
    } else if (exponent < -14 || exponent > 127) {
      // Zeros, subnormal half floats, infinities and NaN.
      if (value === 0) this.append(NEGATIVE_ZERO)
      else this.append(encode(value))
    } else if (exponent <= 15 && (bits & 0x1fff) === 0) {
      bytes[at] = 0xf9
      const half = ((bits >>> 16) & 0x8000) | ((exponent + 15) << 10) | ((bits >>> 13) & 0x3ff)
      this.at = bytes.writeUInt16BE(half, at + 1)
    } else {
      bytes[at] = 0xfa
      this.at = bytes.writeUInt32BE(bits, at + 1)
    }
  }

  /** Writes bytes. */
  append(part: Uint8Array): void {
    this.reserve(part.byteLength)
    this.bytes.set(part, this.at)
    this.at += part.byteLength
  }

  /** Writes a head with an argument of up to 64 bits. */
  wideHead(major: number, value: bigint): void {
    if (value <= Number.MAX_SAFE_INTEGER) {
      this.head(major, Number(value))
      return
    }
    this.reserve(9)
    this.bytes[this.at] = major | 27
    this.at = this.bytes.writeBigUInt64BE(value, this.at + 1)
  }

  /** Writes a head with a safe integer as its argument. @param major - the major type, in the upper three bits */
  head(major: number, value: number): void {
    this.reserve(9)
    const { bytes } = this
    const at = this.at
    if (value < 24) {
      bytes[at] = major | value
      this.at = at + 1
    } else if (value < 0x100) {
      bytes[at] = major | 24
      bytes[at + 1] = value
      this.at = at + 2
    } else if (value < 0x1_0000) {
      bytes[at] = major | 25
      bytes[at + 1] = value >>> 8
      bytes[at + 2] = value
      this.at = at + 3
    } else if (value < 0x1_0000_0000) {
      bytes[at] = major | 26
      bytes[at + 1] = value >>> 24
      bytes[at + 2] = value >>> 16
      bytes[at + 3] = value >>> 8
      bytes[at + 4] = value
      this.at = at + 5
    } else {
      bytes[at] = major | 27
      bytes.writeUInt32BE(Math.floor(value / 0x1_0000_0000), at + 1)
      this.at = bytes.writeUInt32BE(value % 0x1_0000_0000, at + 5)
    }
  }
}

function larger(one: Buffer | undefined, other: Buffer | undefined): Buffer | undefined {
  return (one?.length ?? 0) >= (other?.length ?? 0) ? one : other
}
