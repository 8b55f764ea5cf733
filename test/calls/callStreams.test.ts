import { getEventListeners } from 'node:events'
import { type CallOptions, streamed } from 'cutover'
import { SimulatedClock } from 'cutover/testing'
import { describe, expect, it, vi } from 'vitest'
import { CallCounts } from '../../src/calls/callCounts.js'
import { SharedRecord } from '../../src/calls/callRecord.js'
import { CallStreams } from '../../src/calls/callStreams.js'
import { type Flow, type FlowEnd, flowOf } from '../../src/streams/index.js'

const FINISHED: FlowEnd = { status: 'finished' }
const enough = new Error('enough')

/** A stream of one chunk. */
function flow(): Flow {
  const made = flowOf(
    streamed(
      (async function* () {
        yield 'a'
      })(),
    ),
  )
  if (made === undefined) throw new Error('It is no stream.')
  return made
}

/** The streams of a call, with the ends that they report and the timers that they have set. */
function streamsOf(answer: Flow | undefined, upload: Flow | undefined, streamTimeout = 100, options?: CallOptions) {
  const clock = new SimulatedClock()
  const [set, cleared] = [vi.spyOn(clock, 'setTimeout'), vi.spyOn(clock, 'clearTimeout')]
  const ends: FlowEnd[] = []
  const limit = { streamTimeout, clock }
  const streams = new CallStreams({ answer, upload, options, limit, ended: end => ends.push(end) })
  /** How many timers were set and not cleared. */
  const timers = () => set.mock.calls.length - cleared.mock.calls.length
  return { streams, clock, timers, ends }
}

describe('The streams of a call', () => {
  it('end with the answer, when that is read', async () => {
    const answer = flow()
    const { streams, timers, ends } = streamsOf(answer, undefined)
    streams.start()
    expect(timers()).toBe(1)
    await answer.next()
    expect([timers(), ends]).toEqual([0, []])
    await answer.next()
    expect(ends).toEqual([FINISHED])
  })

  it('end with the request, if that ends after the answer', async () => {
    const [answer, upload] = [flow(), flow()]
    const { streams, ends } = streamsOf(answer, upload)
    streams.start()
    await upload.next()
    for (let i = 0; i < 2; i++) await answer.next()
    expect(ends).toEqual([])
    await upload.next()
    expect(ends).toEqual([FINISHED])
  })

  it('end at once if the answer is no stream and its request was not begun', () => {
    const upload = flow()
    const { streams, ends } = streamsOf(undefined, upload)
    streams.start()
    expect(ends).toEqual([FINISHED])
    const message = 'The call has been answered, and its request is not read any more.'
    expect(upload.end).toMatchObject({ status: 'cancelled', reason: { message } })
  })

  it('end with a request that is still read, if the answer is no stream', async () => {
    const upload = flow()
    await upload.next()
    const { streams, ends } = streamsOf(undefined, upload)
    streams.start()
    expect(ends).toEqual([])
    await upload.next()
    expect(ends).toEqual([FINISHED])
  })

  it('end together if the answer is cancelled', async () => {
    const [answer, upload] = [flow(), flow()]
    await upload.next()
    const { streams, ends } = streamsOf(answer, upload)
    streams.start()
    answer.stop('cancelled', enough)
    expect(ends).toEqual([{ status: 'cancelled', reason: enough }])
    expect(upload.end?.status).toBe('cancelled')
  })

  it('fail together, with the reason', () => {
    const [answer, upload] = [flow(), flow()]
    const { streams, ends, timers } = streamsOf(answer, upload)
    streams.start()
    streams.fail(enough)
    const failed = { status: 'failed', reason: enough }
    expect([answer.end, ends, timers()]).toEqual([failed, [failed], 0])
    const late = flow()
    const other = streamsOf(undefined, late)
    other.streams.fail(enough)
    expect(late.end).toEqual(failed)
  })
})

describe('An answer that nobody reads', () => {
  it('is cancelled after streamTimeout', () => {
    const answer = flow()
    const { streams, clock, ends } = streamsOf(answer, undefined)
    streams.start()
    clock.increment(99)
    expect(ends).toEqual([])
    clock.increment(1)
    const message = 'Nobody began to read the stream within 100 ms (streamTimeout). Read it, or cancel it.'
    expect(ends).toMatchObject([{ status: 'cancelled', reason: { code: 'CUTOVER_STREAM_TIMEOUT', message } }])
  })

  it.each([
    ['is being read', (answer: Flow) => void answer.next(), 100],
    ['has ended', (answer: Flow) => answer.stop('cancelled', enough), 100],
    ['has no limit', () => {}, Number.POSITIVE_INFINITY],
  ])('sets no timer if it %s', (_, before, streamTimeout) => {
    const answer = flow()
    before(answer)
    const { streams, timers } = streamsOf(answer, undefined, streamTimeout)
    streams.start()
    expect(timers()).toBe(0)
  })
})

describe('The signal of the caller', () => {
  it('fails the streams when it fires, and has no listener after their end', async () => {
    const controller = new AbortController()
    const answer = flow()
    const { streams, ends } = streamsOf(answer, undefined, 100, { signal: controller.signal })
    streams.start()
    expect(getEventListeners(controller.signal, 'abort')).toHaveLength(1)
    controller.abort(enough)
    expect(ends).toEqual([{ status: 'failed', reason: enough }])
    expect(getEventListeners(controller.signal, 'abort')).toEqual([])
  })

  it('fails the streams if it has fired already', () => {
    const { streams, ends } = streamsOf(flow(), undefined, 100, { signal: AbortSignal.abort(enough) })
    streams.start()
    expect(ends).toEqual([{ status: 'failed', reason: enough }])
  })
})

describe('The record of many calls', () => {
  it('counts a stream that its caller cancelled as given up, in its own counts only', () => {
    const counts = new CallCounts()
    const record = new SharedRecord(counts)
    record.cancelled()
    record.ended(false, undefined)
    expect([counts.givenUp, record.isIn(counts), record.isIn(new CallCounts())]).toEqual([1, true, false])
  })
})
