import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { MAX_NESTING, TooManyItemsError } from '../../src/protocol/limits.js'
import { MessageReader } from '../../src/protocol/transports/messageReader.js'
import { MessageWriter } from '../../src/protocol/transports/messageWriter.js'
import { UnreadablePayload } from '../../src/protocol/transports/transport.js'
import { nested } from './cborTools.js'
import { runs, seed } from './seed.js'

const HEADER = 4
const RESPONSE = 2
const KIND = 'RuntimeCallResponse'
/** An answer with the given bytes as its payload, and with keys in canonical order. */
function answer(...payload: readonly Uint8Array[]): Buffer {
  const writer = new MessageWriter()
  writer.add(7, RESPONSE, KIND, null)
  const whole = writer.take().subarray(HEADER)
  // After the payload come a byte for the length of the key, `message_type`, and the type.
  const at = whole.length - 'message_type'.length - 3
  return Buffer.concat([whole.subarray(0, at), ...payload, whole.subarray(at + 1)])
}

/** The same with keys in reverse order, which only the library decodes. */
function answerInAnotherOrder(...payload: readonly Uint8Array[]): Buffer {
  const text = (value: string) => Buffer.from([0x60 + value.length, ...Buffer.from(value)])
  const head = [
    Buffer.from([0xa3]),
    text('message_type'),
    Buffer.from([2]),
    text('body'),
    Buffer.from([0xa1]),
    text(KIND),
  ]
  return Buffer.concat([...head, ...payload, text('id'), Buffer.from([7])])
}

const arrayHead = (count: number) => {
  if (count < 24) return Buffer.from([0x80 + count])
  if (count < 256) return Buffer.from([0x98, count])
  const head = Buffer.from([0x9a, 0, 0, 0, 0])
  head.writeUInt32BE(count, 1)
  return head
}
const arrayOf = (count: number, ...item: number[]) =>
  Buffer.concat([arrayHead(count), Buffer.alloc(count * item.length, Buffer.from(item))])
/** Below the 16 levels of the fast path. */
const deeper = (bytes: Uint8Array) => Buffer.concat([Buffer.alloc(20, 0x81), bytes])
const read = (bytes: Buffer, maxItems?: number) => new MessageReader(maxItems).read(bytes, 0, bytes.length)
/** In arrays and maps by turns. */
const nestedInBoth = (levels: number) => nested(levels, (value, level) => (level % 2 === 0 ? [value] : { a: value }))

const { value: anything } = fc.letrec<{ value: unknown }>(tie => ({
  value: fc.oneof(
    { maxDepth: 20, depthSize: 'medium' },
    fc.oneof(fc.integer(), fc.double(), fc.string(), fc.uint8Array({ maxLength: 20 }), fc.constantFrom(null, true)),
    fc.array(tie('value'), { maxLength: 5 }),
    fc.dictionary(fc.oneof(fc.string({ maxLength: 5 }), fc.constantFrom('é', '__proto__')), tie('value'), {
      maxKeys: 4,
    }),
    fc.array(fc.tuple(fc.integer(), tie('value')), { maxLength: 3 }).map(entries => new Map(entries)),
  ),
}))

