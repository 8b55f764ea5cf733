import { createHash } from 'node:crypto'
import { describe, expect, it, vi } from 'vitest'
import { randomFrom } from '../fixtures/randomFrom.js'
import { answering, countOf, deviationOf, times } from './sharing.js'

const KEYS: Readonly<Record<string, (i: number) => string>> = {
  'user1, user2, …': i => `user${i}`,
  uuids: i =>
    createHash('md5')
      .update(`${i}`)
      .digest('hex')
      .replace(/^(.{8})(.{4})(.{4})(.{4})/, '$1-$2-$3-$4-'),
  emails: i => `${i.toString(36)}.${(i * 7_919) % 997}@example.org`,
  numbers: i => `${i}`,
  urls: i => `https://example.org/accounts/${i % 100}/orders/${i}?page=1`,
}

/** The same numbers in each run: three standard deviations are exceeded in one run of 370. */
const seedRandom = () => vi.spyOn(Math, 'random').mockImplementation(randomFrom(26))

describe('the share of many calls', () => {
  it('S26: of 100,000 calls, 10 % go to the next version, within three standard deviations', async () => {
    seedRandom()
    const { aggregate, askAll } = await answering()
    aggregate.setShare(10)
    expect(aggregate.status().share).toBe(10)
    const count = countOf(await askAll(times(100_000, () => undefined)))
    expect(deviationOf(count, 100_000, 0.1)).toBeLessThan(3)
  })

  it('S26: fractions of a percent count', async () => {
    seedRandom()
    const { aggregate, askAll } = await answering()
    aggregate.setShare(0.5)
    const count = countOf(await askAll(times(100_000, () => undefined)))
    expect(deviationOf(count, 100_000, 0.005)).toBeLessThan(3)
  })
})

describe('the share of many keys', () => {
  it.each(Object.entries(KEYS))(
    'S27: of 100,000 %s, 10 % go to the next version, within three standard deviations',
    async (_, key) => {
      const { aggregate, askAll } = await answering()
      aggregate.setShare(10)
      const count = countOf(await askAll(times(100_000, key)))
      expect(deviationOf(count, 100_000, 0.1)).toBeLessThan(3)
    },
  )

  it('S27: while the share grows from 1 to 100 %, no key moves back', async () => {
    const { aggregate, askAll } = await answering()
    const keys = times(1_000, i => `user${i}`)
    let before = times(1_000, () => 'active')
    for (let percent = 1; percent <= 100; percent++) {
      aggregate.setShare(percent)
      const answers = await askAll(keys)
      expect(answers.filter((answer, i) => answer === 'active' && before[i] === 'next')).toEqual([])
      before = answers
    }
    expect(countOf(before)).toBe(1_000)
  })
})
