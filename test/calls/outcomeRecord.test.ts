import { describe, expect, it } from 'vitest'
import { CallCounts } from '../../src/calls/callCounts.js'
import type { Outcome } from '../../src/calls/outcome.js'
import { needsOutcomes, type OutcomeOptions, OutcomeRecord } from '../../src/calls/outcomeRecord.js'

const reason = Object.assign(new Error('no'), { code: 'E_NO' })
const fired = { signal: AbortSignal.abort() }

/** A record of one call, with what it counts, and what its listener, its observer and its options hear. */
function recordOf(options: Partial<OutcomeOptions> = {}) {
  const counts = new CallCounts()
  const heard: (readonly unknown[])[] = []
  const listener = { ended: (outcome: Outcome, isFailure: boolean) => void heard.push(['ended', outcome, isFailure]) }
  const observed = { settled: (...args: unknown[]) => void heard.push(['settled', ...args]) }
  const isFailureThrew = (...args: unknown[]) => void heard.push(['threw', ...args])
  const all = { isFailure: undefined, durations: false, isFailureThrew, ...options }
  const record = new OutcomeRecord(all, '1.0.0', counts, observed, listener)
  const counted = () => [counts.answered, counts.cutOff, counts.givenUp, Object.fromEntries(counts.failures)]
  return { record, counts, heard, counted, alone: new OutcomeRecord(all, '1.0.0', counts, null, null) }
}

const fulfilled = { version: '1.0.0', status: 'fulfilled', value: 'yes', duration: expect.any(Number) }
const rejected = { version: '1.0.0', status: 'rejected', reason, duration: expect.any(Number) }

describe('The record of one call', () => {
  it('is of the counts that it was made for', () => {
    const { record, counts } = recordOf()
    expect([record.isIn(counts), record.isIn(new CallCounts())]).toEqual([true, false])
  })

  it('counts an answer as one, and a rejection as a failure, if nobody says otherwise', () => {
    const { record, counted, heard } = recordOf()
    expect([record.answered('yes'), record.rejected(reason, undefined)]).toEqual([false, true])
    expect(counted()).toEqual([1, 0, 0, { E_NO: 1 }])
    expect(heard).toEqual([
      ['ended', fulfilled, false],
      ['ended', rejected, true],
    ])
  })

  it('counts as isFailure says', () => {
    const { record, counted, heard } = recordOf({ isFailure: ({ status }) => status === 'fulfilled' })
    expect([record.answered('yes'), record.rejected(reason, undefined)]).toEqual([true, false])
    expect(counted()).toEqual([1, 0, 0, { answer: 1 }])
    expect(heard.map(([, , isFailure]) => isFailure)).toEqual([true, false])
  })

  it.each([
    [
      'throws',
      () => {
        throw reason
      },
      2,
    ],
    ['gives no boolean', () => 'yes' as never, 0],
  ])('counts as usual if isFailure %s', (_, isFailure, errors) => {
    const { record, heard } = recordOf({ isFailure })
    expect([record.answered('yes'), record.rejected(reason, undefined)]).toEqual([false, true])
    expect(heard.filter(([event]) => event === 'threw')).toEqual(new Array(errors).fill(['threw', '1.0.0', reason]))
  })

  it('counts a call that was given up as no failure, and does not ask isFailure', () => {
    const { record, counted, heard } = recordOf({ isFailure: () => true, durations: true })
    expect(record.rejected(reason, fired)).toBe(false)
    record.cancelled(reason)
    expect(counted()).toEqual([0, 0, 2, {}])
    expect(heard).toEqual([
      ['ended', rejected, false],
      ['ended', rejected, false],
    ])
  })

  it('counts a call that was cut off as such, and its listener hears of a failure', () => {
    const { record, counted, heard } = recordOf()
    record.cutOff(reason)
    expect(counted()).toEqual([0, 1, 0, {}])
    expect(heard).toEqual([['ended', rejected, true]])
  })

  it('tells its observer when the call has ended', () => {
    const { record, heard } = recordOf()
    record.ended(true, fired)
    expect(heard).toEqual([['settled', true, fired]])
  })

  it('counts durations if that is asked for, of calls that were answered or have failed', () => {
    const { record, counts } = recordOf({ durations: true })
    record.answered('yes')
    record.rejected(reason, undefined)
    record.rejected(reason, fired)
    record.cutOff(reason)
    expect(counts.durations?.count).toBe(2)
    const other = recordOf()
    other.record.answered('yes')
    expect(other.counts.durations).toBe(undefined)
  })

  it('needs neither a listener nor an observer', () => {
    const { alone, counted } = recordOf()
    alone.answered('yes')
    alone.rejected(reason, undefined)
    alone.rejected(reason, fired)
    alone.cancelled(reason)
    alone.cutOff(reason)
    alone.ended(false, undefined)
    expect(counted()).toEqual([1, 1, 2, { E_NO: 1 }])
  })

  it('is made only if somebody asks for outcomes', () => {
    const isFailureThrew = () => {}
    const all = [
      { isFailure: undefined, durations: false },
      { isFailure: () => true, durations: false },
      { isFailure: undefined, durations: true },
    ]
    expect(all.map(options => needsOutcomes({ ...options, isFailureThrew }))).toEqual([false, true, true])
  })
})
