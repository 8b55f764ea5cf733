import { streamed } from 'cutover'
import { describe, expect, it, vi } from 'vitest'
import { ConnectionStreams } from '../../src/protocol/streams/connectionStreams.js'
import { CREDIT_BYTES, CREDIT_CHUNKS, CreditExceededError, parseCredit } from '../../src/protocol/streams/credit.js'
import { Inbox } from '../../src/protocol/streams/inbox.js'
import { Outbox } from '../../src/protocol/streams/outbox.js'
import { ONE_WAY, type Transport, UnreadablePayload } from '../../src/protocol/transports/transport.js'
import { type Flow, flowOf } from '../../src/streams/index.js'
import { rejectionOf, stateOf } from '../fixtures/hosting.js'
import { turns } from '../fixtures/turns.js'

const reason = new Error('enough')

describe('a credit', () => {
  it.each([
    [0, 0],
    [1, 0],
    [0, 1],
    [4_294_967_295, 4_294_967_295],
  ])('may be of %i bytes and %i chunks', (bytes, chunks) => {
    expect(parseCredit({ bytes, chunks, more: true })).toEqual({ bytes, chunks })
  })

  it.each([-1, 1.5, 4_294_967_296, Number.NaN, Number.POSITIVE_INFINITY, '1', 1n, null, undefined])(
    'may be of %s neither in bytes nor in chunks',
    wrong => {
      const message = 'The bytes and chunks of a StreamCredit must be whole numbers from 0 to 4,294,967,295.'
      const error = expect.objectContaining({ name: 'TypeError', message })
      expect(() => parseCredit({ bytes: wrong, chunks: 1 })).toThrow(error)
      expect(() => parseCredit({ bytes: 1, chunks: wrong })).toThrow(error)
    },
  )

  it('that is exceeded names the stream', () => {
    const { name, message } = new CreditExceededError(7)
    expect([name, message]).toEqual([
      'CreditExceededError',
      'Stream 7 got a chunk beyond its credit. Wait for StreamCredit.',
    ])
  })
})

function inbox() {
  const grant = vi.fn()
  const cancel = vi.fn()
  const box = new Inbox({ grant, cancel })
  const read = async (count: number) => {
    const chunks: unknown[] = []
    while (chunks.length < count) chunks.push((await box.next()).value)
    return chunks
  }
  const push = (count: number, cost = 1) => Array.from({ length: count }, (_, i) => box.push(i, cost)).every(Boolean)
  return { box, grant, cancel, read, push }
}

