import { describe, expect, it } from 'vitest'
import { OutputBuffer } from '../../src/protocol/cbor/outputBuffer.js'

const KB = 1024
const MAX_KEPT = 1024 * KB

/** A buffer of this size, with as many bytes as `length`. */
function bufferOf(size: number, length = 0): OutputBuffer {
  const buffer = new OutputBuffer(size)
  buffer.append(new Uint8Array(length).fill(7))
  return buffer
}

const hexOf = (write: (buffer: OutputBuffer) => void) => {
  const buffer = new OutputBuffer(0)
  write(buffer)
  return buffer.take().toString('hex')
}

// Buffers are compared by `===`: a difference in a megabyte takes a minute to print.

describe('The output buffer', () => {
  it.each([
    [1.5, 'f93e00'],
    [-1.5, 'f9be00'],
    [65_504, 'f97bff'],
    [2 ** -14, 'f90400'],
    [2 ** -15, 'f90200'],
    [2 ** -24, 'f90001'],
    [-0, 'f98000'],
    [Number.POSITIVE_INFINITY, 'f97c00'],
    [Number.NEGATIVE_INFINITY, 'f9fc00'],
    [Number.NaN, 'f97e00'],
    [65_536, 'fa47800000'],
    [100_000.5, 'fa47c35040'],
    [2 ** -25, 'fa33000000'],
    [1.000_122_070_312_5, 'fa3f800400'],
    [3.402_823_466_385_288_6e38, 'fa7f7fffff'],
    [1e39, 'fb48078287f49c4a1d'],
    [1.1, 'fb3ff199999999999a'],
    [5e-324, 'fb0000000000000001'],
  ])('writes the float %d in its shortest form', (value, digits) => {
    expect(hexOf(buffer => buffer.float(value))).toBe(digits)
  })

  it.each([
    [23, '17'],
    [24, '1818'],
    [255, '18ff'],
    [256, '190100'],
    [65_535, '19ffff'],
    [65_536, '1a00010000'],
    [0x1234_5678, '1a12345678'],
    [2 ** 32 - 1, '1affffffff'],
    [2 ** 32, '1b0000000100000000'],
    [2 ** 53 - 1, '1b001fffffffffffff'],
  ])('writes a head with the argument %d in its shortest form', (value, digits) => {
    expect(hexOf(buffer => buffer.head(0, value))).toBe(digits)
    expect(hexOf(buffer => buffer.wideHead(0, BigInt(value)))).toBe(digits)
  })

  it('writes a head with an argument of 64 bits, and its major type', () => {
    expect(hexOf(buffer => buffer.wideHead(0x20, 2n ** 64n - 1n))).toBe('3bffffffffffffffff')
    expect(hexOf(buffer => buffer.head(0xa0, 300))).toBe('b9012c')
  })

  it('is as long as what was written since the last take', () => {
    const buffer = bufferOf(100, 10)
    expect(buffer.length).toBe(10)
    expect(buffer.take()).toHaveLength(10)
    buffer.byte(1)
    buffer.append(Uint8Array.of(2, 3))
    expect(buffer.length).toBe(3)
    buffer.rewind(1)
    expect([...buffer.take()]).toEqual([1])
    expect(buffer.take()).toHaveLength(0)
  })

  it('grows only if there is no room, to 64 kB at least, and keeps what was not taken', () => {
    const buffer = bufferOf(10, 4)
    const first = buffer.bytes
    buffer.take()
    buffer.append(Uint8Array.of(1, 2))
    buffer.reserve(4)
    expect(buffer.bytes === first).toBe(true)
    buffer.reserve(5)
    expect(buffer.bytes === first).toBe(false)
    expect([buffer.bytes.length, buffer.start, buffer.at]).toEqual([64 * KB, 0, 2])
    expect([...buffer.take()]).toEqual([1, 2])
  })

  it('grows to twice its content, or by what is asked for and a little more', () => {
    const twice = bufferOf(100 * KB, 100 * KB)
    twice.byte(1)
    expect(twice.bytes.length).toBe(200 * KB)
    const asked = bufferOf(100 * KB, 100 * KB)
    asked.reserve(300 * KB)
    expect(asked.bytes.length).toBe(400 * KB + 64)
  })
})

describe('The output buffer, recycled', () => {
  it('begins again at its start, once everything was taken', () => {
    const buffer = bufferOf(100, 10)
    buffer.recycle()
    expect([buffer.start, buffer.at]).toEqual([0, 10])
    buffer.take()
    buffer.recycle()
    expect([buffer.start, buffer.at]).toEqual([0, 0])
  })

  it('reuses the memory that it grew out of, not before', () => {
    const buffer = bufferOf(100 * KB, 100 * KB)
    const first = buffer.bytes
    buffer.take()
    buffer.append(new Uint8Array(10))
    expect(buffer.bytes.length).toBe(64 * KB)
    const second = buffer.bytes
    buffer.take()
    buffer.append(new Uint8Array(64 * KB))
    expect([first, second].includes(buffer.bytes)).toBe(false)
    buffer.take()
    buffer.recycle()
    // Of two, the larger is reused: the first.
    buffer.append(new Uint8Array(80 * KB))
    expect(buffer.bytes === first).toBe(true)
    const third = buffer.bytes
    buffer.take()
    buffer.append(new Uint8Array(90 * KB))
    expect(buffer.bytes === third).toBe(false)
  })

  it('takes no memory that is too small', () => {
    const buffer = bufferOf(10 * KB, 10 * KB)
    const small = buffer.bytes
    buffer.take()
    buffer.append(new Uint8Array(20))
    buffer.take()
    buffer.recycle()
    buffer.append(new Uint8Array(70 * KB))
    expect(buffer.bytes === small).toBe(false)
    expect(buffer.bytes.length).toBeGreaterThan(70 * KB)
  })

  it('takes memory of exactly the size that it needs', () => {
    const buffer = bufferOf(64 * KB, 64 * KB)
    const first = buffer.bytes
    buffer.take()
    buffer.append(new Uint8Array(10))
    buffer.take()
    buffer.recycle()
    buffer.append(new Uint8Array(64 * KB - 10))
    buffer.take()
    buffer.append(new Uint8Array(100))
    expect(buffer.bytes === first).toBe(true)
  })

  it.each([
    ['is kept up to 1 MiB', MAX_KEPT, true],
    ['is not kept above 1 MiB', MAX_KEPT + 1, false],
  ])('memory %s', (_, size, isKept) => {
    const buffer = bufferOf(size, size)
    const large = buffer.bytes
    buffer.take()
    buffer.recycle()
    expect(buffer.bytes === large).toBe(isKept)
    expect(buffer.bytes.length).toBe(isKept ? size : 64 * KB)
    const outgrown = bufferOf(size, size)
    const first = outgrown.bytes
    outgrown.take()
    outgrown.byte(1)
    outgrown.take()
    outgrown.recycle()
    outgrown.append(new Uint8Array(64 * KB))
    outgrown.byte(1)
    expect(outgrown.bytes === first).toBe(isKept)
  })

  it('replaces memory above 1 MiB by the memory that it grew out of', () => {
    const buffer = bufferOf(100 * KB, 100 * KB)
    const first = buffer.bytes
    buffer.take()
    buffer.append(new Uint8Array(MAX_KEPT))
    buffer.take()
    buffer.recycle()
    expect(buffer.bytes === first).toBe(true)
    // It is in use now, so the next one is new.
    buffer.append(new Uint8Array(100 * KB))
    buffer.byte(1)
    expect(buffer.bytes === first).toBe(false)
  })
})
