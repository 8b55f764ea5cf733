import { Tokenizer } from 'cborg'
import { describe, expect, it, onTestFinished, vi } from 'vitest'
import { ValueReader } from '../../src/protocol/cbor/valueReader.js'
import { MAX_NESTING } from '../../src/protocol/limits.js'
import { bytesFrom, hex, nested, refusal } from './cborTools.js'

/** A reader of these bytes, which lie between others: those of `after` follow. */
function readerOf(digits: string, after = '', reader = new ValueReader()): ValueReader {
  reader.open(bytesFrom(`ffff${digits}${after}`), 2, 2 + bytesFrom(digits).length)
  return reader
}

/** Reads a value, and says whether the library took part, and what is left. */
function readBy(digits: string) {
  const next = vi.spyOn(Tokenizer.prototype, 'next')
  onTestFinished(() => next.mockRestore())
  const reader = readerOf(digits)
  const value = reader.value()
  const [usesLibrary, left] = [next.mock.calls.length > 0, reader.end - reader.at]
  next.mockRestore()
  return { value, usesLibrary, left }
}

/** A text of less than 256 bytes. */
const text = (value: string) => {
  const bytes = Buffer.from(value)
  return `${bytes.length < 24 ? (0x60 + bytes.length).toString(16) : `78${bytes.length.toString(16)}`}${hex(value)}`
}
const inMap = (value: unknown) => ({ a: value })
const array = (count: number) => (count < 24 ? (0x80 + count).toString(16) : `98${count.toString(16)}`)

