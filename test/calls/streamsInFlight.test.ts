import { streamed } from 'cutover'
import { describe, expect, it } from 'vitest'
import type { CallRecord } from '../../src/calls/callRecord.js'
import { CallsInFlight } from '../../src/calls/callsInFlight.js'
import { flowOf } from '../../src/streams/index.js'
import { rejectionOf } from '../fixtures/hosting.js'

const enough = new Error('enough')

function stream(): AsyncIterable<string> {
  return streamed(
    (async function* () {
      yield 'a'
    })(),
  ) as unknown as AsyncIterable<string>
}

/** A record that says what it hears. */
function hearing(isFailure = false) {
  const heard: unknown[] = []
  const record: CallRecord = {
    isIn: () => false,
    answered: () => {
      heard.push('answered')
      return isFailure
    },
    rejected: reason => {
      heard.push(['rejected', reason])
      return true
    },
    cancelled: reason => void heard.push(['cancelled', reason]),
    cutOff: reason => void heard.push(['cut off', reason]),
    ended: failed => void heard.push(['ended', failed]),
  }
  return { heard, record }
}

const counted = ({ counts, count }: CallsInFlight<unknown>) => [
  count,
  counts.answered,
  counts.givenUp,
  counts.failures.size,
]

describe.each([
  ['with a record', true],
  ['without a record', false],
])('A call that is answered with a stream, %s', (_, hasRecord) => {
  /** Makes the call; gives its stream as its caller gets it. */
  async function answered() {
    const calls = new CallsInFlight<unknown>()
    const { heard, record } = hearing()
    const given = await calls.track({ call: () => stream() }, 'a', undefined, hasRecord ? record : null)
    expect(calls.count).toBe(1)
    return { calls, heard, body: given as ReadableStream<string>, flow: flowOf(given) }
  }

  it('is answered once that was read', async () => {
    const { calls, heard, body } = await answered()
    for await (const chunk of body) expect(chunk).toBe('a')
    expect(hasRecord ? heard : counted(calls)).toEqual(hasRecord ? ['answered', ['ended', false]] : [0, 1, 0, 0])
    expect(calls.count).toBe(0)
  })

  it('is given up if its caller cancels that', async () => {
    const { calls, heard, body } = await answered()
    await body.cancel(enough)
    const ended = [
      ['cancelled', enough],
      ['ended', false],
    ]
    expect(hasRecord ? heard : counted(calls)).toEqual(hasRecord ? ended : [0, 0, 1, 0])
    expect(calls.count).toBe(0)
  })

  it('has failed if that fails', async () => {
    const { calls, heard, flow } = await answered()
    flow?.stop('failed', enough)
    const ended = [
      ['rejected', enough],
      ['ended', true],
    ]
    expect(hasRecord ? heard : counted(calls)).toEqual(hasRecord ? ended : [0, 0, 0, 1])
    expect(calls.count).toBe(0)
  })

  it('has failed if all calls are rejected, and so has the stream', async () => {
    const { calls, heard, flow } = await answered()
    calls.rejectAll(enough, hasRecord)
    const ended = [
      ['cut off', enough],
      ['ended', true],
    ]
    expect(hasRecord ? heard : counted(calls)).toEqual(hasRecord ? ended : [0, 0, 0, 1])
    expect(flow?.end).toEqual({ status: 'failed', reason: enough })
  })
})

describe('A stream as the request of a call', () => {
  it.each([
    [
      'fails, if the call fails',
      (calls: CallsInFlight<unknown>) => calls.track({ call: () => Promise.reject(enough) }, stream(), undefined),
    ],
    [
      'fails, if all calls are rejected',
      (calls: CallsInFlight<unknown>) => {
        const call = calls.track({ call: () => new Promise(() => {}) }, stream(), undefined)
        calls.rejectAll(enough)
        return call
      },
    ],
  ])('%s', async (_, make) => {
    const calls = new CallsInFlight<unknown>()
    let flow: ReturnType<typeof flowOf>
    const track = calls.track.bind(calls)
    calls.track = (callee, request, options, record) => {
      flow = flowOf(request)
      return track(callee, request, options, record)
    }
    expect(await rejectionOf(make(calls))).toBe(enough)
    expect(flow?.end).toEqual({ status: 'failed', reason: enough })
  })
})

it('A mirrored call that is answered with a stream reads nothing of it, and is answered', async () => {
  const calls = new CallsInFlight<unknown>()
  const answer = stream()
  calls.trackUnheard({ call: () => answer }, 'a', undefined, null, () => {})
  await new Promise(setImmediate)
  expect(counted(calls)).toEqual([0, 1, 0, 0])
  expect(flowOf(answer)?.end).toEqual({ status: 'cancelled', reason: undefined })
})
