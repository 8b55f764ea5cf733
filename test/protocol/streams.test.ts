import { streamed } from 'cutover'
import { describe, expect, it } from 'vitest'
import { rejectionOf } from '../fixtures/hosting.js'
import { turns } from '../fixtures/turns.js'
import { type Changes, connectedPair } from './pair.js'

const STREAMS = { cutover_streams: true }

/** Two connected sides that take streams. The guest answers with the streams that the test makes. */
async function streamingPair(answerCall: Changes['answerCall'] = payload => payload) {
  const pair = await connectedPair({}, { answerCall: answerCall as never })
  for (const side of [pair.host, pair.guest]) side.initialized(STREAMS)
  return pair
}

/** A source that counts what was taken from it. */
function counted(size: number | undefined, count = 10_000) {
  const made = { chunks: 0, ended: false }
  async function* source() {
    try {
      while (made.chunks < count) {
        made.chunks++
        yield size === undefined ? made.chunks : new Uint8Array(size)
      }
    } finally {
      made.ended = true
    }
  }
  return { made, stream: () => streamed(source()) }
}

async function open(pair: { readonly host: { call(payload: unknown): Promise<unknown> } }) {
  return (await pair.host.call('open')) as ReadableStream<unknown>
}

describe('the credit of a stream', () => {
  it.each([
    ['16 chunks that are small', 64, 16],
    ['16 values', undefined, 16],
    ['256 KiB of larger ones', 65_536, 4],
  ])('lets a source run ahead by %s while nobody reads', async (_, size, most) => {
    const { made, stream } = counted(size)
    await using pair = await streamingPair(stream as never)
    const body = await open(pair)
    await turns(50)
    expect(made.chunks).toBe(most)
    await body.cancel()
    await turns(5)
    expect([made.ended, pair.host.streams, pair.guest.streams]).toEqual([true, 0, 0])
  })

  it('takes one large value at a time', async () => {
    const text = 'x'.repeat(1_000_000)
    let made = 0
    async function* source() {
      while (made < 10) {
        made++
        yield text
      }
    }
    await using pair = await streamingPair(() => streamed(source()) as never)
    const reader = (await open(pair)).getReader()
    await turns(50)
    expect(made).toBe(1)
    for (let i = 0; i < 10; i++) expect((await reader.read()).value).toBe(text)
    expect((await reader.read()).done).toBe(true)
  })

  it('grows while the reader keeps up, to 256 chunks, and no further', async () => {
    const { made, stream } = counted(64)
    await using pair = await streamingPair(stream as never)
    const reader = (await open(pair)).getReader()
    let read = 0
    for (; read < 2_000; read++) await reader.read()
    await turns(50)
    expect(made.chunks - read).toBeGreaterThan(16)
    expect(made.chunks - read).toBeLessThanOrEqual(256)
    await reader.cancel()
  })

  it('is one for each stream: a reader that does not read holds up no other', async () => {
    await using pair = await streamingPair((() => counted(65_536, 100).stream()) as never)
    const unread = await open(pair)
    let chunks = 0
    for await (const _ of await open(pair)) chunks++
    expect(chunks).toBe(100)
    await unread.cancel()
  })
})

describe('streams of a connection', () => {
  it('need the agreement of both sides', async () => {
    const { stream } = counted(1)
    await using pair = await connectedPair({}, { answerCall: stream as never })
    expect(await rejectionOf(pair.host.call('open'))).toMatchObject({ code: 'CUTOVER_INVALID_ANSWER' })
    expect(await rejectionOf(pair.host.call(stream()))).toMatchObject({
      code: 'CUTOVER_INVALID_REQUEST',
      message: expect.stringContaining('the other side does not take'),
    })
  })

  it('are read once', async () => {
    const request = counted(1, 3).stream()
    await using pair = await streamingPair(async payload => {
      for await (const _ of payload as ReadableStream<unknown>);
      return 'read'
    })
    expect(await pair.host.call(request)).toBe('read')
    expect(await rejectionOf(pair.host.call(request))).toMatchObject({ code: 'CUTOVER_INVALID_REQUEST' })
  })

  it('go from the host to the guest and back, and no other way', async () => {
    await using pair = await streamingPair()
    expect(await rejectionOf(pair.guest.call(counted(1).stream()))).toMatchObject({ code: 'CUTOVER_INVALID_REQUEST' })
  })

  it('fail when the connection closes, at both ends, and their sources end', async () => {
    const [answer, request] = [counted(64), counted(64)]
    await using pair = await streamingPair(answer.stream as never)
    const reader = ((await pair.host.call(request.stream())) as ReadableStream<unknown>).getReader()
    await reader.read()
    pair.host.close(new Error('closed by the test'))
    const read = async () => {
      for (let i = 0; i < 1_000; i++) await reader.read()
    }
    expect(await rejectionOf(read())).toMatchObject({ message: 'closed by the test' })
    await turns(20)
    expect([answer.made.ended, request.made.ended]).toEqual([true, true])
    expect([pair.host.streams, pair.guest.streams]).toEqual([0, 0])
  })

  it('end at the guest when their call was given up before it was answered', async () => {
    const { made, stream } = counted(64)
    let answer = () => {}
    const answered = new Promise<void>(resolve => {
      answer = resolve
    })
    await using pair = await streamingPair((async () => {
      await answered
      return stream()
    }) as never)
    const controller = new AbortController()
    const call = pair.host.call('open', { signal: controller.signal })
    await turns(5)
    controller.abort(new Error('given up'))
    expect(await rejectionOf(call)).toMatchObject({ message: 'given up' })
    answer()
    await turns(50)
    expect([made.chunks <= 16, pair.guest.streams, pair.host.inFlight]).toEqual([true, 0, 0])
  })
})

describe('a stream that is answered after the connection has closed', () => {
  it('is closed, and nothing waits for credit', async () => {
    const cancelled: unknown[] = []
    const source = new ReadableStream({ cancel: () => void cancelled.push('cancelled') }, { highWaterMark: 0 })
    let answer = () => {}
    const answered = new Promise<void>(resolve => {
      answer = resolve
    })
    await using pair = await streamingPair((async () => {
      await answered
      return streamed(source)
    }) as never)
    const call = pair.host.call('open')
    await turns(5)
    pair.host.close(new Error('closed by the test'))
    await rejectionOf(call)
    await turns(5)
    answer()
    await turns(5)
    expect([cancelled, pair.guest.streams]).toEqual([['cancelled'], 0])
  })
})

describe('a call to the host', () => {
  it('carries no stream, neither as its request nor as its answer, and ends what it refuses', async () => {
    const [request, answer] = [counted(64), counted(64)]
    await using pair = await connectedPair({ answerCall: () => answer.stream() as never })
    for (const side of [pair.host, pair.guest]) side.initialized(STREAMS)
    expect(await rejectionOf(pair.guest.call(request.stream()))).toMatchObject({
      code: 'CUTOVER_INVALID_REQUEST',
      message: /request is a stream, which the other side does not take/,
    })
    expect(await rejectionOf(pair.guest.call('answer'))).toMatchObject({
      code: 'CUTOVER_INVALID_ANSWER',
      message: /answer is a stream, which the other side does not take/,
    })
    await turns(5)
    expect([request.made.chunks, answer.made.chunks, pair.host.streams, pair.guest.streams]).toEqual([0, 0, 0, 0])
  })
})