describe('The fast path reads', () => {
  it.each([
    [0, '00'],
    [23, '17'],
    [24, '1818'],
    [255, '18ff'],
    [256, '190100'],
    [65_535, '19ffff'],
    [65_536, '1a00010000'],
    [2 ** 32 - 1, '1affffffff'],
    [2 ** 32, '1b0000000100000000'],
    [2 ** 53 - 1, '1b001fffffffffffff'],
    [-1, '20'],
    [-24, '37'],
    [-25, '3818'],
    [-257, '390100'],
    [-(2 ** 53) + 1, '3b001ffffffffffffe'],
    [false, 'f4'],
    [true, 'f5'],
    [null, 'f6'],
    [undefined, 'f7'],
    [1.1, 'fb3ff199999999999a'],
    [new Uint8Array(), '40'],
    [Uint8Array.of(1, 2), '420102'],
    ['', '60'],
    ['a\u007f', '62617f'],
    ['é', text('é')],
    ['a'.repeat(12), text('a'.repeat(12))],
    ['a'.repeat(13), text('a'.repeat(13))],
    ['é€😀'.repeat(4), text('é€😀'.repeat(4))],
    [[], '80'],
    [new Array(16).fill(1), `${array(16)}${'01'.repeat(16)}`],
    [new Array(17).fill(1), `${array(17)}${'01'.repeat(17)}`],
    [new Array(30).fill([2]), `${array(30)}${'8102'.repeat(30)}`],
    [{}, 'a0'],
    [{ a: 1, b: [2], cc: null }, `a3 6161 01 6162 8102 626363 f6`],
    [{ '': 1, '\u007f': 2 }, 'a2 60 01 617f 02'],
    [{ ['k'.repeat(24)]: 1, ['k'.repeat(32)]: 2 }, `a2 ${text('k'.repeat(24))} 01 ${text('k'.repeat(32))} 02`],
    [nested(16), `${'81'.repeat(16)}01`],
    [nested(16, inMap), `${'a16161'.repeat(16)}01`],
  ])('%j without the library', (value, digits) => {
    expect(readBy(digits)).toStrictEqual({ value, usesLibrary: false, left: 0 })
  })

  it.each([
    ['a negative integer below the safe ones', -(2n ** 53n), '3b001fffffffffffff'],
    ['an integer above the safe ones', 2n ** 53n, '1b0020000000000000'],
    ['the largest integer', 2n ** 64n - 1n, '1bffffffffffffffff'],
    ['a half float', 1.5, 'f93e00'],
    ['a float of 32 bits', 100_000.5, 'fa47c35040'],
    ['a text with a replacement character', 'a\ufffd', text('a\ufffd')],
    ['a short text that is no UTF-8', '\ufffd', '61ff'],
    ['a long text that is no UTF-8', `${'a'.repeat(13)}\ufffd`, `6e${'61'.repeat(13)}ff`],
    ['arrays below 16 levels', nested(17), `${'81'.repeat(17)}01`],
    ['maps below 16 levels', nested(17, inMap), `${'a16161'.repeat(17)}01`],
    ['a map with its keys in another order', { b: 1, a: 2 }, 'a2 6162 01 6161 02'],
    ['a map with its keys in another order, in a short array', [1, { b: 1, a: 2 }, 2], '83 01 a2 6162 01 6161 02 02'],
    [
      'a map with its keys in another order, in a map',
      { a: { b: 1, a: 2 }, b: 2 },
      'a2 6161 a2 6162 01 6161 02 6162 02',
    ],
    ['a key of more than 32 characters', { ['k'.repeat(33)]: 1 }, `a1 ${text('k'.repeat(33))} 01`],
    ['a key that is not ASCII', { é: 1 }, `a1 ${text('é')} 01`],
    ['a key that is a number', new Map([[1, 2]]), 'a1 01 02'],
    ['a key that is a number with the bits of a text', new Map([[{}, 2]]), 'a1 a0 02'],
    ['a key that is bytes', new Map([[new Uint8Array(), 2]]), 'a1 40 02'],
    ['a date', new Date(5_000), 'c1 05'],
  ])('%s by the library', (_, value, digits) => {
    expect(readBy(digits)).toStrictEqual({ value, usesLibrary: true, left: 0 })
  })

  it('a key __proto__ by the library, as a property', () => {
    const { value, usesLibrary } = readBy(`a1 ${text('__proto__')} a1 6161 01`)
    expect([Object.keys(value as object), usesLibrary, 'a' in (value as object)]).toEqual([['__proto__'], true, false])
  })

  it('a map in another order in a long array by the library, and the next value on its own again', () => {
    const unsorted = 'a2 6162 01 6161 02'
    const digits = `${array(20)} ${unsorted.repeat(20)}`
    expect(readBy(digits)).toMatchObject({ value: new Array(20).fill({ b: 1, a: 2 }), usesLibrary: true, left: 0 })
    const reader = readerOf(`${unsorted} 8101`)
    expect(reader.value()).toEqual({ b: 1, a: 2 })
    expect(reader.items).toBe(4)
    const next = vi.spyOn(Tokenizer.prototype, 'next')
    onTestFinished(() => next.mockRestore())
    expect([reader.value(), reader.items, next.mock.calls.length]).toEqual([[1], 1, 0])
  })

  it.each([
    ['an array', '82 01 02', 2],
    ['a long array', `${array(20)}${'01'.repeat(20)}`, 20],
    ['a map', 'a2 6161 01 6162 02', 4],
    ['bytes', '42 0102', 3],
    ['bytes in an array, twice', '82 41 01 41 02', 2 + 3 + 3],
    ['a map in another order', 'a2 6162 01 6161 02', 4],
    ['what lies behind a value by the library', '82 c1 05 81 01', 2 + 4 + 1],
    ['what lies below 16 levels', `${'81'.repeat(20)}01`, 20],
  ])('as many items as there are: %s', (_, digits, items) => {
    const reader = readerOf(digits, '', new ValueReader(items))
    reader.value()
    expect(reader.items).toBe(items)
    const tight = readerOf(digits, '', new ValueReader(items - 1))
    expect(refusal(() => tight.value())).toContain(`more than ${items - 1} items`)
  })

  it(`values below 16 levels to the depth of ${MAX_NESTING}, counted from the first`, () => {
    const read = (levels: number) => {
      const reader = readerOf(`${'81'.repeat(levels)}01`)
      reader.value()
      return [reader.unreadable?.message, reader.end - reader.at]
    }
    expect(read(MAX_NESTING)).toEqual([undefined, 0])
    expect(read(MAX_NESTING + 1)).toEqual([`it is nested more than ${MAX_NESTING} levels deep.`, 0])
    const reader = readerOf(`${'81'.repeat(MAX_NESTING + 1)}01`, '01')
    reader.value()
    reader.open(Buffer.of(1), 0, 1)
    expect([reader.value(), reader.unreadable]).toEqual([1, undefined])
  })
})

