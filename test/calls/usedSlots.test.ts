import { streamed } from 'cutover'
import { describe, expect, it } from 'vitest'
import { SharedRecord } from '../../src/calls/callRecord.js'
import { CallsInFlight } from '../../src/calls/callsInFlight.js'
import { CutoverError } from '../../src/contract/errors.js'
import { rejectionOf } from '../fixtures/hosting.js'

/** A callee whose answers the test gives, by request. */
function callee() {
  const answers = new Map<number, { resolve: (value: number) => void; reject: (error: unknown) => void }>()
  const call = (request: number) =>
    new Promise<number>((resolve, reject) => {
      answers.set(request, { resolve, reject })
    })
  return { call, answers }
}

const counted = ({ counts }: CallsInFlight<number>) => [counts.answered, counts.givenUp, counts.cutOff, counts.failures]

describe('Calls that have ended leave no trace in those after them', () => {
  it('rejectAll reaches every call, in whatever order the others have ended', async () => {
    for (const first of [0, 1, 2, 3]) {
      const inFlight = new CallsInFlight<number>()
      const { call, answers } = callee()
      const calls = [0, 1, 2, 3].map(i => inFlight.track({ call }, i, undefined))
      answers.get(first)?.resolve(first)
      expect(await calls[first]).toBe(first)
      expect([inFlight.count, inFlight.spare]).toEqual([3, 1])
      const error = new Error('gone')
      inFlight.rejectAll(error)
      const others = calls.filter((_, i) => i !== first)
      expect(await Promise.all(others.map(rejectionOf))).toEqual([error, error, error])
    }
  })

  it('the record of a call does not count the next one', async () => {
    const inFlight = new CallsInFlight<number>()
    const call = async (request: number) => request
    await inFlight.track({ call }, 1, undefined, inFlight.pinnedRecord)
    await inFlight.track({ call }, 2, undefined)
    expect([inFlight.pinned.answered, inFlight.counts.answered]).toEqual([1, 1])
  })

  it('a signal that has fired does not make the next call one that was given up', async () => {
    const inFlight = new CallsInFlight<number>()
    const call = () => Promise.reject(signal.reason)
    const signal = AbortSignal.abort(new Error('enough'))
    await rejectionOf(inFlight.track({ call }, 1, { signal }))
    expect(counted(inFlight)).toEqual([0, 1, 0, new Map()])
    await rejectionOf(inFlight.track({ call }, 2, undefined))
    expect(counted(inFlight)).toEqual([0, 1, 0, new Map([['error', 1]])])
  })

  it('exactly 256 slots are kept, of however many', async () => {
    const inFlight = new CallsInFlight<number>()
    const burst = async (size: number) => {
      const calls = Array.from({ length: size }, (_, i) => inFlight.track({ call: async () => i }, i, undefined))
      expect(inFlight.count).toBe(size)
      await Promise.all(calls)
      return inFlight.spare
    }
    expect([await burst(3), await burst(256), await burst(300), await burst(2)]).toEqual([3, 256, 256, 256])
  })
})

describe('Calls that are rejected together', () => {
  it('count by the code of the error', async () => {
    const inFlight = new CallsInFlight<number>()
    const { call } = callee()
    const lost = [1, 2].map(i => inFlight.track({ call }, i, undefined))
    inFlight.rejectAll(new CutoverError('CUTOVER_RUNTIME_LOST', 'gone'))
    await Promise.all(lost.map(rejectionOf))
    expect(counted(inFlight)).toEqual([0, 0, 0, new Map([['CUTOVER_RUNTIME_LOST', 2]])])
  })

  it('count as cut off if their version leaves', async () => {
    const inFlight = new CallsInFlight<number>()
    const { call } = callee()
    const ofOthers = new SharedRecord(inFlight.pinned)
    const lost = [null, null, ofOthers].map((record, i) => inFlight.track({ call }, i, undefined, record))
    inFlight.rejectAll(new CutoverError('CUTOVER_VERSION_STOPPED', 'gone'), true)
    await Promise.all(lost.map(rejectionOf))
    expect(counted(inFlight)).toEqual([0, 0, 2, new Map()])
    expect(inFlight.pinned.cutOff).toBe(1)
  })
})

it('The calls in flight that name their version are counted, and no others', async () => {
  const inFlight = new CallsInFlight<number>()
  const { call, answers } = callee()
  expect(inFlight.pinnedCount).toBe(0)
  const other = new SharedRecord(inFlight.counts)
  const records = [inFlight.pinnedRecord, null, inFlight.pinnedRecord, other, inFlight.pinnedRecord]
  const calls = records.map((record, i) => inFlight.track({ call }, i, undefined, record))
  expect(inFlight.pinnedCount).toBe(3)
  answers.get(2)?.resolve(2)
  await calls[2]
  expect(inFlight.pinnedCount).toBe(2)
  inFlight.rejectAll(new Error('gone'))
  await Promise.allSettled(calls)
  expect(inFlight.pinnedCount).toBe(0)
})

it('A call whose request is a stream is in flight until that has ended, though it was answered before', async () => {
  const inFlight = new CallsInFlight<string>()
  let upload: ReadableStreamDefaultReader<string> | undefined
  const call = async (request: unknown) => {
    upload = (request as ReadableStream<string>).getReader()
    return `${(await upload.read()).value}`
  }
  const source = streamed(ReadableStream.from(['a', 'b']))
  expect(await inFlight.track({ call }, source, undefined)).toBe('a')
  expect([inFlight.count, inFlight.counts.answered]).toEqual([1, 0])
  expect([await upload?.read(), await upload?.read()]).toMatchObject([{ value: 'b' }, { done: true }])
  expect([inFlight.count, inFlight.counts.answered]).toEqual([0, 1])
})