describe('the chunks that have arrived', () => {
  it('may be as many as the credit says, and no more', () => {
    const { box, push } = inbox()
    expect([push(CREDIT_CHUNKS), box.push('more', 1)]).toEqual([true, false])
  })

  it('may have as many bytes, and the last one more', () => {
    const [exact, over] = [inbox(), inbox()]
    expect([exact.push(4, CREDIT_BYTES / 4), exact.box.push('more', 1)]).toEqual([true, false])
    expect([over.box.push('a', 1), over.box.push('b', CREDIT_BYTES), over.box.push('c', 0)]).toEqual([
      true,
      true,
      false,
    ])
  })

  it('are read in order, and a reader waits for those to come', async () => {
    const { box, read, push } = inbox()
    push(3)
    expect([box.hasChunks, box.take(), await read(2), box.hasChunks]).toEqual([true, 0, [1, 2], false])
    const next = box.next()
    expect(await stateOf(next)).toBe('pending')
    box.push('late', 1)
    expect(await next).toEqual({ done: false, value: 'late' })
  })

  it.each([
    ['chunks', 1, CREDIT_CHUNKS / 2],
    ['bytes', CREDIT_BYTES / 4, 2],
  ])('give credit again when half of the %s was read', async (_, cost, half) => {
    const { grant, read, push } = inbox()
    push(half, cost)
    await read(half - 1)
    expect(grant).not.toHaveBeenCalled()
    await read(1)
    expect(grant).toHaveBeenCalledOnce()
  })

  it('give twice the credit to a reader that keeps up, up to 256 chunks and 1 MiB', async () => {
    const { grant, read, push } = inbox()
    const granted = { bytes: CREDIT_BYTES, chunks: CREDIT_CHUNKS }
    const sent = { bytes: 0, chunks: 0 }
    for (let i = 0; i < 10_000; i++) {
      expect(push(1, 8)).toBe(true)
      await read(1)
      sent.bytes += 8
      sent.chunks++
    }
    for (const [{ bytes, chunks }] of grant.mock.calls) {
      granted.bytes += bytes
      granted.chunks += chunks
    }
    const left = { bytes: granted.bytes - sent.bytes, chunks: granted.chunks - sent.chunks }
    expect(left.chunks).toBeGreaterThan(128)
    expect(left.chunks).toBeLessThanOrEqual(256)
    expect(left.bytes).toBeGreaterThan(1024 * 1024 - 8 * 256)
    expect(left.bytes).toBeLessThanOrEqual(1024 * 1024)
    expect(grant.mock.calls[0]).toEqual([{ bytes: 64 + CREDIT_BYTES, chunks: 8 + CREDIT_CHUNKS }])
  })

  it('give a reader that falls behind what it has read', async () => {
    const { grant, read, push } = inbox()
    push(9)
    await read(8)
    expect(grant.mock.calls).toEqual([[{ bytes: 8, chunks: 8 }]])
    // It has kept up since.
    push(7)
    await read(8)
    expect(grant.mock.calls[1]).toEqual([{ bytes: 8 + CREDIT_BYTES, chunks: 8 + CREDIT_CHUNKS }])
  })

  it('are read after the end, which gives no more credit', async () => {
    const { box, grant, cancel, read, push } = inbox()
    push(CREDIT_CHUNKS)
    box.end({})
    box.end({ error: { reason } })
    expect(await read(CREDIT_CHUNKS)).toHaveLength(CREDIT_CHUNKS)
    expect(await box.next()).toEqual({ done: true, value: undefined })
    box.stop(reason)
    expect([grant.mock.calls, cancel.mock.calls]).toEqual([[], []])
  })

  it('end a reader that waits, with the end or the error', async () => {
    for (const end of [{}, { error: { reason } }]) {
      const { box } = inbox()
      const next = box.next()
      box.end(end)
      if ('error' in end) expect(await rejectionOf(next)).toBe(reason)
      else expect(await next).toEqual({ done: true, value: undefined })
    }
  })

  it('are read before the reason of a stop, which cancels once', async () => {
    const { box, cancel, read, push } = inbox()
    push(1)
    box.stop(reason)
    box.stop(new Error('again'))
    expect(await read(1)).toEqual([0])
    expect(await rejectionOf(box.next())).toBe(reason)
    expect(cancel.mock.calls).toEqual([[reason]])
  })
})

const flow = (source: AsyncIterable<unknown>) => flowOf(streamed(source)) as Flow

async function* chunks(...all: unknown[]) {
  yield* all
}

function outbox(given: Flow, cost = 1) {
  const sent: unknown[] = []
  const channel = {
    maxChunkBytes: 65_536,
    isBehind: false,
    isCongested: () => channel.isBehind,
    send: vi.fn((chunk: unknown) => {
      sent.push(chunk)
      return cost
    }),
    end: vi.fn(),
    done: vi.fn(),
  }
  const box = new Outbox(given, channel)
  box.start()
  return { box, sent, channel }
}

