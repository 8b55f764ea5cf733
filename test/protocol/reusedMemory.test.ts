import type { Socket } from 'node:net'
import { Duplex } from 'node:stream'
import { describe, expect, it } from 'vitest'
import { ValueWriter } from '../../src/protocol/cbor/valueWriter.js'
import { FrameDecoder } from '../../src/protocol/transports/frames.js'
import { MessageReader } from '../../src/protocol/transports/messageReader.js'
import { MessageWriter } from '../../src/protocol/transports/messageWriter.js'
import { openSocket } from '../../src/protocol/transports/socketTransport.js'
import type { Transport, TransportObserver } from '../../src/protocol/transports/transport.js'
import { turns } from '../fixtures/turns.js'
import { socketPair } from './pair.js'

const silent: TransportObserver = { message: () => {}, drained: () => {}, ended: () => {} }

/** Bytes that differ from one place to the next and from one `seed` to the next. */
const bytesOf = (seed: number, length: number) => Uint8Array.from({ length }, (_, at) => seed * 31 + at + (at >>> 8))

/** Two streams that pass written chunks to each other without a copy. */
function memoryPair(): [Duplex, Duplex] {
  const ends: Duplex[] = []
  const end = (other: number) =>
    new Duplex({
      read() {},
      write(chunk, _, done) {
        ends[other]?.push(chunk)
        done()
      },
      final(done) {
        ends[other]?.push(null)
        done()
      },
    })
  ends.push(end(1), end(0))
  return ends as [Duplex, Duplex]
}

/** Sends each payload in a turn of its own; the reader stops after each message, and reads on some turns later. */
async function carried(near: Socket, far: Socket, payloads: readonly Uint8Array[]): Promise<unknown[]> {
  const arrived: unknown[] = []
  const sender = openSocket(near)(silent)
  let reader: Transport | undefined
  const done = new Promise<void>((resolve, reject) => {
    reader = openSocket(far)({
      ...silent,
      message(_id, _type, _kind, payload) {
        if (arrived.push(payload) === payloads.length) resolve()
        far.pause()
        setImmediate(() => setImmediate(() => far.resume()))
      },
      ended: error => reject(error ?? new Error('It ended early.')),
    })
  })
  far.pause()
  for (const [id, payload] of payloads.entries()) {
    sender.send(id, 1, 'Request', payload)
    await turns(1)
  }
  far.resume()
  await done
  sender.close()
  reader?.close()
  return arrived
}

const same = (arrived: readonly unknown[], sent: readonly Uint8Array[]) =>
  sent.map((payload, at) => Buffer.compare(payload, arrived[at] as Uint8Array) === 0)

describe('Reused memory', () => {
  it.each([
    ['3 kB', [3_000], 100],
    ['60 kB', [60_000], 60],
    ['300 kB', [300_000], 30],
    ['3 kB to 2 MB', [3_000, 2_000_000, 300_000, 60_000], 24],
  ])('A slow reader gets messages of %s unchanged', async (_, sizes, count) => {
    const payloads = Array.from({ length: count }, (_, seed) => bytesOf(seed, (sizes[seed % sizes.length] ?? 0) + seed))
    const [near, far] = await socketPair()
    const arrived = await carried(near, far, payloads)
    expect(same(arrived, payloads)).toEqual(payloads.map(() => true))
  })

  it('A stream in memory gets no reused buffers', async () => {
    const payloads = Array.from({ length: 20 }, (_, seed) => bytesOf(seed, 1_000))
    const [near, far] = memoryPair() as unknown as [Socket, Socket]
    const arrived = await carried(near, far, payloads)
    expect(same(arrived, payloads)).toEqual(payloads.map(() => true))
  })

  it.each([
    ['a Map', (bytes: Uint8Array) => new Map([[1, bytes]]), (value: unknown) => (value as Map<number, unknown>).get(1)],
    ['a key that is not ASCII', (bytes: Uint8Array) => ({ é: bytes }), (value: unknown) => (value as { é: unknown }).é],
    ['a plain key', (bytes: Uint8Array) => ({ e: bytes }), (value: unknown) => (value as { e: unknown }).e],
  ])('The buffer for partial frames is not shared with bytes under %s', (_, wrap, unwrap) => {
    const writer = new MessageWriter()
    const [decoder, reader] = [new FrameDecoder(), new MessageReader()]
    const arrived: unknown[] = []
    const payloads = [1, 2, 3].map(seed => bytesOf(seed, 2_000))
    for (const payload of payloads) {
      writer.add(1, 1, 'Request', wrap(payload))
      const frame = writer.take()
      for (const chunk of [frame.subarray(0, 700), frame.subarray(700)]) {
        decoder.push(chunk, (bytes, start, end) => arrived.push(unwrap(reader.read(bytes, start, end).payload)))
      }
    }
    expect(same(arrived, payloads)).toEqual([true, true, true])
  })

  it('A large message grows the buffer once', () => {
    const writer = new MessageWriter()
    writer.add(1, 1, 'Request', new Uint8Array(3_000_000))
    const frame = writer.take()
    expect(frame.buffer.byteLength).toBeLessThan(frame.length + 1_000)
  })

  it('Buffers above 1 MiB are not kept', () => {
    const writer = new ValueWriter()
    const sizes = [3_000_000, 10, 2_000_000, 500_000, 4_000_000].map(size => {
      writer.value(new Uint8Array(size))
      writer.take()
      writer.recycle()
      return writer.bytes.length <= 1024 * 1024
    })
    expect(sizes).toEqual([true, true, true, true, true])
  })
})
