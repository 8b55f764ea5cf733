import { getEventListeners, once } from 'node:events'
import { describe, expect, it } from 'vitest'
import { CutoverError } from '../../src/contract/errors.js'
import type { RequestContext } from '../../src/protocol/incomingRequest.js'
import type { Body } from '../../src/protocol/messages.js'
import { rejectionOf } from '../fixtures/hosting.js'
import { connectedPair, connectionOn, type Line, logTo, socketPair } from './pair.js'

/** A promise that the test settles. */
function later<T>() {
  let resolve: (value: T) => void = () => {}
  const promise = new Promise<T>(done => {
    resolve = done
  })
  return { promise, resolve }
}

describe('Connection: calls', () => {
  it('Both sides make many calls at once, and each call gets its own answer', async () => {
    await using pair = await connectedPair()
    const payloads = Array.from({ length: 500 }, (_, i) => ({ i, text: 'é'.repeat(i) }))
    expect(await Promise.all(payloads.map(payload => pair.host.call(payload)))).toEqual(payloads)
    expect(await Promise.all(payloads.map(payload => pair.guest.call(payload)))).toEqual(payloads)
    expect(pair.host.inFlight).toBe(0)
  })

  it('A call that belongs to a trace has its context, also when it was deferred, and garbage in its place is ignored', async () => {
    const answerCall = (payload: unknown, { traceparent }: RequestContext) => [payload, traceparent]
    await using pair = await connectedPair({}, { answerCall })
    pair.host.initialized({ cutover_traceparent: true })
    const calls = Array.from({ length: 100 }, (_, i) => pair.host.call(i, { traceparent: `trace ${i}` }))
    expect(await Promise.all(calls)).toEqual(calls.map((_, i) => [i, `trace ${i}`]))
    const garbage = [{ request: 1, traceparent: 2 }, 'text', [], null, { traceparent: 'trace' }]
    const answers = garbage.map(payload => pair.host.request('RuntimeTracedCallRequest', payload))
    expect((await Promise.all(answers)).map(({ payload }) => payload)).toEqual([
      [1, undefined],
      [undefined, undefined],
      [undefined, undefined],
      [undefined, undefined],
      [undefined, 'trace'],
    ])
  })

  it('Answers may arrive in any order', async () => {
    const first = later<string>()
    await using pair = await connectedPair({}, { answerCall: payload => (payload === 1 ? first.promise : 'second') })
    const one = pair.host.call(1)
    expect(await pair.host.call(2)).toBe('second')
    first.resolve('first')
    expect(await one).toBe('first')
  })

  it('A call rejects with the error that its handler throws, at once or later', async () => {
    await using pair = await connectedPair(
      {},
      {
        answerCall: payload => {
          if (payload === 'now') throw new TypeError('now')
          return Promise.reject(new RangeError('later'))
        },
      },
    )
    expect(await rejectionOf(pair.host.call('now'))).toBeInstanceOf(TypeError)
    expect(await rejectionOf(pair.host.call('later'))).toBeInstanceOf(RangeError)
  })

  it('A thenable answers a call or another request, and its then runs once', async () => {
    let runs = 0
    const thenable = (value: unknown) => ({
      // biome-ignore lint/suspicious/noThenProperty: a promise of another library
      then: (resolve: (value: unknown) => void) => {
        runs++
        resolve(value)
      },
    })
    const answer = () => thenable({ kind: 'Empty', payload: null }) as Promise<Body>
    await using pair = await connectedPair({}, { answerCall: thenable, answer })
    expect(await pair.host.call('a')).toBe('a')
    expect(await pair.host.request('RuntimePingRequest', null)).toEqual({ kind: 'Empty', payload: null })
    expect(runs).toBe(2)
  })

  it('A call rejects if its request or answer cannot be encoded, and other calls go on', async () => {
    await using pair = await connectedPair({}, { answerCall: payload => (payload === 1 ? () => 1 : payload) })
    expect(await rejectionOf(pair.host.call(() => 1))).toMatchObject({ message: /payload is a function/ })
    expect(await rejectionOf(pair.host.call(1))).toMatchObject({ message: /RuntimeCallResponse cannot be encoded/ })
    expect(await pair.host.call(2)).toBe(2)
    expect(pair.host.inFlight).toBe(0)
  })

  it('Calls wait in the queue until the connection is ready, and leave in order', async () => {
    const [near, far] = await socketPair()
    const seen: unknown[] = []
    const guest = connectionOn(far, 'guest', { answerCall: payload => void seen.push(payload) })
    const host = connectionOn(near, 'host')
    const calls = [host.call(1), host.call(2)]
    guest.open()
    host.open()
    calls.push(host.call(3))
    expect([host.waiting, host.inFlight, host.state]).toEqual([3, 0, 'initializing'])
    host.initialized()
    expect([host.waiting, host.inFlight, host.state]).toEqual([0, 3, 'ready'])
    await Promise.all(calls)
    expect(seen).toEqual([1, 2, 3])
    host.close(new Error('over'))
    await once(far, 'close')
    expect(guest.state).toBe('closed')
  })

  it('Calls above maxInFlight wait in order, calls above maxWaitingCalls reject, and requests pass the queue', async () => {
    const gate = later<void>()
    const seen: unknown[] = []
    const answerCall = async (payload: unknown) => {
      seen.push(payload)
      await gate.promise
    }
    const answer = () => ({ kind: 'Empty', payload: null })
    await using pair = await connectedPair({ maxInFlight: 2, maxWaitingCalls: 2 }, { answerCall, answer })
    const controller = new AbortController()
    const calls = [1, 2, 3].map(payload => pair.host.call(payload))
    const aborted = pair.host.call(4, { signal: controller.signal })
    expect(await rejectionOf(pair.host.call(5))).toMatchObject({ code: 'CUTOVER_TOO_MANY_WAITING_CALLS' })
    expect([pair.host.inFlight, pair.host.waiting]).toEqual([2, 2])
    expect(await pair.host.request('RuntimePingRequest', null)).toEqual({ kind: 'Empty', payload: null })
    controller.abort('enough')
    expect(await rejectionOf(aborted)).toBe('enough')
    expect(getEventListeners(controller.signal, 'abort')).toEqual([])
    expect(pair.host.waiting).toBe(1)
    gate.resolve()
    await Promise.all(calls)
    expect(seen).toEqual([1, 2, 3])
  })

  it('A host answers calls of its guest above maxHostRequests with an error at once', async () => {
    const gate = later<string>()
    await using pair = await connectedPair({ answerCall: () => gate.promise }, { maxInFlight: 20_000 })
    const all = Array.from({ length: 10_000 }, (_, i) => pair.guest.call(i))
    expect(await rejectionOf(pair.guest.call('more'))).toMatchObject({
      message: /More than 10000 requests are unanswered/,
    })
    gate.resolve('one')
    expect(new Set(await Promise.all(all))).toEqual(new Set(['one']))
  })
})