describe('the chunks that are sent', () => {
  it('are as many as the credit says, until there is more', async () => {
    const { box, sent, channel } = outbox(flow(chunks(...Array.from({ length: 20 }, (_, i) => i))))
    await turns(3)
    expect(sent).toHaveLength(CREDIT_CHUNKS)
    box.grant({ bytes: 0, chunks: 1 })
    await turns(3)
    expect(sent).toHaveLength(CREDIT_CHUNKS + 1)
    box.grant({ bytes: 0, chunks: 10 })
    await turns(3)
    expect(sent).toEqual(Array.from({ length: 20 }, (_, i) => i))
    expect(channel.end.mock.calls).toEqual([[{ status: 'finished' }]])
    expect(channel.done).toHaveBeenCalledOnce()
  })

  it('have as many bytes, and the last one more', async () => {
    const { box, sent } = outbox(flow(chunks(1, 2, 3, 4)), CREDIT_BYTES / 2 + 1)
    await turns(3)
    expect(sent).toEqual([1, 2])
    box.grant({ bytes: 2, chunks: 0 })
    await turns(3)
    expect(sent).toEqual([1, 2])
    box.grant({ bytes: 1, chunks: 0 })
    await turns(3)
    expect(sent).toEqual([1, 2, 3])
  })

  it('wait while the other side does not keep up', async () => {
    const given = flow(chunks(1, 2))
    const { box, sent, channel } = outbox(given)
    channel.isBehind = true
    box.resume()
    await turns(3)
    const before = sent.length
    box.resume()
    await turns(3)
    expect([before, sent.length]).toEqual([1, 1])
    channel.isBehind = false
    box.resume()
    await turns(3)
    expect(sent).toEqual([1, 2])
  })

  it.each([
    [65_536, [65_536]],
    [65_537, [65_536, 1]],
    [200_000, [65_536, 65_536, 65_536, 3_392]],
    [0, [0]],
  ])('of %i bytes are split after 64 KiB', async (length, sizes) => {
    const bytes = Uint8Array.from({ length }, (_, i) => i % 251)
    const { sent } = outbox(flow(chunks(bytes, 'text')))
    await turns(3)
    expect(sent.at(-1)).toBe('text')
    const pieces = sent.slice(0, -1) as Uint8Array[]
    expect(pieces.map(piece => piece.length)).toEqual(sizes)
    expect(Buffer.concat(pieces).equals(bytes)).toBe(true)
  })

  it('end with the error of their source', async () => {
    async function* failing() {
      yield 1
      throw reason
    }
    const { sent, channel } = outbox(flow(failing()))
    await turns(3)
    expect([sent, channel.end.mock.calls]).toEqual([[1], [[{ status: 'failed', reason }]]])
  })

  it('end when one cannot be sent, or the transport says so later', async () => {
    for (const isLate of [false, true]) {
      const given = flow(chunks(1, 2))
      const { box, channel } = outbox(given)
      if (isLate) box.fail(reason)
      else
        channel.send.mockImplementation(() => {
          throw reason
        })
      await turns(3)
      expect([given.end, channel.end.mock.calls, channel.done.mock.calls]).toEqual([
        { status: 'failed', reason },
        [[{ status: 'failed', reason }]],
        [[]],
      ])
    }
  })

  it('end without a word when the other side cancels, and no more is read', async () => {
    let read = 0
    async function* endless() {
      for (;;) yield read++
    }
    const given = flow(endless())
    const { box, channel } = outbox(given)
    await turns(3)
    box.cancel(reason)
    const before = read
    box.grant({ bytes: 1_000, chunks: 1_000 })
    await turns(3)
    expect(read).toBe(before)
    expect(given.end).toEqual({ status: 'cancelled', reason })
    expect([channel.end.mock.calls, channel.done.mock.calls]).toEqual([[], [[]]])
  })
})

/** The streams of a connection on a transport that only notes what is sent. */
function connected(transport: Partial<Transport> = {}) {
  const sent: unknown[][] = []
  const failures: Error[] = []
  const streams = new ConnectionStreams({
    errors: { stack: false },
    notSendable: cause => new Error('not sendable', { cause }) as never,
    notReadable: cause => new Error('not readable', { cause }) as never,
    failed: error => void failures.push(error),
  })
  const noted: Transport = {
    isCongested: false,
    lastCost: 1,
    send: (id, type, kind, payload) => {
      expect(type).toBe(ONE_WAY)
      sent.push([id, kind, payload])
    },
    close: () => {},
    ...transport,
  }
  streams.use(noted)
  streams.isOn = true
  return { streams, sent, failures, noted }
}

