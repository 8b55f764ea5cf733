import { describe, expect, it } from 'vitest'
import { TrafficSplit } from '../../src/calls/trafficSplit.js'

/** The lots are the integers below this, and the fractions between them. */
const HASHES = 2 ** 32

describe('S26: the hash of a call without a key', () => {
  it.each([
    [0, 0, false],
    [0, HASHES - 1, false],
    [25, HASHES / 4 - 1, true],
    [25, HASHES / 4, false],
    [100, 0, true],
    [100, HASHES - 1, true],
  ])('with a share of %d %%: hash %d goes to the next version: %s', (percent, hash, isForNext) => {
    const split = new TrafficSplit(percent, '2.0.0')
    expect(split.isForNext(undefined, hash)).toBe(isForNext)
    expect(split.isForNext({ key: undefined }, hash)).toBe(isForNext)
  })

  it('was not drawn: the call goes to the active version', () => {
    expect(new TrafficSplit(100, '2.0.0').isForNext(undefined, undefined)).toBe(false)
  })
})