describe('Connection: the memory of unanswered guest requests', () => {
  const payload = new Uint8Array(1_000)

  it('A request beyond maxHostRequestBytes ends the connection, and the error says how to allow it', async () => {
    const lines: Line[] = []
    const never = () => new Promise(() => {})
    await using pair = await connectedPair({ maxHostRequestBytes: 2_500, logger: logTo(lines), answerCall: never })
    const calls = Array.from({ length: 4 }, () => rejectionOf(pair.guest.call(payload)))
    const mine = rejectionOf(pair.host.call('mine'))
    for (const error of await Promise.all(calls)) expect(error).toMatchObject({ code: 'CUTOVER_RUNTIME_LOST' })
    expect(await mine).toMatchObject({
      code: 'CUTOVER_RUNTIME_LOST',
      message: expect.stringMatching(/more than 2500 bytes \(maxHostRequestBytes\).*raise maxHostRequestBytes\.$/),
    })
  })

  it('Each answer frees the memory of its request, also after a cancel or an interrupt', async () => {
    const gates: ((value: unknown) => void)[] = []
    const answerCall = (_: unknown, { signal }: { readonly signal: AbortSignal }) =>
      new Promise((resolve, reject) => {
        gates.push(resolve)
        signal.addEventListener('abort', () => reject(signal.reason))
      })
    await using pair = await connectedPair({ maxHostRequestBytes: 2_500, answerCall })
    for (let round = 0; round < 5; round++) {
      const controller = new AbortController()
      const calls = [pair.guest.call(payload, { signal: controller.signal }), pair.guest.call(payload)]
      const outcomes = Promise.allSettled(calls)
      while (gates.length < 2) await once(pair.near, 'data')
      controller.abort()
      gates[1]?.('answered')
      expect((await outcomes).map(({ status }) => status)).toEqual(['rejected', 'fulfilled'])
      gates.length = 0
    }
    expect(pair.host.state).toBe('ready')
  })

  it('A guest that knows the limit queues its calls, and sends them as answers arrive', async () => {
    let [open, most] = [0, 0]
    const answerCall = async () => {
      most = Math.max(most, ++open)
      await new Promise(setImmediate)
      open--
    }
    await using pair = await connectedPair({ maxHostRequestBytes: 2_500, answerCall }, { maxInFlightBytes: 2_500 })
    await Promise.all(Array.from({ length: 20 }, () => pair.guest.call(payload)))
    expect(most).toBeLessThanOrEqual(3)
    expect(pair.host.state).toBe('ready')
  })

  it('A request that cannot be sent frees its memory', async () => {
    await using pair = await connectedPair({}, { maxInFlightBytes: 500 })
    for (let i = 0; i < 3; i++) {
      expect(await rejectionOf(pair.guest.call([payload, () => {}]))).toMatchObject({ code: 'CUTOVER_INVALID_REQUEST' })
    }
    expect(await pair.guest.call('small')).toBe('small')
    expect(pair.guest.waiting).toBe(0)
  })
})

