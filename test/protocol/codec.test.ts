import { isDeepStrictEqual } from 'node:util'
import { decode, encode } from 'cborg'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { MessageReader } from '../../src/protocol/transports/messageReader.js'
import { MessageWriter } from '../../src/protocol/transports/messageWriter.js'
import { readerOf, write } from './cborTools.js'
import { runs, seed } from './seed.js'

const STRICT = { strict: true, allowIndefinite: false, rejectDuplicateMapKeys: true }

const read = (bytes: Uint8Array, hasTags = true) => {
  const reader = readerOf(bytes, hasTags)
  const value = reader.value()
  if (reader.at !== bytes.length) throw new Error('There is more.')
  return value
}
/** As for a runtime of Oasis Core, whose CBOR has no tags, like that of the library. */
const writePlain = (value: unknown) => write(value, false)
const readPlain = (bytes: Uint8Array) => read(bytes, false)
const frame = (
  payload: unknown,
  kind = 'RuntimeCallRequest',
  id: number | bigint = 7,
  type: 1 | 2 = 1,
  hasTags = true,
) => {
  const writer = new MessageWriter(undefined, undefined, hasTags)
  writer.add(id, type, kind, payload)
  return writer.take()
}
const readMessage = (bytes: Uint8Array) => new MessageReader().read(Buffer.from(bytes), 0, bytes.length)
const outcome = (read: () => unknown) => {
  try {
    return { value: read() }
  } catch {
    return 'refused'
  }
}

/** Vitest takes a key `constructor` for a class, and its diffs of deep values do not end. */
const expectSame = (actual: unknown, expected: unknown) => {
  expect(isDeepStrictEqual(actual, expected)).toBe(true)
}

const text = fc.oneof(fc.string(), fc.string({ unit: 'binary' }), fc.string({ minLength: 20, maxLength: 300 }))
const key = fc.oneof(
  fc.string({ maxLength: 8 }),
  fc.string({ minLength: 20, maxLength: 80 }),
  fc.constantFrom('__proto__', 'constructor', '1', '10', 'é', 'ok', 'id'),
)
/** The library writes -0 as 0. */
const withoutSign = (value: number) => value + 0
const scalar = fc.oneof(
  fc.constantFrom(
    null,
    undefined,
    true,
    false,
    0.5,
    65504,
    65536.5,
    2 ** -14,
    2 ** -15,
    2 ** -24,
    Number.NaN,
    Infinity,
    -Infinity,
  ),
  fc.constantFrom(
    23,
    24,
    255,
    256,
    65535,
    65536,
    2 ** 32 - 1,
    2 ** 32,
    2 ** 53 - 1,
    2 ** 53,
    -24,
    -25,
    -(2 ** 53) + 1,
    -(2 ** 53),
  ),
  fc.integer(),
  fc.maxSafeInteger(),
  fc.bigInt({ min: -(2n ** 64n), max: 2n ** 64n - 1n }),
  fc.float().map(withoutSign),
  fc.double().map(withoutSign),
  text,
  fc.uint8Array({ maxLength: 300 }),
)
const { value: anything } = fc.letrec<{ value: unknown }>(tie => ({
  value: fc.oneof(
    { maxDepth: 5, depthSize: 'small' },
    scalar,
    fc.array(tie('value'), { maxLength: 20 }),
    fc.array(fc.tuple(key, tie('value')), { maxLength: 20 }).map(entries => Object.fromEntries(entries)),
  ),
}))

describe('The fast path of the codec', () => {
  it('Writes the bytes of the library, and reads the same values, for random values', () => {
    fc.assert(
      fc.property(anything, value => {
        const bytes = writePlain(value)
        expect(bytes.equals(encode(value))).toBe(true)
        expectSame(readPlain(bytes), decode(bytes, STRICT))
      }),
      { seed, numRuns: runs(5_000) },
    )
  }, 180_000)

  it('Reads and refuses the same as the library for damaged encodings', () => {
    fc.assert(
      fc.property(anything, fc.nat(), fc.integer({ min: 0, max: 255 }), fc.nat(3), (value, where, byte, how) => {
        const bytes = Buffer.from(encode(value))
        const at = where % bytes.length
        const mutilated =
          how === 0 ? bytes.subarray(0, at) : how === 1 ? Buffer.concat([bytes, Buffer.from([byte])]) : bytes
        if (how >= 2) bytes[at] = byte
        const theirs = outcome(() => decode(mutilated, STRICT))
        const ours = outcome(() => readPlain(mutilated))
        // A map with other keys than texts is refused by the library, and is a Map here.
        if (theirs === 'refused' && ours !== 'refused') expect(hasMap((ours as { value: unknown }).value)).toBe(true)
        else expectSame(ours, theirs)
      }),
      { seed, numRuns: runs(5_000) },
    )
  }, 180_000)

  it('Equals the library below 16 levels, with many keys, with long texts and with a class instance', () => {
    let deep: unknown = { b: 1, a: [0.1] }
    for (let i = 0; i < 100; i++) deep = i % 2 === 0 ? [deep] : { z: deep, y: 'é'.repeat(i) }
    const wide = Object.fromEntries(Array.from({ length: 3000 }, (_, i) => [`k${(i * 7919) % 3000}`, i]))
    class Point {
      readonly y = 1
      readonly x = 2
    }
    for (const value of [
      deep,
      wide,
      'é'.repeat(100_000),
      'e'.repeat(100_000),
      new Point(),
      new Map([
        ['b', 1],
        ['a', 2],
      ]),
    ]) {
      const bytes = writePlain(value)
      expect(bytes.equals(encode(value))).toBe(true)
      expectSame(readPlain(bytes), decode(bytes, STRICT))
    }
  })
})

