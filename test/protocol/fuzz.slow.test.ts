import { once } from 'node:events'
import { getHeapStatistics, setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'
import fc from 'fast-check'
import { expect, it } from 'vitest'
import { Connection } from '../../src/protocol/connection.js'
import { FrameDecoder } from '../../src/protocol/transports/frames.js'
import { MessageReader } from '../../src/protocol/transports/messageReader.js'
import { MessageWriter } from '../../src/protocol/transports/messageWriter.js'
import {
  REQUEST,
  RESPONSE,
  type TransportObserver,
  UnreadablePayload,
} from '../../src/protocol/transports/transport.js'
import { HostileFrames } from '../fixtures/hostileFrames.js'
import { randomFrom } from '../fixtures/randomFrom.js'
import { connectionOn, logTo, socketPair } from './pair.js'
import { seed } from './seed.js'

/** `FRAMES=100000` for the long form. */
const FRAMES = Number(process.env['FRAMES'] ?? 20_000)
const COUNT = FRAMES.toLocaleString('en-US')
/** The frames of one value of fast-check. */
const AT_ONCE = 10

const KINDS = ['RuntimeCallResponse', 'HostCallRequest', 'HostCancelRequest', 'Error', 'Empty', 'Made up']
const message = fc.record({
  id: fc.nat(50),
  type: fc.constantFrom(REQUEST, RESPONSE),
  kind: fc.constantFrom(...KINDS),
  payload: fc.oneof(
    fc.object({ maxDepth: 2, maxKeys: 4, withBigInt: false }),
    fc.nat(),
    fc.constant({ id: 3 }),
    fc.string(),
  ),
})
/** A change to the bytes of a frame or its header. */
const mutation = fc.record({
  how: fc.constantFrom('set', 'flip', 'cut', 'insert', 'repeat', 'none'),
  where: fc.nat(400),
  byte: fc.integer({ min: 0, max: 255 }),
})
type Mutation = typeof mutation extends fc.Arbitrary<infer T> ? T : never

function mutate(frame: Buffer, { how, where, byte }: Mutation): Buffer {
  const at = where % frame.length
  const [head, tail] = [frame.subarray(0, at), frame.subarray(at)]
  if (how === 'set') frame[at] = byte
  else if (how === 'flip') frame[at] = (frame[at] ?? 0) ^ (1 << (byte & 7))
  else if (how === 'cut') return Buffer.concat([head, tail.subarray(1 + (byte & 15))])
  else if (how === 'insert') return Buffer.concat([head, Buffer.from([byte]), tail])
  else if (how === 'repeat') return Buffer.concat([head, tail, tail])
  return frame
}

/** Shared, because the buffers of many writers would dominate the measurement. */
const shared = new MessageWriter()
const writer = () => shared

/** Collects garbage, and returns the memory in use. */
function memory(): number {
  setFlagsFromString('--expose-gc')
  const collect: () => void = runInNewContext('gc')
  collect()
  collect()
  const { heapUsed, arrayBuffers } = process.memoryUsage()
  return heapUsed + arrayBuffers
}

/** A host on a transport in memory, with some calls in flight. */
function hostInMemory() {
  let observer: TransportObserver | undefined
  const connection = new Connection({
    role: 'host',
    logger: logTo([]),
    answerCall: payload => (typeof payload === 'string' ? Promise.reject(new Error(payload)) : payload),
    answer: kind => {
      throw new Error(`not supported: ${kind}`)
    },
    closed: () => {},
    open: heard => {
      observer = heard
      const out = writer()
      const send = (...args: Parameters<MessageWriter['add']>) => {
        out.add(...args)
        out.take()
      }
      return { isCongested: false, send, close: () => {} }
    },
  })
  connection.open()
  connection.initialized()
  const calls = Array.from({ length: 5 }, (_, i) => connection.call(i).catch(() => {}))
  return { connection, calls, hear: (...args: Parameters<TransportObserver['message']>) => observer?.message(...args) }
}

it(`${COUNT} mutated frames neither break the decoder or a connection nor leak memory`, async () => {
  const calls: Promise<unknown>[] = []
  const outcomes = { taken: 0, refused: 0 }
  const reader = new MessageReader()
  const round = async (seed: number) => {
    fc.assert(
      fc.property(
        fc.array(message, { minLength: AT_ONCE, maxLength: AT_ONCE }),
        fc.array(mutation, { minLength: AT_ONCE, maxLength: AT_ONCE }),
        (messages, mutations) => {
          const host = hostInMemory()
          messages.forEach(({ id, type, kind, payload }, i) => {
            const out = writer()
            out.add(id, type, kind, payload)
            const bytes = mutate(Buffer.from(out.take()), mutations[i] as Mutation)
            const decoder = new FrameDecoder(4096)
            try {
              decoder.push(bytes, (frame, start, end) => {
                const { id, type, kind, payload } = reader.read(frame, start, end)
                outcomes.taken++
                host.hear(id, type, kind, payload)
              })
              decoder.end()
            } catch (error) {
              if (!(error instanceof Error)) throw error
              outcomes.refused++
            }
          })
          host.connection.close(new Error('over'))
          calls.push(...host.calls)
        },
      ),
      { seed, numRuns: FRAMES / 4 / AT_ONCE },
    )
    await Promise.all(calls.splice(0))
    await new Promise(setImmediate)
    return memory()
  }
  const sizes: number[] = []
  for (let i = 0; i < 4; i++) sizes.push(await round(seed + i))
  console.info(`memory in use after each quarter, in MB: ${sizes.map(size => (size / 1e6).toFixed(1)).join(', ')}`)
  const grown = (sizes[3] ?? 0) - (sizes[1] ?? 0)
  expect(outcomes.taken).toBeGreaterThan(FRAMES / 10)
  expect(outcomes.refused).toBeGreaterThan(FRAMES / 10)
  // 320 bytes for each frame of the second half.
  expect(grown).toBeLessThan((FRAMES / 2) * 320)
  console.info(`fuzz: ${outcomes.taken} messages taken, ${outcomes.refused} streams refused`)
}, 180_000)

it(`${COUNT} hostile frames at and beyond the limits take at most 200 MB of heap`, async () => {
  const frames = new HostileFrames(randomFrom(seed), { fatal: 0.02, large: 0.001 })
  const outcomes = { messages: 0, unreadable: 0, fatal: 0 }
  const calls: Promise<unknown>[] = []
  let [host, reader, decoder] = [hostInMemory(), new MessageReader(), new FrameDecoder()]
  let peak = 0
  const take = (bytes: Buffer, start: number, end: number) => {
    const { id, type, kind, payload } = reader.read(bytes, start, end)
    outcomes.messages++
    if (payload instanceof UnreadablePayload) outcomes.unreadable++
    host.hear(id, type, kind, payload, reader.size)
  }
  for (let count = 1; count <= FRAMES; count++) {
    const { bytes, isFatal } = frames.next()
    let error: unknown
    try {
      decoder.push(bytes, take)
    } catch (thrown) {
      error = thrown
    }
    peak = Math.max(peak, getHeapStatistics().used_heap_size)
    if (isFatal !== (error !== undefined))
      expect.fail(`frame ${count} is ${isFatal ? '' : 'not '}fatal: ${String(error)}`)
    if (isFatal) {
      outcomes.fatal++
      host.connection.close(new Error('over'))
      calls.push(...host.calls)
      ;[host, reader, decoder] = [hostInMemory(), new MessageReader(), new FrameDecoder()]
    }
    if (count % 1_000 === 0) {
      await Promise.all(calls.splice(0))
      await new Promise(setImmediate)
    }
  }
  host.connection.close(new Error('over'))
  expect(peak).toBeLessThan(200 * 1024 * 1024)
  expect(outcomes.unreadable).toBeGreaterThan(FRAMES / 100)
  console.info(`hostile frames: ${JSON.stringify(outcomes)}, at most ${Math.round(peak / 1e6)} MB of heap`)
}, 180_000)

it('All calls settle on sockets that carry mutated frames', async () => {
  for (let round = 0; round < 100; round++) {
    const [near, far] = await socketPair()
    const host = connectionOn(near, 'host')
    host.open()
    host.initialized()
    const calls = Array.from({ length: 5 }, (_, i) =>
      host.call(i).then(
        () => 'settled',
        () => 'settled',
      ),
    )
    const frames = fc.sample(fc.tuple(message, mutation), { numRuns: 10, seed: seed + round })
    for (const [{ id, type, kind, payload }, change] of frames) {
      const out = writer()
      out.add(id, type, kind, payload)
      far.write(mutate(Buffer.from(out.take()), change))
    }
    far.on('error', () => {})
    far.end()
    far.resume()
    if (!near.closed) await once(near, 'close').catch(() => {})
    expect(await Promise.all(calls)).toEqual(calls.map(() => 'settled'))
    expect(host.state).toBe('closed')
    far.destroy()
  }
}, 60_000)
