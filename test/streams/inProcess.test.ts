import { Aggregate, type AggregateOptions, streamed } from 'cutover'
import { inProcess, type RuntimeModule } from 'cutover/hosts'
import { SimulatedClock } from 'cutover/testing'
import { describe, expect, it } from 'vitest'
import { ChannelRecorder } from '../fixtures/channels.js'
import { microtasks, rejectionOf, stateOf } from '../fixtures/hosting.js'
import { deferred } from '../fixtures/inProcessHost.js'
import { turns } from '../fixtures/turns.js'

type AnyModule = RuntimeModule<unknown, unknown>

/** An aggregate with one version in this process, on a simulated clock. */
async function serve(
  call: AnyModule['call'],
  options: Partial<AggregateOptions> = {},
  module: Partial<AnyModule> = {},
) {
  const clock = new SimulatedClock()
  const aggregate = new Aggregate({ id: 'service', clock, ...options })
  const provision = (version: string, call: AnyModule['call']) =>
    aggregate.addVersion(
      version,
      inProcess({ module: { call, ...module }, clock }).provision({ id: 'service', version }),
    )
  provision('1.0.0', call)
  aggregate.start()
  await aggregate.setVersion('1.0.0')
  await aggregate.whenRunning()
  const inFlight = () => aggregate.status().inFlight
  const metrics = (version = '1.0.0') => aggregate.metrics().versions.find(its => its.version === version)
  return { aggregate, clock, provision, inFlight, metrics }
}

/** A source that notes its end, and waits before the last chunk until it is let go. */
function noted(chunks: readonly unknown[] = ['a', 'b']) {
  const ends: string[] = []
  const gate = deferred()
  async function* source() {
    let end = 'returned'
    try {
      for (const [i, chunk] of chunks.entries()) {
        if (i === chunks.length - 1) await gate.promise
        yield chunk
      }
      end = 'finished'
    } finally {
      ends.push(end)
    }
  }
  return { source, ends, gate }
}

async function read<Chunk>(body: ReadableStream<Chunk>): Promise<Chunk[]> {
  const chunks: Chunk[] = []
  for await (const chunk of body) chunks.push(chunk)
  return chunks
}

const asBody = (value: unknown) => value as ReadableStream<unknown>