describe('Connection: an aborted call', () => {
  it('An aborted call rejects at once, the other side gets a cancel, and its late answer is dropped', async () => {
    const told = later<unknown>()
    const gate = later<string>()
    const lines: Line[] = []
    await using pair = await connectedPair(
      { logger: logTo(lines) },
      {
        answerCall: (payload, context) => {
          if (payload !== 'long') return payload
          context.signal.addEventListener('abort', () => told.resolve(context.signal.reason))
          return gate.promise
        },
      },
    )
    const controller = new AbortController()
    const call = pair.host.call('long', { signal: controller.signal })
    const reason = new Error('enough')
    controller.abort(reason)
    expect(await rejectionOf(call)).toBe(reason)
    expect(pair.host.inFlight).toBe(1)
    expect(await told.promise).toMatchObject({ name: 'Error', message: 'enough' })
    gate.resolve('late')
    expect(await pair.host.call('next')).toBe('next')
    expect(pair.host.inFlight).toBe(0)
    expect(lines).toEqual([])
    expect(getEventListeners(controller.signal, 'abort')).toEqual([])
  })

  it('A call with an aborted signal is not sent', async () => {
    await using pair = await connectedPair()
    expect(await rejectionOf(pair.host.call(1, { signal: AbortSignal.abort('no') }))).toBe('no')
    expect(pair.host.inFlight).toBe(0)
  })
})

describe('Connection: closing', () => {
  it('close() rejects calls in flight and queued calls with its reason, fires signals, and is final', async () => {
    const interrupted = later<unknown>()
    const reasons: Error[] = []
    await using pair = await connectedPair(
      { maxInFlight: 1, closed: error => void reasons.push(error) },
      {
        answerCall: (_, { signal }) => {
          signal.addEventListener('abort', () => interrupted.resolve(signal.reason))
          return new Promise(() => {})
        },
      },
    )
    const calls = [pair.host.call(1), pair.host.call(2)]
    const reason = new Error('The process died.')
    pair.host.close(reason)
    pair.host.close(new Error('again'))
    expect(await Promise.all(calls.map(rejectionOf))).toEqual([reason, reason])
    expect(await interrupted.promise).toMatchObject({ code: 'CUTOVER_RUNTIME_LOST' })
    expect(await rejectionOf(pair.host.call(3))).toBe(reason)
    expect(await rejectionOf(pair.host.request('RuntimePingRequest', null))).toBe(reason)
    expect(reasons).toEqual([reason])
    expect([pair.host.state, pair.host.inFlight, pair.host.waiting]).toEqual(['closed', 0, 0])
  })

  it('If the other side closes, calls reject with CUTOVER_RUNTIME_LOST, or with the error that closed() resolves with', async () => {
    const never = () => new Promise(() => {})
    await using pair = await connectedPair({}, { answerCall: never })
    const call = pair.host.call(1)
    pair.far.destroy()
    expect(await rejectionOf(call)).toMatchObject({ code: 'CUTOVER_RUNTIME_LOST' })
    const better = new CutoverError('CUTOVER_RUNTIME_LOST', 'exit code 3')
    await using other = await connectedPair({ closed: async () => better }, { answerCall: never })
    const second = other.host.call(1)
    other.far.destroy()
    expect(await rejectionOf(second)).toBe(better)
  })

  it('close() sends pending answers first', async () => {
    const [near, far] = await socketPair()
    const guest = connectionOn(far, 'guest', { answer: () => ({ kind: 'Empty', payload: null }) })
    const host = connectionOn(near, 'host')
    for (const side of [host, guest]) side.open()
    const asked = host.request('RuntimeShutdownRequest', null)
    far.once('data', () => guest.close(new Error('It was asked to.')))
    expect(await asked).toEqual({ kind: 'Empty', payload: null })
    await once(near, 'close')
    expect(host.state).toBe('closed')
  })
})