function hasMap(value: unknown): boolean {
  if (value instanceof Map) return true
  return typeof value === 'object' && value !== null && Object.values(value).some(hasMap)
}

describe('Values', () => {
  it('A Buffer, a part of one and every other view arrive as a Uint8Array with its own memory', () => {
    const whole = Buffer.from('0123456789')
    const sent = frame([whole, whole.subarray(2, 4), new Uint8Array(whole.buffer, whole.byteOffset + 4, 2)])
    const { payload } = new MessageReader().read(sent, 4, sent.length)
    sent.fill(0)
    expect(payload).toStrictEqual([new Uint8Array(whole), Uint8Array.of(50, 51), Uint8Array.of(52, 53)])
  })

  it('A bigint arrives as one; without tags, one below 2^53 arrives as a number', () => {
    const wide = [2n ** 53n, -(2n ** 63n), 2n ** 64n - 1n]
    expect(read(write([...wide, 5n]))).toStrictEqual([...wide, 5n])
    expect(readPlain(writePlain([...wide, 5n]))).toStrictEqual([...wide, 5])
  })

  it('A Map arrives as one; without tags, one with text keys arrives as an object', () => {
    const value = new Map<unknown, unknown>([
      [1, { a: [new Map([[2, 'b']])] }],
      ['c', null],
    ])
    expect(read(write(value))).toStrictEqual(value)
    for (const map of [new Map([['a', 1]]), new Map()]) expect(read(write(map))).toStrictEqual(map)
    expect(readPlain(writePlain(new Map([['a', 1]])))).toStrictEqual({ a: 1 })
  })

  it('A key __proto__ sets no prototype', () => {
    const value = read(Buffer.from([0xa1, 0x69, ...Buffer.from('__proto__'), 0xa1, 0x61, 0x78, 1])) as object
    expect(Object.getPrototypeOf(value)).toBe(Object.prototype)
    expect('x' in value).toBe(false)
    expect(Object.keys(value)).toEqual(['__proto__'])
  })
})

describe('A payload that cannot be encoded', () => {
  const loop: unknown[] = []
  loop.push([loop])
  const getter = {
    get a(): never {
      throw new Error('no')
    },
  }
  it.each([
    ['a function', { a: [() => 1] }, /request\.a\[0\] is a function/],
    ['a symbol', { 'a b': Symbol('x') }, /request\["a b"\] is a symbol/],
    ['a cycle', loop, /request\[0\]\[0\] contains itself/],
    ['a response', { body: new Response('x') }, /request\.body is a Response; send plain data/],
    ['a hole', [Array(2)], /request\[0\]\[0\] is a hole/],
    ['a lone surrogate', { a: 'é\ud800' }, /request\.a is a string with a lone surrogate/],
    ['a long lone surrogate', `${'x'.repeat(2_000)}\udc00`, /request is a string with a lone surrogate/],
    ['a getter that throws', getter, /request\.a is/],
    [
      'two keys with the same bytes',
      new Map<unknown, unknown>([
        [[1], 'a'],
        [[1], 'b'],
      ]),
      /same encoding/,
    ],
    ['a key with a lone surrogate', { '\ud800': 1, '\ud801': 2 }, /a key of request has a lone surrogate/],
  ])('%s is refused, and nothing is sent', (_, payload, why) => {
    const writer = new MessageWriter()
    writer.add(1, 1, 'Empty', null)
    expect(() => writer.add(2, 1, 'RuntimeCallRequest', payload)).toThrow(why)
    writer.add(3, 1, 'Empty', null)
    expect(writer.take()).toEqual(Buffer.concat([frame(null, 'Empty', 1), frame(null, 'Empty', 3)]))
  })

  it('A message above maxFrameBytes is refused, one of that size is not', () => {
    const writer = new MessageWriter(100)
    const overhead = frame(new Uint8Array(24)).length - 4 - 24
    writer.add(7, 1, 'RuntimeCallRequest', new Uint8Array(100 - overhead))
    expect(() => writer.add(7, 1, 'RuntimeCallRequest', new Uint8Array(101 - overhead))).toThrow(
      /101 bytes.*maxFrameBytes, 100/,
    )
    expect(writer.take()).toHaveLength(104)
  })

  it('A getter that sends is refused', () => {
    const writer = new MessageWriter()
    const payload = {
      get a(): number {
        writer.add(2, 1, 'Empty', null)
        return 1
      },
    }
    expect(() => writer.add(1, 1, 'RuntimeCallRequest', payload)).toThrow(TypeError)
    expect(writer.length).toBe(0)
  })
})