describe('streams in this process', () => {
  it('A module answers with a stream, and its caller gets a ReadableStream', async () => {
    const { source, gate } = noted()
    const { aggregate } = await serve((_, { stream }) => stream(source()))
    gate.resolve()
    const body = asBody(await aggregate.call('x'))
    expect(body).toBeInstanceOf(ReadableStream)
    expect(await read(body)).toEqual(['a', 'b'])
  })

  it('With a head, the caller gets that and the body', async () => {
    const bytes = new ReadableStream({
      start: controller => {
        controller.enqueue(new Uint8Array([1]))
        controller.close()
      },
    })
    const { aggregate } = await serve(async (_, { stream }) => stream(bytes, { status: 200 }))
    const { head, body } = (await aggregate.call('x')) as { head: unknown; body: ReadableStream<unknown> }
    expect(head).toEqual({ status: 200 })
    expect(await read(body)).toEqual([new Uint8Array([1])])
  })

  it('An async generator function answers with a stream of what it yields', async () => {
    const { aggregate, metrics } = await serve(async function* (request) {
      yield request
      yield 2
    })
    expect(await read(asBody(await aggregate.call(1)))).toEqual([1, 2])
    expect(metrics()).toMatchObject({ inFlight: 0, answered: 1 })
  })

  it('A generator that a plain function returns, and an unmarked stream, pass by reference', async () => {
    const { source } = noted()
    const generator = source()
    const { aggregate, inFlight } = await serve(() => generator)
    expect(await aggregate.call('x')).toBe(generator)
    expect(inFlight()).toBe(0)
  })

  it('A caller sends a stream, and the module gets it the same way', async () => {
    const got: unknown[] = []
    const { aggregate, metrics } = await serve(async request => {
      const { head, body } = request as { head: unknown; body: ReadableStream<unknown> }
      got.push(head, await read(body))
      return read(asBody(request)).catch(error => error.name)
    })
    const { source, gate, ends } = noted()
    gate.resolve()
    expect(await aggregate.call(streamed(source(), 'a head'))).toBe('TypeError')
    expect(got).toEqual(['a head', ['a', 'b']])
    expect([ends, metrics()]).toMatchObject([['finished'], { inFlight: 0, answered: 1 }])
  })

  it('What is no source, and a stream that somebody reads, are refused', () => {
    const locked = new ReadableStream()
    locked.getReader()
    for (const source of [undefined, 'text', [1], locked])
      expect(() => streamed(source as never)).toThrow(expect.objectContaining({ code: 'CUTOVER_INVALID_OPTION' }))
  })

  it('The call is in flight until its stream has ended, and the drain waits for it', async () => {
    const stops: string[] = []
    const { source, gate, ends } = noted()
    const service = await serve((_, { stream }) => stream(source()), {}, { stop: () => void stops.push('stop') })
    const { aggregate, inFlight, metrics } = service
    const reader = asBody(await aggregate.call('x')).getReader()
    expect(await reader.read()).toEqual({ done: false, value: 'a' })
    expect([inFlight(), metrics()?.answered]).toEqual([1, 0])
    service.provision('2.0.0', () => 'two')
    const switched = aggregate.setVersion('2.0.0')
    const waiting = aggregate.call('y')
    expect([await stateOf(switched), await stateOf(waiting), stops]).toEqual(['pending', 'pending', []])
    gate.resolve()
    expect(await reader.read()).toEqual({ done: false, value: 'b' })
    expect([await stateOf(switched), stops, ends]).toEqual(['pending', [], []])
    expect(await reader.read()).toEqual({ done: true, value: undefined })
    expect([await switched, await waiting, stops, ends]).toMatchObject([
      { active: '2.0.0' },
      'two',
      ['stop'],
      ['finished'],
    ])
    expect(metrics()).toMatchObject({ inFlight: 0, answered: 1, cutOff: 0 })
  })

  it('At drainTimeout what still flows fails with CUTOVER_VERSION_STOPPED, after what was sent', async () => {
    const { source, ends, gate } = noted()
    const { aggregate, clock, metrics } = await serve((_, { stream }) => stream(source()), { drainTimeout: 100 })
    const reader = asBody(await aggregate.call('x')).getReader()
    await reader.read()
    const next = reader.read()
    const stopped = aggregate.stop()
    clock.increment(100)
    expect(await rejectionOf(next)).toMatchObject({ code: 'CUTOVER_VERSION_STOPPED', version: '1.0.0' })
    gate.resolve()
    await stopped
    expect([ends, metrics()]).toMatchObject([['returned'], { cutOff: 1, answered: 0, inFlight: 0 }])
  })

  it('An upload that is being read at drainTimeout fails too, and its source is closed', async () => {
    const { source, ends, gate } = noted()
    const { aggregate, clock } = await serve(request => read(asBody(request)), { drainTimeout: 100 })
    const call = aggregate.call(streamed(source()))
    await microtasks()
    const stopped = aggregate.stop()
    clock.increment(100)
    expect(await rejectionOf(call)).toMatchObject({ code: 'CUTOVER_VERSION_STOPPED' })
    gate.resolve()
    await stopped
    await turns(1)
    expect(ends).toEqual(['returned'])
  })

  it('A reader that cancels ends the call, closes the source and fires the signal of the module', async () => {
    const { source, ends, gate } = noted()
    let signal: AbortSignal | undefined
    const { aggregate, metrics, inFlight } = await serve((_, context) => {
      signal = context.signal
      return context.stream(source())
    })
    const body = asBody(await aggregate.call('x'))
    const reader = body.getReader()
    await reader.read()
    await reader.cancel('enough')
    gate.resolve()
    await microtasks()
    expect([inFlight(), ends, signal?.reason]).toEqual([0, ['returned'], 'enough'])
    expect(metrics()).toMatchObject({ answered: 0, failed: 0, givenUp: 1 })
  })

  it('The signal of the call ends its stream with the reason', async () => {
    for (const callTimeout of [Number.POSITIVE_INFINITY, 1_000]) {
      const { source, ends, gate } = noted()
      let signal: AbortSignal | undefined
      const { aggregate, metrics } = await serve(
        async (_, context) => {
          signal = context.signal
          return context.stream(source())
        },
        { callTimeout },
      )
      const controller = new AbortController()
      const reader = asBody(await aggregate.call('x', { signal: controller.signal })).getReader()
      await reader.read()
      const next = reader.read()
      controller.abort(new Error('too long'))
      expect(await rejectionOf(next)).toMatchObject({ message: 'too long' })
      gate.resolve()
      await microtasks()
      expect([ends, signal?.aborted, metrics()]).toMatchObject([['returned'], true, { givenUp: 1, inFlight: 0 }])
    }
  })

  it('A stream that is the answer to a call that has ended already is closed', async () => {
    const ways = [
      ['the caller has given up', {}, ({ controller }) => controller.abort(new Error('too long'))],
      ['callTimeout has passed', { callTimeout: 100 }, ({ clock }) => void clock.increment(100)],
      ['the version was cut off', { drainTimeout: 0 }, ({ aggregate }) => void aggregate.stop()],
      ['its runtime was restarted', {}, ({ aggregate }) => void aggregate.abort({ force: true })],
    ] as const satisfies readonly (readonly [string, Partial<AggregateOptions>, (its: Ended) => void])[]
    type Ended = Pick<Awaited<ReturnType<typeof serve>>, 'aggregate' | 'clock'> & { controller: AbortController }
    for (const [way, options, end] of ways) {
      const { promise, resolve } = deferred()
      const cancelled: unknown[] = []
      const bytes = new ReadableStream({ cancel: () => void cancelled.push(way) }, { highWaterMark: 0 })
      const service = await serve(async (_, { stream }) => {
        await promise
        return stream(bytes)
      }, options)
      const controller = new AbortController()
      const answer = service.aggregate.call('x', way === 'the caller has given up' ? controller : {})
      end({ ...service, controller })
      await rejectionOf(answer)
      resolve()
      await microtasks()
      expect([cancelled, service.inFlight()]).toEqual([[way], 0])
    }
  })

  it('A proxy with a value for every key is no stream', async () => {
    const greedy = () => new Proxy({ a: 1 } as object, { get: (it, key) => Reflect.get(it, key) ?? 0 })
    const { aggregate, inFlight } = await serve(request => [request, greedy()])
    const [request, answer] = [greedy(), (await aggregate.call(greedy())) as unknown[]]
    expect(await aggregate.call(request)).toEqual([request, expect.anything()])
    expect([answer.length, inFlight()]).toEqual([2, 0])
    const { aggregate: other } = await serve(() => greedy())
    expect(await other.call('x')).toMatchObject({ a: 1 })
  })

  it('abort() interrupts the calls in flight, and not those that their listeners begin', async () => {
    let calls = 0
    const { aggregate, inFlight } = await serve(
      async (_, { signal }) => {
        calls++
        await new Promise<void>(resolve => {
          signal.addEventListener('abort', () => {
            if (calls < 100) void aggregate.call('again').catch(() => {})
            resolve()
          })
        })
      },
      { drainTimeout: 0 },
    )
    const call = aggregate.call('x')
    await microtasks()
    void aggregate.abort()
    await call
    await microtasks()
    expect([calls, inFlight()]).toEqual([2, 1])
    await aggregate.stop()
  })

  it('An upload that is interrupted gets the reason of the interruption', async () => {
    const controller = new AbortController()
    const reasons: unknown[] = []
    const upload = new ReadableStream({ cancel: reason => void reasons.push(reason) }, { highWaterMark: 0 })
    const { aggregate } = await serve((request, { stream }) => {
      read(asBody(request)).catch(() => {})
      return stream(noted().source())
    })
    await aggregate.call(streamed(upload), controller)
    await microtasks()
    controller.abort(new Error('too long'))
    expect(reasons).toMatchObject([{ message: 'too long' }])
  })

  it('callTimeout limits the answer, and not its stream', async () => {
    const { source, gate } = noted()
    const { aggregate, clock } = await serve((_, { stream }) => stream(source()), { callTimeout: 100 })
    const body = asBody(await aggregate.call('x'))
    clock.increment(1_000)
    gate.resolve()
    expect(await read(body)).toEqual(['a', 'b'])
  })

  it('What was sent before an error is read before it, and the call counts as failed', async () => {
    const { aggregate, metrics } = await serve(async function* () {
      yield 1
      throw Object.assign(new Error('no more'), { code: 'E_MORE' })
    })
    const reader = asBody(await aggregate.call('x')).getReader()
    expect((await reader.read()).value).toBe(1)
    expect(await rejectionOf(reader.read())).toMatchObject({ message: 'no more' })
    expect(metrics()).toMatchObject({ failed: 1, failures: { E_MORE: 1 }, answered: 0 })
  })

  it('A stream that nobody has begun to read is cancelled after streamTimeout, one that is being read is not', async () => {
    const sources = [noted(), noted()]
    let calls = 0
    const { aggregate, clock, inFlight } = await serve((_, { stream }) => stream(sources[calls++]?.source() as never), {
      streamTimeout: 100,
    })
    const [unread, slow] = [asBody(await aggregate.call('x')), asBody(await aggregate.call('x')).getReader()]
    await slow.read()
    clock.increment(99)
    expect(inFlight()).toBe(2)
    clock.increment(1)
    expect(inFlight()).toBe(1)
    expect(await rejectionOf(unread.getReader().read())).toMatchObject({ code: 'CUTOVER_STREAM_TIMEOUT' })
    await slow.cancel()
    expect(inFlight()).toBe(0)
  })

  it('An upload that the module does not read is cancelled when the answer has ended', async () => {
    const { source, ends } = noted()
    const cancelled: unknown[] = []
    const bytes = new ReadableStream({ cancel: () => void cancelled.push('cancelled') }, { highWaterMark: 0 })
    const { aggregate, inFlight } = await serve(() => 'ignored')
    expect(await aggregate.call(streamed(source()))).toBe('ignored')
    expect(await aggregate.call(streamed(bytes))).toBe('ignored')
    expect([inFlight(), ends, cancelled]).toEqual([0, [], ['cancelled']])
  })

  it('An upload that the module goes on reading keeps the call in flight', async () => {
    const { source, gate } = noted()
    const seen: unknown[] = []
    const { aggregate, inFlight } = await serve(request => {
      void read(asBody(request)).then(chunks => seen.push(...chunks))
      return 'accepted'
    })
    expect(await aggregate.call(streamed(source()))).toBe('accepted')
    await microtasks()
    expect(inFlight()).toBe(1)
    gate.resolve()
    await turns(1)
    expect([inFlight(), seen]).toEqual([0, ['a', 'b']])
  })

  it('An upload is closed when no version gets the call, when the module throws, and when the caller gives up', async () => {
    const hang = () => new Promise(() => {})
    for (const [call, options, stop] of [
      [hang, { waitTimeout: 0 }, true],
      [() => Promise.reject(new Error('refused')), {}, false],
      [hang, {}, false],
    ] as const) {
      const cancelled: unknown[] = []
      const bytes = new ReadableStream({ cancel: () => void cancelled.push('cancelled') }, { highWaterMark: 0 })
      const { aggregate, inFlight } = await serve(call, options)
      if (stop) await aggregate.stop()
      const controller = new AbortController()
      const answer = aggregate.call(streamed(bytes), { signal: controller.signal })
      await microtasks()
      controller.abort()
      await rejectionOf(answer)
      expect([inFlight(), cancelled]).toEqual([0, ['cancelled']])
    }
  })

  it('A request that is a stream is not propagated', async () => {
    const seen: string[] = []
    const call = (request: unknown) => {
      seen.push('one')
      return read(asBody(request))
    }
    const { aggregate, provision } = await serve(call, { propagate: () => true })
    provision('2.0.0', () => void seen.push('two'))
    await aggregate.setVersion('1.0.0', '2.0.0')
    await aggregate.whenRunning({ version: '2.0.0' })
    const { source, gate } = noted()
    gate.resolve()
    expect(await aggregate.call(streamed(source()))).toEqual(['a', 'b'])
    expect(seen).toEqual(['one'])
  })

  it('The stream of a mirrored call is cancelled, because nobody reads it', async () => {
    const { source, ends, gate } = noted()
    const { aggregate, provision, metrics } = await serve(() => 'one', { propagate: () => true })
    provision('2.0.0', (_, { stream }) => stream(source()))
    await aggregate.setVersion('1.0.0', '2.0.0')
    await aggregate.whenRunning({ version: '2.0.0' })
    await aggregate.call('x')
    gate.resolve()
    await microtasks()
    expect(ends).toEqual([])
    expect(metrics('2.0.0')?.mirrored).toMatchObject({ inFlight: 0, answered: 1 })
  })

  it('The channel tells the end of a stream as the end of its call', async () => {
    const recorder = new ChannelRecorder()
    const { aggregate } = await serve(async function* (fails) {
      yield 1
      if (fails) throw new Error('no more')
    })
    recorder.take()
    const body = asBody(await aggregate.call(false))
    expect(recorder.take()).toEqual(['start', 'end 1.0.0 active'])
    await read(body)
    expect(recorder.take()).toEqual(['asyncStart 1.0.0 active', 'asyncEnd 1.0.0 active'])
    await rejectionOf(read(asBody(await aggregate.call(true))))
    expect(recorder.take()).toContain('error 1.0.0 active')
  })

  it('An aggregate in an aggregate keeps the call in flight in both', async () => {
    const inner = new Aggregate({ id: 'service' })
    const module = {
      call: async function* () {
        yield 1
      },
    }
    inner.addVersion('1.0.0', inProcess({ module }).provision({ id: 'service', version: '1.0.0' }))
    await inner.setVersion('1.0.0')
    const outer = new Aggregate({ id: 'service' })
    outer.addVersion('1.0.0', inner)
    outer.start()
    await outer.setVersion('1.0.0')
    const inFlight = () => [outer.status().inFlight, inner.status().inFlight]
    const body = asBody(await outer.call('x'))
    expect(inFlight()).toEqual([1, 1])
    expect(await read(body)).toEqual([1])
    expect(inFlight()).toEqual([0, 0])
    await outer.dispose()
  })

  it('abort() fires the signal of a call whose stream flows', async () => {
    const { aggregate } = await serve(async function* (_, { signal }) {
      yield 1
      await new Promise(resolve => signal.addEventListener('abort', resolve))
      throw signal.reason
    })
    const reader = asBody(await aggregate.call('x')).getReader()
    await reader.read()
    const next = reader.read()
    await microtasks()
    await aggregate.abort()
    expect(await rejectionOf(next)).toMatchObject({ code: 'CUTOVER_ABORTED' })
  })

  it('A forced restart fails a stream with CUTOVER_RUNTIME_LOST', async () => {
    const { source } = noted()
    const { aggregate } = await serve((_, { stream }) => stream(source()))
    const reader = asBody(await aggregate.call('x')).getReader()
    await reader.read()
    const next = reader.read()
    void aggregate.abort({ force: true })
    expect(await rejectionOf(next)).toMatchObject({ code: 'CUTOVER_RUNTIME_LOST' })
  })
})