const bodyOf = (given: object) => given as ReadableStream<unknown>

describe('the streams of a connection', () => {
  it('must be agreed on', () => {
    const { streams, failures } = connected()
    streams.isOn = false
    streams.message(1, 'StreamChunk', 'a', 1)
    expect(failures).toMatchObject([{ message: 'Got "StreamChunk", but streams were not agreed on.' }])
    expect(new ConnectionStreams({} as never).isOn).toBe(false)
  })

  it('have messages of five kinds', () => {
    const { streams, failures } = connected()
    streams.message(1, 'StreamPause', {}, 1)
    expect(failures).toMatchObject([{ message: 'Got the unknown one-way message "StreamPause".' }])
  })

  it('may have ended before their messages arrive', () => {
    const { streams, sent, failures } = connected()
    for (const kind of ['StreamChunk', 'StreamEnd', 'StreamError', 'StreamCredit', 'StreamCancel'])
      streams.message(1, kind, {}, 1)
    streams.sendFailed(1, reason)
    expect([sent, failures, streams.count]).toEqual([[], [], 0])
  })

  it('are counted in both directions', () => {
    const { streams } = connected()
    streams.receive(1, undefined)
    streams.receive(2, undefined)
    streams.send(3, flow(chunks(1)))
    expect(streams.count).toBe(3)
  })

  it('end for their reader as they do for the other side', async () => {
    const { streams } = connected()
    const whole = streams.receive(1, undefined)
    streams.message(1, 'StreamChunk', 'a', 1)
    streams.message(1, 'StreamEnd', {}, 1)
    const reader = bodyOf(whole.given).getReader()
    expect([await reader.read(), await reader.read()]).toEqual([
      { done: false, value: 'a' },
      { done: true, value: undefined },
    ])
    expect(whole.end).toEqual({ status: 'finished' })

    const broken = streams.receive(2, undefined)
    streams.message(2, 'StreamError', { module: 'runtime', code: 1, message: 'no more' }, 1)
    expect(await rejectionOf(bodyOf(broken.given).getReader().read())).toMatchObject({ message: 'no more' })
    expect(broken.end).toMatchObject({ status: 'failed', reason: { message: 'no more' } })

    const unreadable = streams.receive(3, undefined)
    streams.message(3, 'StreamError', new UnreadablePayload(reason), 1)
    expect(unreadable.end).toEqual({ status: 'failed', reason })
    expect(streams.count).toBe(0)
  })

  it('fail by a chunk that cannot be read, and the other side is told to stop', async () => {
    const { streams, sent } = connected()
    const body = bodyOf(streams.receive(1, undefined).given)
    streams.message(1, 'StreamChunk', new UnreadablePayload(reason), 1)
    expect(await rejectionOf(body.getReader().read())).toMatchObject({ message: 'not readable', cause: reason })
    expect(sent).toMatchObject([[1, 'StreamCancel', { reason: { message: 'not readable' } }]])
  })

  it('fail by a chunk that cannot be sent, with the error of this side', async () => {
    let isFirst = true
    const sent: unknown[][] = []
    const { streams } = connected({
      send: (id, _, kind, payload) => {
        if (kind === 'StreamChunk' && isFirst) {
          isFirst = false
          throw reason
        }
        sent.push([id, kind, payload])
      },
    })
    const given = flow(chunks(() => {}, 2))
    streams.send(1, given)
    await turns(3)
    expect(given.end).toMatchObject({ status: 'failed', reason: { message: 'not sendable', cause: reason } })
    expect(sent).toMatchObject([[1, 'StreamError', { message: 'not sendable' }]])

    const late = flow(new ReadableStream())
    streams.send(2, late)
    streams.sendFailed(2, reason)
    expect(late.end).toMatchObject({ status: 'failed', reason: { message: 'not sendable', cause: reason } })
  })

  it('break the connection by a chunk beyond the credit, and by a credit that is none', () => {
    const { streams, failures } = connected()
    streams.receive(1, undefined)
    for (let i = 0; i <= CREDIT_CHUNKS; i++) streams.message(1, 'StreamChunk', i, 1)
    streams.send(2, flow(new ReadableStream()))
    streams.message(2, 'StreamCredit', { bytes: -1, chunks: 1 }, 1)
    expect(failures.map(({ name }) => name)).toEqual(['CreditExceededError', 'TypeError'])
  })

  it('charge bytes their length, and any other chunk what its message takes', async () => {
    const { streams, failures, sent } = connected({ lastCost: CREDIT_BYTES })
    streams.send(1, flow(chunks(new Uint8Array(10), 'a', 'b')))
    await turns(3)
    expect(sent.map(([, , chunk]) => chunk)).toEqual([new Uint8Array(10), 'a'])
    streams.receive(2, undefined)
    streams.message(2, 'StreamChunk', new Uint8Array(10), CREDIT_BYTES)
    streams.message(2, 'StreamChunk', 'a', CREDIT_BYTES)
    expect(failures).toEqual([])
    streams.message(2, 'StreamChunk', 'b', 1)
    expect(failures).toHaveLength(1)
  })

  it.each([
    ['far behind', { isBehind: true, isCongested: false }, 0],
    ['not far behind', { isBehind: false, isCongested: true }, 1],
    ['congested', { isCongested: true }, 0],
    ['quick', { isCongested: false }, 1],
  ])('wait for a transport that is %s, until it is drained', async (_, state, count) => {
    const transport = { ...state }
    const { streams, sent, noted } = connected(transport)
    streams.send(1, flow(chunks('a')))
    await turns(3)
    expect(sent.filter(([, kind]) => kind === 'StreamChunk')).toHaveLength(count)
    Object.assign(noted, { isCongested: false }, 'isBehind' in state ? { isBehind: false } : {})
    streams.resume()
    await turns(3)
    expect(sent.map(([, kind]) => kind)).toEqual(['StreamChunk', 'StreamEnd'])
  })

  it('end with the reason of the other side that cancels them', () => {
    const { streams } = connected()
    const [why, without, odd] = [flow(new ReadableStream()), flow(new ReadableStream()), flow(new ReadableStream())]
    streams.send(1, why)
    streams.send(2, without)
    streams.send(3, odd)
    streams.message(1, 'StreamCancel', { reason: { name: 'Error', message: 'enough', stack: 'there' } }, 1)
    streams.message(2, 'StreamCancel', {}, 1)
    streams.message(3, 'StreamCancel', { reason: null }, 1)
    expect(why.end).toMatchObject({ status: 'cancelled', reason: { message: 'enough', guestStack: 'there' } })
    expect([without.end, odd.end]).toEqual([
      { status: 'cancelled', reason: undefined },
      { status: 'cancelled', reason: undefined },
    ])
  })

  it('tell the other side why they are cancelled, or only that', async () => {
    const { streams, sent } = connected()
    streams.receive(1, undefined).stop('cancelled', reason)
    expect([sent, streams.count]).toMatchObject([[[1, 'StreamCancel', { reason: { message: 'enough' } }]], 0])
    expect(JSON.stringify(sent)).not.toContain('stack')

    const plain: unknown[] = []
    const strict = connected({
      send: (_id, _type, kind, payload) => {
        if (Object.keys(payload as object).length > 0) throw new Error('The reason cannot be sent.')
        plain.push(kind)
      },
    })
    strict.streams.refuse(1, reason)
    await turns(1)
    expect(plain).toEqual(['StreamCancel'])
  })

  it('fail when the connection closes, and say nothing more', async () => {
    const { streams, sent } = connected()
    const received = streams.receive(1, undefined)
    const given = flow(new ReadableStream())
    streams.send(2, given)
    streams.use(null)
    streams.end(reason)
    expect([received.end, given.end]).toEqual([
      { status: 'failed', reason },
      { status: 'failed', reason },
    ])
    expect([sent, streams.count]).toEqual([[], 0])
  })
})