describe('Messages', () => {
  const canonical = (message: unknown) => readMessage(encode(message))

  it('A message is one canonical map of id, body and message_type', () => {
    fc.assert(
      fc.property(
        fc.bigInt({ min: 0n, max: 2n ** 64n - 1n }),
        fc.string({ unit: 'binary', maxLength: 40 }),
        anything,
        (id, kind, payload) => {
          const bytes = frame(payload, kind, id, 2, false).subarray(4)
          expect(bytes.equals(encode({ id, body: { [kind]: payload }, message_type: 2 }))).toBe(true)
          const message = decode(bytes, STRICT) as { id: number; body: Record<string, unknown> }
          const [name = ''] = Object.keys(message.body)
          expectSame(readMessage(bytes), { id: message.id, type: 2, kind: name, payload: message.body[name] })
        },
      ),
      { seed, numRuns: runs(2_000) },
    )
  }, 30_000)

  it('A message with another key order is accepted', () => {
    const bytes = encode(
      new Map<string, unknown>([
        ['message_type', 1],
        ['body', { Empty: { b: 1, a: 2 } }],
        ['id', 5],
      ]),
      {
        mapSorter: () => 0,
      },
    )
    expect(readMessage(bytes)).toEqual({ id: 5, type: 1, kind: 'Empty', payload: { a: 2, b: 1 } })
  })

  it('Kinds and keys that collide in the cache are not mixed up', () => {
    const writer = new MessageWriter()
    const reader = new MessageReader()
    for (let i = 0; i < 5_000; i++) {
      writer.add(i, 1, `Kind${i % 3_000}`, { [`key${i}`]: i, [`x${i % 7}`]: i - 9 })
      const bytes = writer.take()
      const message = { id: i, type: 1, kind: `Kind${i % 3_000}`, payload: { [`key${i}`]: i, [`x${i % 7}`]: i - 9 } }
      expect(reader.read(bytes, 4, bytes.length)).toEqual(message)
    }
  })

  const good = { id: 1, body: { Empty: null }, message_type: 1 }
  it.each([
    ['no map', [1, 2, 3], /must be a map/],
    ['a map with keys that are not text', new Map([[1, 2]]), /must be a map/],
    ['no id', { body: { Empty: null }, message_type: 1 }, /id of a message/],
    ['no body', { id: 1, message_type: 1 }, /must have one kind, got 0/],
    ['no message_type', { id: 1, body: { Empty: null } }, /message_type must be 1, 2 or 3/],
    ['an unknown key', { ...good, extra: 1 }, /unknown key "extra"/],
    ['no kind', { ...good, body: {} }, /got 0/],
    ['two kinds', { ...good, body: { A: 1, B: 2 } }, /got 2/],
    ['a body that is no map', { ...good, body: [1] }, /got 0/],
    ['a negative id', { ...good, id: -1 }, /id of a message/],
    ['a text id', { ...good, id: '1' }, /id of a message/],
    ['a fractional id', { ...good, id: 1.5 }, /id of a message/],
    ['message_type 4', { ...good, message_type: 4 }, /message_type must be 1, 2 or 3/],
    ['message_type true', { ...good, message_type: true }, /message_type must be 1, 2 or 3/],
  ])('%s is refused', (_, message, why) => {
    expect(() => canonical(message)).toThrow(why)
  })

  it.each([
    ['trailing bytes', Buffer.concat([encode(good), Buffer.from([0])])],
    ['a missing end', Buffer.from(encode(good)).subarray(0, -1)],
    [
      'a key that comes twice',
      Buffer.from([0xa4, 0x62, 0x69, 0x64, 1, 0x62, 0x69, 0x64, 2, ...encode(good).subarray(5)]),
    ],
    [
      'a key that comes twice in the payload',
      Buffer.from(encode({ ...good, body: { Empty: 'XXXXXX' } })).fill(
        Buffer.from([0xa2, 0x61, 0x61, 1, 0x61, 0x61, 2]),
        17,
        24,
      ),
    ],
    ['an indefinite length', Buffer.concat([Buffer.from([0xbf]), encode(good).subarray(1), Buffer.from([0xff])])],
    ['an id longer than needed', Buffer.from([0xa3, 0x62, 0x69, 0x64, 0x18, 1, ...encode(good).subarray(5)])],
    ['a tag', Buffer.from([0xc1, ...encode(good)])],
    ['deep nesting', Buffer.alloc(100_000, 0x81)],
    ['nothing', Buffer.alloc(0)],
  ])('%s is refused', (_, bytes) => {
    expect(() => readMessage(bytes)).toThrow()
  })
})
