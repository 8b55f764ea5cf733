import { describe, expect, it } from 'vitest'
import { CallCounts, isGivenUp } from '../../src/calls/callCounts.js'

const fired = { signal: AbortSignal.abort() }
const unreadable = {
  get signal(): never {
    throw new Error('a trap')
  },
}

describe('The counts of calls', () => {
  it.each([
    ['an answer', (counts: CallCounts) => void counts.answered++],
    ['a call that was cut off', (counts: CallCounts) => void counts.cutOff++],
    ['a call that was given up', (counts: CallCounts) => void counts.givenUp++],
    ['a failure', (counts: CallCounts) => counts.failed('E')],
  ])('are used after %s', (_, count) => {
    const counts = new CallCounts()
    expect([counts.isUsed, counts.failures.size, counts.durations]).toEqual([false, 0, undefined])
    count(counts)
    expect(counts.isUsed).toBe(true)
  })

  it('have a rejection as given up if its signal has fired, and else as failed, by its code', () => {
    const counts = new CallCounts()
    expect(counts.rejected(new Error('no'), fired)).toBe(false)
    const errors = [{ code: 'E_A' }, { code: 'E_A' }, { code: 'x'.repeat(64) }, { code: 'x'.repeat(65) }, { code: 5 }]
    const others = [
      { code: '' },
      new Error('no'),
      null,
      'a text',
      Object.defineProperty({}, 'code', { get: () => unreadable.signal }),
    ]
    for (const error of [...errors, ...others]) expect(counts.rejected(error, {})).toBe(true)
    counts.failedAnswer()
    expect(counts.givenUp).toBe(1)
    expect(counts.failures).toEqual(
      new Map([
        ['E_A', 2],
        ['x'.repeat(64), 1],
        ['error', 7],
        ['answer', 1],
      ]),
    )
  })

  it('have further codes as one once there are 64', () => {
    const counts = new CallCounts()
    for (let i = 0; i < 66; i++) counts.failed(`E_${i}`)
    counts.failed('E_63')
    expect([counts.failures.size, counts.failures.get('error'), counts.failures.get('E_63')]).toEqual([65, 2, 2])
  })

  it('have a signal as not fired if it cannot be read', () => {
    const all = [undefined, {}, { signal: null }, { signal: new AbortController().signal }, unreadable, fired]
    expect(all.map(options => isGivenUp(options as never))).toEqual([false, false, false, false, false, true])
  })

  it('record durations from one nanosecond on, to two figures', () => {
    const counts = new CallCounts()
    for (const duration of [-1, 0, 1.5, 1.5, 1e300]) counts.took(duration)
    const durations = counts.durations
    expect([durations?.count, durations?.min]).toEqual([5, 1])
    // Two figures: 1.5 ms are known to 1 %.
    const median = Number(durations?.percentile(50))
    expect(median).toBeGreaterThanOrEqual(1.5e6)
    expect(median).toBeLessThan(1.5e6 * 1.01)
  })
})
