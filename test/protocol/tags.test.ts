import { describe, expect, it, onTestFinished, vi } from 'vitest'
import { CutoverError } from '../../src/contract/errors.js'
import { countItems, decodeCbor } from '../../src/protocol/cbor/cbor.js'
import { isEncodable } from '../../src/protocol/cbor/encodable.js'
import { itemsOf, itemsOfKey } from '../../src/protocol/cbor/tags.js'
import { ValueWriter } from '../../src/protocol/cbor/valueWriter.js'
import { MAX_NESTING } from '../../src/protocol/limits.js'
import { EncodedCbor } from '../../src/protocol/values/encodedCbor.js'
import { MAX_PATTERN } from '../../src/protocol/values/forms.js'
import { bytesFrom, hex, nested, readerOf, refusal, write } from './cborTools.js'

/** The value as CBOR in hexadecimal digits. */
const written = (value: unknown) => write(value).toString('hex')

/** The value of CBOR in hexadecimal digits, or why a part of it is missing. */
function read(digits: string): unknown {
  const reader = readerOf(bytesFrom(digits))
  const value = reader.value()
  return reader.unreadable === undefined ? value : reader.unreadable.message
}

const bytesOf = (...bytes: readonly number[]) => Uint8Array.from(bytes)

describe('A value with a tag', () => {
  it.each([
    ['an integral date', new Date(5_000), 'c1 05'],
    ['a date with milliseconds', new Date(1_500), 'c1 f9 3e00'],
    ['a date before 1970', new Date(-1_000), 'c1 20'],
    ['the last date', new Date(8.64e15), 'c1 1b 000007dba8218000'],
    ['an invalid date', new Date(Number.NaN), 'c1 f9 7e00'],
    ['a bigint that a number could be mistaken for', 0n, 'c2 40'],
    ['a small bigint', 258n, 'c2 42 0102'],
    ['a small bigint with an odd number of digits', 5n, 'c2 41 05'],
    ['a negative bigint', -258n, 'c3 42 0101'],
    ['the largest bigint that a number could be', 2n ** 53n - 1n, 'c2 47 1fffffffffffff'],
    ['the smallest bigint that a number could be', -(2n ** 53n) + 1n, 'c3 47 1ffffffffffffe'],
    ['a bigint of 65 bits', 2n ** 64n, 'c2 49 010000000000000000'],
    ['a negative bigint of 65 bits', -(2n ** 64n) - 1n, 'c3 49 010000000000000000'],
    ['a URL', new URL('https://a.b/c'), `d820 6d ${hex('https://a.b/c')}`],
    ['a set', new Set([1, 'a']), 'd90102 82 01 6161'],
    ['a map with texts as keys', new Map([['a', 1]]), 'd90103 a1 6161 01'],
    ['an empty map', new Map(), 'd90103 a0'],
    ['a pattern', /a+/gi, `d9524a 82 62 ${hex('a+')} 62 ${hex('gi')}`],
    ['an ArrayBuffer', bytesOf(1, 2).buffer, `d81b 82 6b ${hex('ArrayBuffer')} 42 0102`],
    ['a DataView', new DataView(bytesOf(1, 2).buffer), `d81b 82 68 ${hex('DataView')} 42 0102`],
    ['a Uint8ClampedArray', Uint8ClampedArray.of(1, 2), 'd844 42 0102'],
    ['a Uint16Array', Uint16Array.of(1, 2), 'd845 44 01000200'],
    ['a Uint32Array', Uint32Array.of(1), 'd846 44 01000000'],
    ['a BigUint64Array', BigUint64Array.of(1n), 'd847 48 0100000000000000'],
    ['an Int8Array', Int8Array.of(-1), 'd848 41 ff'],
    ['an Int16Array', Int16Array.of(-2), 'd84d 42 feff'],
    ['an Int32Array', Int32Array.of(-2), 'd84e 44 feffffff'],
    ['a BigInt64Array', BigInt64Array.of(-2n), 'd84f 48 feffffffffffffff'],
    ['a Float32Array', Float32Array.of(1.5), 'd855 44 0000c03f'],
    ['a Float64Array', Float64Array.of(1.5), 'd856 48 000000000000f83f'],
    ['a part of a Float64Array', new Float64Array([0, 1.5, 2]).subarray(1, 2), 'd856 48 000000000000f83f'],
  ])('has these bytes, and is the same when it is read: %s', (_, value, digits) => {
    expect(written(value)).toBe(digits.replaceAll(' ', ''))
    expect(read(digits)).toStrictEqual(value)
  })

  it('that is an error has its class, its message, its code and its stack', () => {
    const error = Object.assign(new RangeError('far'), { code: 'E_FAR' })
    const digits = written(error)
    expect(digits.startsWith(`d81b8265${hex('Error')}`)).toBe(true)
    const copy = read(digits) as RangeError & { readonly code: string }
    expect(copy).toBeInstanceOf(RangeError)
    expect([copy.message, copy.code, copy.stack]).toEqual(['far', 'E_FAR', error.stack])
    const failure = new CutoverError('CUTOVER_ABORTED', 'stopped', { version: '1.0.0' })
    expect(read(written(failure))).toMatchObject({ code: 'CUTOVER_ABORTED', version: '1.0.0' })
  })

  it.each([
    ['a date as text', `c0 74 ${hex('2024-02-29T12:00:00Z')}`, new Date('2024-02-29T12:00:00Z')],
    [
      'a date as text with a fraction and an offset',
      `c0 78 1c ${hex('2024-02-29t12:00:00.25+01:30')}`,
      new Date('2024-02-29T10:30:00.250Z'),
    ],
    ['a pattern without flags', `d9524a 81 61 ${hex('a')}`, /a/],
    ['a Uint8Array with a tag', 'd840 42 0102', bytesOf(1, 2)],
    ['a Uint16Array, big end first', 'd841 44 00010002', Uint16Array.of(1, 2)],
    ['a Uint32Array, big end first', 'd842 44 00000001', Uint32Array.of(1)],
    ['a BigUint64Array, big end first', 'd843 48 0000000000000001', BigUint64Array.of(1n)],
    ['an Int16Array, big end first', 'd849 42 fffe', Int16Array.of(-2)],
    ['an Int32Array, big end first', 'd84a 44 fffffffe', Int32Array.of(-2)],
    ['a BigInt64Array, big end first', 'd84b 48 fffffffffffffffe', BigInt64Array.of(-2n)],
    ['a Float32Array, big end first', 'd851 44 3fc00000', Float32Array.of(1.5)],
    ['a Float64Array, big end first', 'd852 48 3ff8000000000000', Float64Array.of(1.5)],
    ['an empty bigint', 'c3 40', -1n],
    ['a date that is no whole number of milliseconds', 'c1 fb 3f50624dd2f1a9fc', new Date(1)],
  ])('may be written by another program: %s', (_, digits, value) => {
    expect(read(digits)).toStrictEqual(value)
  })

  it.each([
    ['a date as a text of another form', `c0 64 ${hex('2024')}`, 'a date that is no text of RFC 3339'],
    [
      'a date as a text with something before it',
      `c0 75 ${hex('x2024-02-29T12:00:00Z')}`,
      'a date that is no text of RFC 3339',
    ],
    [
      'a date as a text with something behind it',
      `c0 75 ${hex('2024-02-29T12:00:00Zx')}`,
      'a date that is no text of RFC 3339',
    ],
    [
      'a date as text of a day that there is not',
      `c0 74 ${hex('2024-13-29T12:00:00Z')}`,
      'a date that is no text of RFC 3339',
    ],
    ['a date that is too late', 'c1 1b 000007dba8218001', 'a date of 8640000000001 seconds'],
    ['a date that is too early', 'c1 3b 000007dba8218000', 'a date of -8640000000001 seconds'],
    ['an invalid URL', `d820 63 ${hex('a b')}`, 'Invalid URL'],
    ['a set with an element twice', 'd90102 82 01 01', 'a set with an element twice'],
    ['a pattern that does not compile', `d9524a 82 61 ${hex('(')} 60`, 'Invalid regular expression'],
    ['a pattern with unknown flags', `d9524a 82 61 ${hex('a')} 61 ${hex('q')}`, 'Invalid flags'],
    ['a pattern without a source', 'd9524a 80', 'a RegExp that is not [source, flags]'],
    ['a pattern of a number', 'd9524a 82 01 60', 'a RegExp that is not [source, flags]'],
    ['a pattern with flags that are a number', 'd9524a 82 6161 01', 'a RegExp that is not [source, flags]'],
    ['a pattern with more than flags', 'd9524a 83 6161 60 60', 'a RegExp that is not [source, flags]'],
    ['an object of another class', `d81b 82 65 ${hex('Money')} 42 0102`, 'an object of an unknown class'],
    ['an object without a class', 'd81b 80', 'an object of an unknown class'],
    ['an error that is no map', `d81b 82 65 ${hex('Error')} 01`, 'an object of an unknown class'],
    ['an error of null', `d81b 82 65 ${hex('Error')} f6`, 'an object of an unknown class'],
    ['an ArrayBuffer of a text', `d81b 82 6b ${hex('ArrayBuffer')} 6161`, 'an object of an unknown class'],
    ['a typed array with a part of an element', 'd845 43 010203', '3 bytes in a Uint16Array with 2 for each element'],
  ])('without a valid content is left out, and the message says so: %s', (_, digits, why) => {
    expect(read(digits)).toContain(`it has an invalid value: ${why}`)
    const reader = readerOf(bytesFrom(`83 01 ${digits} 02`))
    expect(reader.value()).toStrictEqual([1, undefined, 2])
    expect(reader.unreadable?.message).toContain(why)
  })

  it('without a valid content gives the first reason, of at most 200 characters', () => {
    const long = 'x'.repeat(300)
    const digits = `82 d820 79012d ${hex(`(${long}`)} d9524a 82 79012d ${hex(`(${long}`)} 60`
    expect(read(digits)).toContain('Invalid URL')
    const pattern = `d9524a 82 79012d ${hex(`(${long}`)} 60`
    expect(read(pattern)).toHaveLength('it has an invalid value: '.length + 200)
  })

  it.each([
    ['a tag that is unknown', 'c6 00', 'tag 6 is not allowed'],
    ['a tag below those of typed arrays', 'd83f 40', 'tag 63 is not allowed'],
    ['the tag of a Uint8Array, big end first', 'd83c 40', 'tag 60 is not allowed'],
    ['the tag of a Uint8ClampedArray, big end first', 'd84c 40', 'tag 76 is not allowed'],
    ['the tag of 128-bit floats', 'd853 40', 'tag 83 is not allowed'],
    ['a tag above those of typed arrays', 'd857 40', 'tag 87 is not allowed'],
    ['a date of a text', 'c1 6161', 'tag 1 is on an item of another type'],
    ['a date of null', 'c1 f6', 'tag 1 is on an item of another type'],
    ['a date of an array', 'c1 80', 'tag 1 is on an item of another type'],
    ['a date of a map', 'c1 a0', 'tag 1 is on an item of another type'],
    ['a date as text of a number', 'c0 00', 'tag 0 is on an item of another type'],
    ['a bigint of a text', 'c2 6161', 'tag 2 is on an item of another type'],
    ['a negative bigint of a number', 'c3 00', 'tag 3 is on an item of another type'],
    ['a URL of bytes', 'd820 4161', 'tag 32 is on an item of another type'],
    ['a set of a map', 'd90102 a0', 'tag 258 is on an item of another type'],
    ['a map of an array', 'd90103 80', 'tag 259 is on an item of another type'],
    ['a pattern of a text', 'd9524a 6161', 'tag 21066 is on an item of another type'],
    ['an object of a map', 'd81b a0', 'tag 27 is on an item of another type'],
    ['a typed array of a text', 'd845 6161', 'tag 69 is on an item of another type'],
  ])('is refused: %s', (_, digits, why) => {
    expect(refusal(() => read(digits))).toBe(`Invalid CBOR: ${why}.`)
  })

  it('is refused by a reader without tags, and by a writer for such a reader', () => {
    const reader = readerOf(bytesFrom('c100'), false)
    expect(refusal(() => reader.value())).toBe('Invalid CBOR: tag 1 is not allowed.')
    for (const value of [new Date(0), new Set(), /a/, 2n ** 64n, -(2n ** 64n) - 1n, new Error('x')])
      expect([isEncodable(value), isEncodable(value, false)]).toEqual([true, false])
    expect(isEncodable({ a: [1n, new Map([['a', 'b']])] }, false)).toBe(true)
    expect(isEncodable([() => 1])).toBe(false)
  })

  it('of a bigint is left out for a reader without tags, if it has 64 bits', () => {
    const writer = new ValueWriter(undefined, false)
    for (const value of [0n, 5n, -1n, -258n, 2n ** 64n - 1n, -(2n ** 64n)]) writer.value(value)
    expect(writer.take().toString('hex')).toBe('0005203901011bffffffffffffffff3bffffffffffffffff')
  })

  it('of a pattern that is too long is refused on both sides', () => {
    const source = 'a'.repeat(MAX_PATTERN + 1)
    expect(isEncodable(new RegExp(source))).toBe(false)
    expect(isEncodable(new RegExp(source.slice(1)))).toBe(true)
    expect(read(`d9524a 82 7a00010001 ${hex(source)} 60`)).toContain('a RegExp of more than 65536 characters')
    expect(read(`d9524a 82 7a00010000 ${hex(source.slice(1))} 60`)).toEqual(new RegExp(source.slice(1)))
  })
})

describe('A map', () => {
  it.each([
    ['a text twice, in an object', 'a2 6161 01 6161 02', '"a"'],
    ['a text twice, in a Map', 'd90103 a2 6161 01 6161 02', '"a"'],
    ['a number twice', 'a2 01 01 01 02', '"1"'],
    ['null twice', 'a2 f6 01 f6 02', '"null"'],
    ['bytes twice', 'a2 4101 01 4101 02', '"that is bytes, an array or a map"'],
    ['an array twice', 'a2 8101 01 8101 02', '"that is bytes, an array or a map"'],
  ])('with %s as a key is refused', (_, digits, key) => {
    expect(refusal(() => read(digits))).toBe(`Invalid CBOR: a map has the repeat map key ${key}.`)
  })

  it('has bytes, arrays and maps as keys, in the order of their lengths, then of their bytes', () => {
    const entries: readonly (readonly [unknown, number])[] = [
      [7, 1],
      [null, 2],
      [bytesOf(1), 3],
      [bytesOf(2), 4],
      [[1], 5],
      ['bb', 6],
    ]
    const digits = 'a6 07 01 f6 02 4101 03 4102 04 8101 05 626262 06'
    expect(written(new Map(entries.toReversed()))).toBe(digits.replaceAll(' ', ''))
    const map = read(digits) as ReadonlyMap<unknown, unknown>
    expect([...map]).toStrictEqual(entries)
  })
})

describe('The writer', () => {
  it.each([
    [2n ** 53n, '1b0020000000000000'],
    [-(2n ** 53n), '3b001fffffffffffff'],
    [2n ** 64n - 1n, '1bffffffffffffffff'],
    [-(2n ** 64n), '3bffffffffffffffff'],
  ])('gives no tag to a bigint that no number could be mistaken for: %s', (value, digits) => {
    expect(written(value)).toBe(digits)
  })

  it('makes room for a short text', () => {
    const writer = new ValueWriter(8)
    writer.text('a'.repeat(9))
    writer.text('é')
    expect(writer.take().toString('latin1')).toBe(`i${'a'.repeat(9)}bÃ©`)
  })

  it('writes -0 as a float, and encoded CBOR as it is, with its items', () => {
    const writer = new ValueWriter()
    writer.value([-0, 0, new EncodedCbor(Buffer.from('820102', 'hex'))])
    expect(writer.take().toString('hex')).toBe('83f9800000820102')
    expect(writer.items).toBe(3 + 2)
  })

  it.each([
    ['a function', () => {}, 'a value cannot be encoded'],
    ['a response', new Response(), 'a value cannot be encoded'],
    ['a short text with a lone surrogate', '\ud800', 'a text has a lone surrogate'],
    ['a long text with a lone surrogate', `${'a'.repeat(2_000)}\ud800`, 'a text has a lone surrogate'],
    ['a hole', [Array(1)], 'an array has a hole'],
    ['a Uint8Array that was transferred', transferred(), 'a value cannot be encoded'],
    [
      'two keys with the same bytes',
      new Map([
        [[1], 1],
        [[1], 2],
      ]),
      'two keys of a map have the same encoding',
    ],
  ])('refuses %s', (_, value, why) => {
    expect(refusal(() => written(value))).toBe(why)
  })

  function transferred(): Uint8Array {
    const bytes = bytesOf(1)
    structuredClone(bytes, { transfer: [bytes.buffer] })
    return bytes
  }
})

describe('A class that this version of Node.js lacks', () => {
  it('leaves out the value, and the message says so', () => {
    vi.stubGlobal('Float16Array', undefined)
    onTestFinished(() => void vi.unstubAllGlobals())
    expect(read('d854 42 003c')).toBe('it has an invalid value: this version of Node.js has no Float16Array')
  })
})

describe('A key __proto__', () => {
  it('is a property like any other', () => {
    const value = read('a2 6161 01 69 5f5f70726f746f5f5f 02') as object
    expect(Object.getOwnPropertyDescriptor(value, '__proto__')).toEqual({
      value: 2,
      configurable: true,
      enumerable: true,
      writable: true,
    })
  })
})

describe('Sets and maps with tags', () => {
  it.each([
    ['sets', 'd90102 81', (inner: unknown) => new Set([inner])],
    ['maps', 'd90103 a1 6161', (inner: unknown) => new Map([['a', inner]])],
  ])('are as deep as other values: %s', (_, head, wrap) => {
    const bytes = (levels: number) => `${head.replaceAll(' ', '').repeat(levels)}01`
    const deepest = nested(MAX_NESTING, wrap)
    expect(written(deepest)).toBe(bytes(MAX_NESTING))
    expect(refusal(() => written(wrap(deepest)))).toBe(`it is nested more than ${MAX_NESTING} levels deep.`)
    expect(written(read(bytes(MAX_NESTING)))).toBe(bytes(MAX_NESTING))
    expect(read(bytes(MAX_NESTING + 1))).toBe(`it is nested more than ${MAX_NESTING} levels deep.`)
  })
})

describe('The items of encoded CBOR', () => {
  const count = (digits: string, hasTags = true) => countItems(bytesFrom(digits), hasTags)

  it.each([
    ['a number', '05', 0],
    ['a text', '6161', 0],
    ['bytes', '42 0102', 3],
    ['nested arrays', '82 01 82 02 03', 4],
    ['nested maps', 'a2 6161 a1 6161 01 6162 02', 6],
    ['a date', 'c1 05', 4],
    ['an array behind a tag', 'd90102 82 01 02', 6],
    ['a typed array', 'd845 42 0100', 7],
    ['a typed array, big end first', 'd841 42 0001', 7],
    ['an object', `d81b 82 6161 05`, 34],
  ])('are as many as in the value: %s', (_, digits, items) => {
    expect(count(digits)).toBe(items)
  })

  it.each([
    ['an unknown tag', 'c6 00', 'tag 6 is not allowed'],
    ['an unknown tag below another one', 'd90102 81 c6 00', 'tag 6 is not allowed'],
    ['nothing', '', 'an item is missing at the end'],
    ['a missing element', '81', '1 items cannot fit in 0 bytes'],
    ['a missing value', 'a1 01', '2 items cannot fit in 1 bytes'],
    ['a missing item behind a tag', '82 01 c1', 'an item is missing at the end'],
    ['more than one item', '01 02 03', '2 bytes follow the item'],
  ])('are not counted if there is %s', (_, digits, why) => {
    expect(refusal(() => count(digits))).toBe(`Invalid CBOR: ${why}.`)
  })

  it('are not counted if there is a tag, for a reader without tags', () => {
    expect(count('81 01', false)).toBe(1)
    expect(refusal(() => count('c1 05', false))).toBe('Invalid CBOR: tag 1 is not allowed.')
  })

  it('are counted in a part of a buffer', () => {
    expect(countItems(bytesFrom('ff8201 02ff').subarray(1, 4), true)).toBe(2)
  })
})

describe('The items of a value with a tag', () => {
  it.each([
    ['a date', new Date(0), 4],
    ['a URL', new URL('https://a.b/c'), 16],
    ['a pattern', /a/, 16 + 2],
    ['a set of two', new Set([1, 2]), 4 + 2],
    ['a map of one', new Map([['a', 1]]), 4 + 2],
    ['a bigint', 5n, 4 + 3],
    ['a typed array', Int16Array.of(1), 4 + 3],
    ['an ArrayBuffer', new ArrayBuffer(8), 32 + 2 + 3],
    [
      'keys that are objects',
      new Map([
        [[1], 1],
        [[2], 2],
      ]),
      4 + 2 + 2,
    ],
    [
      'a key that is null',
      new Map([
        [null, 1],
        [1, 2],
      ]),
      2 * 2,
    ],
    ['one key that is an object', new Map([[[1], 1]]), 2 + 1],
  ])('count the same on both sides: %s', (_, value, items) => {
    const writer = new ValueWriter()
    writer.value(value)
    const bytes = writer.take()
    expect(writer.items).toBe(items)
    expect(decodeCbor(bytes, { level: 0, items: 0, maxItems: items, hasTags: true })).toMatchObject({
      items,
      length: bytes.length,
    })
    expect(() => decodeCbor(bytes, { level: 0, items: 0, maxItems: items - 1, hasTags: true })).toThrow(
      `more than ${items - 1} items`,
    )
  })

  it('are by tag, and for a key by its bytes', () => {
    expect([27, 21_066, 32, 1].map(itemsOf)).toEqual([32, 16, 16, 4])
    expect([0, 1, 64, 65].map(itemsOfKey)).toEqual([0, 1, 1, 2])
  })
})
