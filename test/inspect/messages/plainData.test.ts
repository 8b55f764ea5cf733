import { describe, expect, it } from 'vitest'
import { toPlainData } from '../../../src/inspect/messages/plainData.js'

const LIMITS = { depth: 5, items: 4, characters: 20, total: 1_000 }
const shown = (value: unknown) => toPlainData(value, LIMITS)?.plain

const cyclic: Record<string, unknown> = { name: 'a' }
cyclic['self'] = { cyclic }

class OddDate extends Date {
  override toISOString() {
    return cyclic as unknown as string
  }
}

const revoked = Proxy.revocable({}, {})
revoked.revoke()

const CASES: readonly (readonly [name: string, value: unknown, expected: unknown])[] = [
  ['plain data', { a: [1, 'b', true, null] }, { a: [1, 'b', true, null] }],
  ['a function', function add() {}, '[Function add]'],
  ['a symbol', Symbol('s'), '[Symbol(s)]'],
  ['a BigInt', 12n, '12n'],
  ['a huge BigInt', 10n ** 5_000n, '[BigInt]'],
  ['numbers that JSON cannot hold', [Number.NaN, Number.POSITIVE_INFINITY], ['[NaN]', '[Infinity]']],
  ['undefined in a list', [undefined], [null]],
  ['a Date', new Date(0), '1970-01-01T00:00:00.000Z'],
  ['an invalid Date', new Date('x'), '[Invalid Date]'],
  ['a subclass of Date that overrides its methods', new OddDate(0), '1970-01-01T00:00:00.000Z'],
  ['an Error', new TypeError('no', { cause: 7 }), { name: 'TypeError', message: 'no', cause: 7 }],
  ['a Map', new Map([[{ k: 1 }, 'v']]), { '[Map 1]': [[{ k: 1 }, 'v']] }],
  ['a large Set', new Set([1, 2, 3, 4, 5, 6]), { '[Set 6]': [1, 2, 3, 4, '[2 more]'] }],
  ['bytes', new Uint8Array([1, 255]), '[Uint8Array of 2 bytes: 01ff]'],
  ['many bytes', new ArrayBuffer(40), `[ArrayBuffer of 40 bytes: ${'00'.repeat(32)}…]`],
  ['a pattern', /a+/g, '/a+/g'],
  ['a promise', Promise.resolve(1), '[Promise]'],
  ['something with toJSON', new URL('http://a/'), 'http://a/'],
  ['a cycle', cyclic, { name: 'a', self: { cyclic: '[Circular]' } }],
  ['the same object twice', [LIMITS.depth, [{}], [{}]], [5, [{}], [{}]]],
  ['a long text', 'x'.repeat(30), `${'x'.repeat(20)}… [truncated: 30 characters]`],
  ['many entries', { a: 1, b: 2, c: 3, d: 4, e: 5 }, { a: 1, b: 2, c: 3, d: 4, '…': '[1 more]' }],
  ['a deep object', [[[[[[1]]]]]], [[[[['[Array]']]]]]],
  ['a revoked proxy', { proxy: revoked.proxy }, { proxy: '[not readable]' }],
  ['a key __proto__ from JSON.parse', JSON.parse('{"__proto__":{"a":1}}'), JSON.parse('{"__proto__":{"a":1}}')],
]

describe('Any value becomes plain data', () => {
  it.each(CASES)('%s', (_, value, expected) => {
    expect(JSON.stringify(shown(value))).toBe(JSON.stringify(expected))
  })

  it('a getter that throws, and a toJSON that throws', () => {
    const throws = () => {
      throw new Error('no')
    }
    const getter = Object.defineProperty({ b: 1 }, 'a', { get: throws, enumerable: true })
    expect(shown(getter)).toEqual({ b: 1, a: '[the getter threw]' })
    expect(shown({ odd: { toJSON: throws } })).toEqual({ odd: '[not readable]' })
  })

  it('a toJSON that returns a new object each time ends at the limit', () => {
    const endless = (): object => ({ toJSON: () => ({ next: endless() }) })
    expect(shown(endless())).toBeDefined()
  })

  it('the conversion stops soon after it exceeds the total', () => {
    const wide = Array.from({ length: 1_000 }, () => 'x'.repeat(10))
    expect(toPlainData(wide, { ...LIMITS, items: 1_000, total: 500 })).toBeUndefined()
    let read = 0
    const counted = new Proxy(wide, {
      get(target, key) {
        read++
        return Reflect.get(target, key)
      },
    })
    toPlainData(counted, { ...LIMITS, items: 1_000, total: 500 })
    expect(read).toBeLessThan(200)
  })
})