describe('Connection: a broken guest', () => {
  const frame = (...bytes: number[]) => Buffer.from([0, 0, 0, bytes.length, ...bytes])
  it.each([
    ['a frame of length 0', Buffer.alloc(4), /the length 0/],
    ['a frame that is too large', Buffer.from([1, 0, 0, 1]), /larger than maxFrameBytes/],
    ['half a frame', Buffer.from([0, 0, 1, 0, 1, 2]), /inside a frame/],
    ['invalid CBOR', frame(0xff, 1, 2, 3), /CBOR/],
    ['a number instead of a message', frame(1), /message must be a map/],
    ['an HTTP request', Buffer.from('GET / HTTP/1.1\r\n\r\n'), /larger than maxFrameBytes/],
  ])('%s closes the connection, and calls reject with the cause', async (_, bytes, why) => {
    const [near, far] = await socketPair()
    const host = connectionOn(near, 'host')
    host.open()
    host.initialized()
    const call = host.call(1)
    far.end(bytes)
    const error = await rejectionOf(call)
    expect(error).toMatchObject({ code: 'CUTOVER_RUNTIME_LOST', cause: { message: expect.stringMatching(why) } })
    expect(host.state).toBe('closed')
    far.destroy()
  })

  it('Logs the first unmatched answer, and the number of all when it closes', async () => {
    const lines: Line[] = []
    const [near, far] = await socketPair()
    const host = connectionOn(near, 'host', { logger: logTo(lines) })
    const { MessageWriter } = await import('../../src/protocol/transports/messageWriter.js')
    const writer = new MessageWriter()
    host.open()
    host.initialized()
    const call = host.call('a')
    for (const id of [99, 1, 1, 2n ** 63n]) writer.add(id, 2, 'RuntimeCallResponse', `answer ${id}`)
    far.write(writer.take())
    expect(await call).toBe('answer 1')
    const second = host.call('b')
    writer.add(2, 2, 'RuntimePingRequest', null)
    far.write(writer.take())
    expect(await rejectionOf(second)).toMatchObject({ message: /RuntimePingRequest.*RuntimeCallResponse/ })
    host.close(new Error('over'))
    expect(lines).toEqual([
      { level: 'warn', message: 'ignored an answer that matches no pending request' },
      { level: 'warn', message: 'ignored answers that match no pending request' },
    ])
    far.destroy()
  })
})

describe('Connection: back-pressure', () => {
  it('Calls wait while the other side does not read, and leave when it reads', async () => {
    await using pair = await connectedPair()
    pair.far.pause()
    const payload = new Uint8Array(512 * 1024)
    const calls = Array.from({ length: 20 }, () => pair.host.call(payload))
    // The first batch is unsent now, so all further calls wait.
    await Promise.resolve()
    await new Promise(process.nextTick)
    const more = Array.from({ length: 20 }, () => pair.host.call(payload))
    expect(pair.host.waiting).toBeGreaterThanOrEqual(20)
    expect(pair.near.writableLength).toBeLessThan(20 * 1024 * 1024)
    pair.far.resume()
    expect(await Promise.all([...calls, ...more])).toHaveLength(40)
  })

  it('More unsent bytes than maxBufferedBytes end the connection', async () => {
    await using pair = await connectedPair({ maxBufferedBytes: 1024 * 1024 })
    pair.far.pause()
    const error = await rejectionOf(pair.host.call(new Uint8Array(8 * 1024 * 1024)))
    expect(error).toMatchObject({ code: 'CUTOVER_RUNTIME_LOST', message: /does not read/ })
  })
})

describe('Connection: a raw call', () => {
  it('A raw call sends its body as it is, and resolves with the body of the answer', async () => {
    const answer = (kind: string, payload: unknown) => ({ kind: `${kind}Answer`, payload })
    await using pair = await connectedPair({}, { answer })
    expect(await pair.host.callRaw({ RuntimeExecute: [1] })).toEqual({ RuntimeExecuteAnswer: [1] })
    for (const body of [{}, { a: 1, b: 2 }, undefined as never]) {
      expect(await rejectionOf(pair.host.callRaw(body))).toMatchObject({ code: 'CUTOVER_INVALID_REQUEST' })
    }
  })
})
