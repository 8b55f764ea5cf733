import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { estimateSize } from '../../src/protocol/transports/survey.js'
import { seed } from './seed.js'

describe('estimateSize()', () => {
  it.each([
    ['nothing', undefined, 64],
    ['a number', 1, 64],
    ['a text by its length', 'x'.repeat(1_000), 64 + 1_000],
    ['an array by its elements', [1, 2, 3], 4 * 64],
    ['an object by its values', { a: 1, b: [2] }, 4 * 64],
    ['a Map by its keys and values', new Map([[1, 'ab']]), 3 * 64 + 2],
    ['a Set by its values', new Set([1, 2]), 3 * 64],
    ['a buffer by its length', new ArrayBuffer(1_000), 64 + 1_000],
    [
      'a view by its whole buffer, because the clone has all of it',
      new Uint8Array(new ArrayBuffer(1_000), 0, 1),
      64 + 1_000,
    ],
    ['a date', new Date(0), 64],
  ])('Counts %s', (_, value, bytes) => {
    expect(estimateSize(value)).toBe(bytes)
  })

  it('Visits some thousand values, and counts 8 bytes for each of the others', () => {
    const numbers = estimateSize(new Array(1_000_000).fill(0))
    expect(numbers).toBeGreaterThan(8_000_000)
    expect(numbers).toBeLessThan(9_000_000)
    const deep = estimateSize(Array.from({ length: 1_000 }, () => new Array(1_000).fill(0)))
    expect(deep).toBeGreaterThan(100_000)
  })

  it('Returns for a cycle, and for a getter that throws', () => {
    const loop: unknown[] = []
    loop.push(loop, loop)
    expect(estimateSize(loop)).toBeGreaterThan(64)
    const thrower = {
      get value(): never {
        throw new Error('not today')
      },
    }
    expect(estimateSize([thrower])).toBe(0)
  })

  it('Gives the same size for a value and for its clone', () => {
    fc.assert(
      fc.property(fc.object({ withMap: true, withSet: true, withTypedArray: true, withDate: true }), value => {
        expect(estimateSize(structuredClone(value))).toBe(estimateSize(value))
      }),
      { seed, numRuns: 2_000 },
    )
  })
})
