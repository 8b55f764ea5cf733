import { describe, expect, it } from 'vitest'
import { Intake } from '../../../src/fleet/remote/intake.js'
import { Outlet, type OutletOptions } from '../../../src/fleet/remote/outlet.js'
import { isSubject, LAST_PIECE, PIECE, readOpened, readOpening, writeOpening } from '../../../src/fleet/remote/wire.js'

const MiB = 1024 * 1024
const OPENING = {
  inbox: '_INBOX.a.b',
  id: 'rules',
  version: '1.0.0',
  maxFrameBytes: 1_024,
  maxMessageItems: 100,
  maxHostRequests: 1,
  maxHostRequestBytes: 1,
  callTimeout: 0,
  silence: 0,
}

/** Frames of these lengths, each with its length before it. */
function frames(...lengths: readonly number[]): Buffer {
  return Buffer.concat(
    lengths.map((length, n) => {
      const frame = Buffer.alloc(4 + length, n + 1)
      frame.writeUInt32BE(length, 0)
      return frame
    }),
  )
}

function outlet(options: Partial<OutletOptions> = {}) {
  const published: Uint8Array[] = []
  const told: string[] = []
  const made = new Outlet({
    maxPayload: () => 8 * MiB,
    maxBufferedBytes: 16 * MiB,
    publish: message => published.push(message),
    failed: error => told.push(error.message),
    drained: () => told.push('drained'),
    ...options,
  })
  return { outlet: made, published, told }
}

function intake(maxBytes = 64 * MiB) {
  const read: number[] = []
  const granted: number[] = []
  const told: string[] = []
  const made = new Intake({
    maxBytes,
    frame: (_, start, end) => read.push(end - start),
    grant: bytes => granted.push(bytes),
    dropped: error => told.push(`dropped: ${error.message}`),
    failed: error => told.push(`failed: ${error.message}`),
  })
  return { intake: made, read, granted, told }
}

describe('What is sent', () => {
  it('waits after 4 MiB until the other end has read it, and goes out in order', () => {
    const { outlet: out, published, told } = outlet()
    for (let n = 1; n <= 6; n++) out.send(frames(MiB + n))
    expect(published.map(({ length }) => length - MiB - 4)).toEqual([1, 2, 3, 4])
    expect(out.isBehind).toBe(true)
    out.confirm(MiB)
    expect(published).toHaveLength(5)
    expect(told).toEqual([])
    out.confirm(3 * MiB)
    expect(published.map(({ length }) => length - MiB - 4)).toEqual([1, 2, 3, 4, 5, 6])
    expect([out.isBehind, told]).toEqual([false, ['drained']])
  })

  it('ends the session when more than maxBufferedBytes wait', () => {
    const { outlet: out, told } = outlet({ maxBufferedBytes: MiB })
    for (let n = 0; n < 6; n++) out.send(frames(MiB))
    expect(told[0]).toMatch(/^The other side does not read: more than 1048576 bytes/)
  })

  it('is not sent sooner by credit that nobody owes', () => {
    const { outlet: out, published } = outlet()
    out.confirm(100 * MiB)
    for (let n = 0; n < 6; n++) out.send(frames(MiB))
    expect(published).toHaveLength(4)
  })

  it('is in pieces if it is longer than a message, which the other end puts together', () => {
    const { outlet: out, published } = outlet({ maxPayload: () => 2_048 })
    const { intake: into, read, told } = intake()
    out.send(frames(10))
    out.send(frames(5_000, 20))
    out.send(frames(30))
    expect(published.map(message => message[0])).toEqual([0, PIECE, PIECE, PIECE, PIECE, LAST_PIECE, 0])
    expect(published.filter(({ length }) => length > 2_048)).toEqual([])
    for (const message of published) into.receive(Buffer.from(message))
    expect({ read, told }).toEqual({ read: [10, 5_000, 20, 30], told: [] })
  })
})

describe('What is received', () => {
  it('is granted again every 512 KiB', () => {
    const { intake: into, granted } = intake()
    for (let n = 0; n < 5; n++) into.receive(frames(200 * 1024))
    expect(granted).toEqual([3 * (200 * 1024 + 4)])
  })

  it.each([
    ['no frame', Buffer.of(0, 0, 0)],
    ['a frame without bytes', Buffer.alloc(8)],
    ['half a frame', frames(100).subarray(0, 50)],
    ['a piece without bytes', Buffer.of(PIECE, 0, 0, 0, 1)],
    ['a piece that was there', Buffer.of(LAST_PIECE, 0, 0, 0, 0, 1)],
  ])('is dropped if it is %s, and the rest is read', (_, garbage) => {
    const { intake: into, read, told } = intake()
    into.receive(garbage)
    into.receive(frames(7))
    expect({ read, told }).toEqual({ read: [7], told: [expect.stringMatching(/^dropped: /)] })
  })

  it('ends the session if a piece is missing, or the pieces are too many', () => {
    const missing = intake()
    missing.intake.receive(Buffer.of(PIECE, 0, 0, 0, 1, 1))
    missing.intake.receive(Buffer.of(PIECE, 0, 0, 0, 3, 1))
    expect(missing.told).toEqual(['failed: a piece of a long message is missing.'])
    const many = intake(3)
    for (let n = 1; n <= 2; n++) many.intake.receive(Buffer.of(PIECE, 0, 0, 0, n, 1, 1))
    expect(many.told).toEqual(['failed: a message is longer than 3 bytes (maxFrameBytes).'])
  })
})

describe('The opening of a session', () => {
  it('is read as it was written', () => {
    expect(readOpening(writeOpening(OPENING))).toEqual({ cutover: 1, ...OPENING })
  })

  it.each([
    ['no JSON', 'x'],
    ['nothing', 'null'],
    ['another format', JSON.stringify({ ...OPENING, cutover: 2 })],
    ['an inbox with a wildcard', writeOpening({ ...OPENING, inbox: 'a.*' })],
    ['an inbox with a line break', writeOpening({ ...OPENING, inbox: 'a\r\nPUB b 0' })],
    ['a limit below 0', writeOpening({ ...OPENING, silence: -1 })],
    ['a limit that is no number', writeOpening({ ...OPENING, maxFrameBytes: 'many' as never })],
    ['no id', writeOpening({ ...OPENING, id: undefined as never })],
  ])('is refused if it is %s', (_, text) => {
    expect(() => readOpening(text)).toThrow(Error)
  })

  it('is answered with an inbox, or a reason', () => {
    expect(readOpened('{"inbox":"a.b"}')).toEqual({ inbox: 'a.b' })
    expect(readOpened('{"refused":"full"}')).toEqual({ refused: 'full' })
    for (const text of ['{}', 'null', '{"inbox":"a.>"}']) expect(() => readOpened(text)).toThrow(/names no inbox/)
  })

  it.each(['a', 'a.b', '$a.B-1_', 'ключ'])('can go to %s', text => expect(isSubject(text)).toBe(true))
  it.each(['', '.', 'a.', '.a', 'a..b', 'a b', 'a.*', '>', 'a\n', 'x'.repeat(256), 7])('cannot go to %j', text =>
    expect(isSubject(text)).toBe(false),
  )
})
