import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { FrameDecoder } from '../../src/protocol/transports/frames.js'
import { framed } from '../fixtures/framed.js'
import { seed } from './seed.js'

const header = (length: number) => {
  const bytes = Buffer.alloc(4)
  bytes.writeUInt32BE(length)
  return bytes
}

function collect(decoder: FrameDecoder, chunks: readonly Buffer[]): Buffer[] {
  const frames: Buffer[] = []
  for (const chunk of chunks) {
    decoder.push(chunk, (bytes, start, end) => frames.push(Buffer.from(bytes.subarray(start, end))))
  }
  return frames
}

describe('Frames', () => {
  it('Frames arrive whole and in order, however the stream is split into chunks', () => {
    const payloads = fc.array(fc.uint8Array({ minLength: 1, maxLength: 40 }), { maxLength: 20 })
    fc.assert(
      fc.property(payloads, fc.array(fc.integer({ min: 1, max: 30 }), { minLength: 1 }), (payloads, cuts) => {
        const stream = Buffer.concat(payloads.map(framed))
        const chunks: Buffer[] = []
        for (let at = 0, i = 0; at < stream.length; i++) {
          const size = cuts[i % cuts.length] ?? 1
          chunks.push(stream.subarray(at, at + size))
          at += size
        }
        const decoder = new FrameDecoder()
        expect(collect(decoder, chunks).map(frame => [...frame])).toEqual(payloads.map(payload => [...payload]))
        decoder.end()
      }),
      { seed, numRuns: 2_000 },
    )
  })

  it('A frame that lies in one chunk is not copied', () => {
    const chunk = Buffer.concat([framed(Buffer.from('a')), framed(Buffer.from('bc'))])
    const seen: unknown[] = []
    new FrameDecoder().push(chunk, (bytes, start, end) => seen.push([bytes === chunk, start, end]))
    expect(seen).toEqual([
      [true, 4, 5],
      [true, 9, 11],
    ])
  })

  it.each([
    ['0', 0, /the length 0/],
    ['above maxFrameBytes', 101, /101 bytes is larger than maxFrameBytes, 100/],
    ['of 4 GiB', 2 ** 32 - 1, /larger than maxFrameBytes/],
  ])('A frame of length %s is refused as soon as its header arrives', (_, length, why) => {
    expect(() => collect(new FrameDecoder(100), [header(length)])).toThrow(why)
    const bytes = [...header(length)].map(byte => Buffer.from([byte]))
    expect(() => collect(new FrameDecoder(100), bytes)).toThrow(why)
  })

  it('A frame of maxFrameBytes is accepted', () => {
    expect(collect(new FrameDecoder(100), [framed(Buffer.alloc(100, 1))])).toEqual([Buffer.alloc(100, 1)])
  })

  it.each([1, 3, 4, 5, 9])('A stream that ends %i bytes into a frame is an error', count => {
    const decoder = new FrameDecoder()
    collect(decoder, [framed(Buffer.alloc(10, 1)), framed(Buffer.alloc(10, 1)).subarray(0, count)])
    expect(() => decoder.end()).toThrow(`after ${count} bytes`)
  })

  it('A frame of 16 MiB in chunks of 1 KiB takes time and memory in proportion', () => {
    const decoder = new FrameDecoder()
    const piece = Buffer.alloc(1024, 7)
    const before = process.memoryUsage().arrayBuffers
    expect(collect(decoder, [header(16 * 1024 * 1024)])).toEqual([])
    expect(process.memoryUsage().arrayBuffers - before).toBeLessThan(1024 * 1024)
    const frames: Buffer[] = []
    for (let i = 0; i < 16 * 1024; i++) frames.push(...collect(decoder, [piece]))
    expect(frames.map(frame => frame.length)).toEqual([16 * 1024 * 1024])
  })
})