describe('The fast path leaves to the library, which refuses it', () => {
  it.each([
    ['nothing', '', '00'],
    ['a head without its byte', '18', '18'],
    ['a head without its second byte', '1901', '00'],
    ['a head without its fourth byte', '1a010000', '00'],
    ['a head without its eighth byte', '1b00000001000000', '00'],
    ['a float without its eighth byte', 'fb3ff19999999999', '9a'],
    ['bytes that are cut off', '4201', '02'],
    ['a text that is cut off', '6261', '61'],
    ['an array that is cut off', '8201', '02'],
    ['a long array that is cut off', `${array(20)}${'01'.repeat(19)}`, '01'],
    ['a map without its value', 'a16161', '01'],
    ['a map whose key is cut off', 'a16261', '6101'],
    ['a map without its key', 'a1', '616101'],
    ['a key without its length', 'a178', '186101'],
    ['an argument of one byte that is too long', '1817', ''],
    ['an argument of two bytes that is too long', '1900ff', ''],
    ['an argument of four bytes that is too long', '1a0000ffff', ''],
    ['an argument of eight bytes that is too long', '1b00000000ffffffff', ''],
    ['a reserved head', '1c', '00'],
    ['a reserved head before as many bytes as it would have', `1c${'00000001'.repeat(4)}`, ''],
    ['a reserved head of an array', '9d', '00'],
    ['an array without a length', '9f01ff', ''],
    ['bytes without a length', '5f4101ff', ''],
    ['a key with a length that is too long', 'a178016101', ''],
    ['a key that comes twice', 'a2616101616102', ''],
    ['a simple value', 'e0', ''],
    ['a break', 'ff', ''],
    ['more items than bytes', '9affffffff01', ''],
    ['more bytes than there are', '5affffffff01', ''],
  ])('%s', (_, digits, after) => {
    const message = refusal(() => readerOf(digits, after).value())
    expect(message).not.toBe('nothing was thrown')
    expect(message).toMatch(/CBOR|cbor/)
  })
})

describe('An integer of a message', () => {
  it.each([
    ['00', '', 0],
    ['17', '', 23],
    ['1818', '', 24],
    ['190100', '', 256],
    ['1a00010000', '', 65_536],
    ['1b0000000100000000', '', 2 ** 32],
    ['1b001fffffffffffff', '', 2 ** 53 - 1],
    ['1b0020000000000000', '', -1],
    ['1817', '', -1],
    ['1c', '00', -1],
    ['20', '', -1],
    ['6161', '', -1],
    ['', '05', -1],
    ['18', '18', -1],
  ])('%s%s is read as %d', (digits, after, value) => {
    const reader = readerOf(digits, after)
    expect(reader.uint()).toBe(value)
    if (value >= 0) expect(reader.at).toBe(reader.end)
  })
})

describe('A key', () => {
  const [longest, tooLong] = ['k'.repeat(32), 'k'.repeat(33)]

  it.each([
    ['60', '', ''],
    ['6161', '', 'a'],
    ['617f', '', '\u007f'],
    [text('k'.repeat(23)), '', 'k'.repeat(23)],
    [text('k'.repeat(24)), '', 'k'.repeat(24)],
    [text(longest), '', longest],
    [text(tooLong), '', undefined],
    [`7817${hex('k'.repeat(23))}`, '', undefined],
    [`7800`, '', undefined],
    [`790001${hex('k')}`, '', undefined],
    ['61', '61', undefined],
    ['', '6161', undefined],
    ['', '60', undefined],
    ['', '', undefined],
    [`790019${hex('k'.repeat(25))}`, '', undefined],
    ['6180', '', undefined],
    ['5f', '', undefined],
    ['4161', '', undefined],
    ['8161', '', undefined],
  ])('%s%s is read as %j', (digits, after, expected) => {
    const reader = readerOf(digits, after)
    expect(reader.key()).toBe(expected)
    expect(reader.at).toBe(expected === undefined ? 2 : reader.end)
  })

  it('that was read before is the same text, and is not decoded again', () => {
    const decode = vi.spyOn(Buffer.prototype, 'toString')
    onTestFinished(() => decode.mockRestore())
    const reader = new ValueReader()
    const keys = ['Aa', 'Aa', 'BB', 'BB', 'Aa', 'b', 'Aa']
    // Aa and BB have the same hash.
    const read = keys.map(key => {
      const digits = text(key)
      decode.mockClear()
      return [readerOf(digits, '', reader).key(), decode.mock.calls.length]
    })
    expect(read).toEqual([
      ['Aa', 1],
      ['Aa', 0],
      ['BB', 1],
      ['BB', 0],
      ['Aa', 1],
      ['b', 1],
      ['Aa', 0],
    ])
  })

  it('has a place of its own in the cache, among a few', () => {
    const decode = vi.spyOn(Buffer.prototype, 'toString')
    onTestFinished(() => decode.mockRestore())
    const reader = new ValueReader()
    const keys = ['id', 'body', 'message_type', 'user', 'name', 'ab', 'ba', 'abc', 'cab', 'items', 'total', 'k1', 'k2']
    const texts = keys.map(key => text(key))
    for (const digits of texts) readerOf(digits, '', reader).key()
    decode.mockClear()
    expect(texts.map(digits => readerOf(digits, '', reader).key())).toEqual(keys)
    expect(decode).not.toHaveBeenCalled()
  })
})