describe('The items of a message', () => {
  it('Writer and reader count the same: one for each element, key and value, four for a byte string', () => {
    const [writer, reader] = [new MessageWriter(), new MessageReader()]
    fc.assert(
      fc.property(anything, payload => {
        const size = writer.add(7, RESPONSE, KIND, payload)
        const bytes = writer.take()
        reader.read(bytes, HEADER, bytes.length)
        expect(reader.size).toBe(size)
      }),
      { seed, numRuns: runs(3_000) },
    )
    const itemsOf = (payload: unknown) => {
      const size = writer.add(7, RESPONSE, KIND, payload)
      return (size - writer.take().length + HEADER) / 64
    }
    expect(itemsOf(1)).toBe(0)
    expect(itemsOf([1, 'two', { a: 3, b: [4] }])).toBe(3 + 4 + 1)
    expect(itemsOf([new Uint8Array(9)])).toBe(1 + 3)
    expect(itemsOf([new Map([[1, [2]]]), {}])).toBe(2 + 2 + 1)
    expect(itemsOf(nestedInBoth(40))).toBe(20 + 2 * 20)
  })

  it.each([
    ['an array', arrayOf(100, 0), 100],
    ['maps', arrayOf(20, 0xa2, 0x61, 0x61, 0, 0x61, 0x62, 0), 100],
    ['maps with their keys in another order', arrayOf(20, 0xa2, 0x61, 0x62, 0, 0x61, 0x61, 0), 100],
    ['byte strings', arrayOf(25, 0x41, 1), 100],
    ['nested arrays', arrayOf(25, 0x81, 0x81, 0x81, 0), 100],
    ['keys that are no texts', arrayOf(40, 0xa1, 1, 1), 120],
    ['an array far down', deeper(arrayOf(80, 0)), 100],
    ['byte strings far down', deeper(arrayOf(20, 0x41, 1)), 100],
  ])('The reader accepts its limit and not one item more: %s', (_, payload, items) => {
    for (const make of [answer, answerInAnotherOrder]) {
      // In another order the map of the message, its body and the kind count as well.
      const all = make === answer ? items : items + 8
      expect(read(make(payload), all)).toMatchObject({ id: 7, kind: KIND })
      expect(() => read(make(payload), all - 1)).toThrow(TooManyItemsError)
      expect(() => read(make(payload), all - 1)).toThrow(`more than ${all - 1} items (maxMessageItems)`)
    }
  })

  it.each([
    ['missing items', Buffer.concat([arrayHead(2 ** 31), Buffer.alloc(100, 0xa0)])],
    ['missing items, far down', deeper(Buffer.concat([arrayHead(200), Buffer.alloc(100, 0xa0)]))],
    ['missing entries', Buffer.from([0xbb, 0, 0, 0, 1, 0, 0, 0, 0, 0, 0])],
    ['an array of an endless length', Buffer.from([0x9b, 255, 255, 255, 255, 255, 255, 255, 255, 0])],
    ['an array without a length', Buffer.from([0x9f, 1, 2, 0xff])],
    ['a text in chunks', Buffer.from([0x7f, 0x61, 0x61, 0xff])],
    ['bytes in chunks', deeper(Buffer.from([0x5f, 0x41, 1, 0xff]))],
    ['a text longer than the message', Buffer.from([0x7a, 255, 255, 255, 255, 0x61])],
    ['a text longer than the message, far down', deeper(Buffer.from([0x7a, 255, 255, 255, 255, 0x61]))],
    ['an unknown tag', deeper(Buffer.from([0xc6, 0]))],
    ['a tag on an item of another type', deeper(Buffer.from([0xc1, 0x61, 0x61]))],
  ])('The reader refuses wrong counts, indefinite lengths and tags: %s', (_, payload) => {
    for (const make of [answer, answerInAnotherOrder]) expect(() => read(make(payload))).toThrow(/CBOR|map|kind/)
  })

  it('The writer refuses more items than the other side accepts, and adds nothing', () => {
    const writer = new MessageWriter(undefined, 10)
    expect(() => writer.add(1, RESPONSE, KIND, new Array(11).fill(0))).toThrow(TooManyItemsError)
    expect(() => writer.add(1, RESPONSE, KIND, nestedInBoth(30))).toThrow(TooManyItemsError)
    expect(writer.length).toBe(0)
    writer.add(1, RESPONSE, KIND, new Array(10).fill(0))
    expect(writer.length).toBeGreaterThan(0)
  })
})

describe('A deeply nested payload', () => {
  it(`Writer and reader accept ${MAX_NESTING} levels`, () => {
    const writer = new MessageWriter()
    writer.add(7, RESPONSE, KIND, nestedInBoth(MAX_NESTING))
    const bytes = writer.take()
    expect(new MessageReader().read(bytes, HEADER, bytes.length)).toMatchObject({ id: 7, kind: KIND })
    for (const levels of [MAX_NESTING + 1, 100_000]) {
      expect(() => writer.add(7, RESPONSE, KIND, nestedInBoth(levels))).toThrow(`more than ${MAX_NESTING} levels deep`)
    }
    expect(writer.length).toBe(0)
  })

  it.each([
    ['in canonical order', answer],
    ['in another order', answerInAnotherOrder],
  ])('Deeper nesting makes the payload unreadable, and keeps the id and kind: %s', (_, make) => {
    const deepest = read(make(Buffer.alloc(MAX_NESTING, 0x81), Buffer.from([0])))
    expect(deepest.payload).not.toBeInstanceOf(UnreadablePayload)
    for (const levels of [MAX_NESTING + 1, 900_000]) {
      const { id, type, kind, payload } = read(make(Buffer.alloc(levels, 0x81), Buffer.from([0])))
      expect({ id, type, kind }).toEqual({ id: 7, type: RESPONSE, kind: KIND })
      expect(payload).toBeInstanceOf(UnreadablePayload)
    }
  })

  it.each([
    ['more items than are allowed', arrayOf(200, 0)],
    ['missing items', Buffer.from([0x9a, 255, 255, 255, 255])],
    ['an unknown tag', Buffer.from([0xc6, 0])],
    ['no end', Buffer.alloc(0)],
  ])('Deeper nesting is refused if the bottom is %s', (_, bottom) => {
    const deep = Buffer.alloc(2_000, 0x81)
    for (const make of [answer, answerInAnotherOrder]) expect(() => read(make(deep, bottom), 2_150)).toThrow()
  })

  it('The reader reads on after a payload that is nested too deep', () => {
    const reader = new MessageReader()
    const messages = [answer(Buffer.alloc(2_000, 0x81), Buffer.from([0])), answer(Buffer.from([0x81, 0]))]
    const payloads = [...messages, ...messages].map(bytes => reader.read(bytes, 0, bytes.length).payload)
    expect(payloads).toEqual([expect.any(UnreadablePayload), [0], expect.any(UnreadablePayload), [0]])
  })
})
