import { context, SpanKind, SpanStatusCode, trace } from '@opentelemetry/api'
import { Aggregate, CutoverError } from 'cutover'
import { childProcess, inProcess, workerThread } from 'cutover/hosts'
import { instrument } from 'cutover/otel'
import { describe, expect, it, onTestFinished, vi } from 'vitest'
import { calls, events, switches } from '../fixtures/channels.js'
import { Hosting, ID, microtasks, rejectionOf } from '../fixtures/hosting.js'
import { type Deed, guestFile } from '../fixtures/remoteHost.js'
import { Sdk } from './sdk.js'

const REMOTE = '00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01'
const OF_AGGREGATE = { 'cutover.aggregate': ID }
const ACTIVE = { ...OF_AGGREGATE, 'cutover.version': '1.0.0', 'cutover.role': 'active' }

describe('The spans of instrument()', () => {
  it('are one for each call, of kind client, with the version and the role', async () => {
    const sdk = new Sdk()
    const hosting = new Hosting()
    const runtime = await hosting.serve('1.0.0')
    const answer = hosting.aggregate.call('the secret request')
    expect(sdk.spans).toEqual([])
    runtime.answerAll(() => 'the secret answer')
    await answer
    const [span] = sdk.spans
    expect(span).toMatchObject({ name: `${ID}/call`, kind: SpanKind.CLIENT, status: { code: SpanStatusCode.UNSET } })
    const rpc = { 'rpc.system': 'cutover', 'rpc.service': ID, 'rpc.method': 'call' }
    expect(span?.attributes).toEqual({ ...rpc, ...ACTIVE })
    expect(span?.events).toEqual([])
  })

  it.each([
    ['a code of ours', new CutoverError('CUTOVER_ABORTED', 'the secret'), 'CUTOVER_ABORTED'],
    ['the name of another error', new TypeError('the secret'), 'TypeError'],
    ['no name', Object.assign(new Error('the secret'), { name: 'the secret: 1' }), '_OTHER'],
  ])('have the type of the error, %s, and never its text', async (_, error, type) => {
    const sdk = new Sdk()
    const hosting = new Hosting()
    const runtime = await hosting.serve('1.0.0')
    const failing = rejectionOf(hosting.aggregate.call('a'))
    runtime.calls[0]?.fail(error)
    expect(await failing).toBe(error)
    expect(sdk.spans[0]).toMatchObject({ status: { code: SpanStatusCode.ERROR }, attributes: { 'error.type': type } })
    expect(JSON.stringify([sdk.spans[0]?.status, sdk.spans[0]?.attributes, sdk.spans[0]?.events])).not.toContain(
      'secret',
    )
  })

  it('have no version if the call is refused', async () => {
    const sdk = new Sdk()
    const hosting = new Hosting({ waitTimeout: 0 })
    await rejectionOf(hosting.aggregate.call('a'))
    expect(sdk.spans[0]?.attributes).toEqual({
      ...{ 'rpc.system': 'cutover', 'rpc.service': ID, 'rpc.method': 'call' },
      ...OF_AGGREGATE,
      'error.type': 'CUTOVER_NO_ACTIVE_VERSION',
    })
  })

  it('belong to the active span, or to the traceparent of the call, and the runtime gets them as traceparent', async () => {
    const sdk = new Sdk()
    const hosting = new Hosting()
    const runtime = await hosting.serve('1.0.0')
    const outer = sdk.tracer.startSpan('outer')
    context.with(trace.setSpan(context.active(), outer), () => {
      hosting.aggregate.call('a')
      hosting.aggregate.call('b', { traceparent: REMOTE })
      hosting.aggregate.call('c', { traceparent: 'garbage' })
    })
    const sent = runtime.calls.map(({ options }) => options?.traceparent)
    runtime.answerAll(() => 'answer')
    await microtasks()
    const ids = sdk.spans.map(span => [span.spanContext().traceId, span.parentSpanContext?.spanId])
    const { traceId, spanId } = outer.spanContext()
    expect(ids).toEqual([
      [traceId, spanId],
      [REMOTE.slice(3, 35), REMOTE.slice(36, 52)],
      [traceId, spanId],
    ])
    expect(sent).toEqual(sdk.spans.map(span => `00-${span.spanContext().traceId}-${span.spanContext().spanId}-01`))
  })

  const module = guestFile('versatile')
  it.each([
    ['in-process', inProcess({ module })],
    ['in a thread', workerThread({ module })],
    ['in a process', childProcess({ module })],
  ])('reach the module, %s', async (_, host) => {
    const sdk = new Sdk()
    await using aggregate = new Aggregate<Deed, unknown>({ id: 'traced' })
    aggregate.addVersion('1.0.0', host.provision({ id: 'traced', version: '1.0.0' }))
    aggregate.start()
    await aggregate.setVersion('1.0.0')
    const received = await aggregate.call({ do: 'traceparent' })
    const { traceId, spanId } = sdk.spans[0]?.spanContext() ?? { traceId: '', spanId: '' }
    expect(received).toBe(`00-${traceId}-${spanId}-01`)
  })

  it('without an SDK pass on the traceparent of the call, and give none to others', async () => {
    const instrumented = instrument()
    onTestFinished(() => instrumented[Symbol.dispose]())
    const hosting = new Hosting()
    const runtime = await hosting.serve('1.0.0')
    hosting.aggregate.call('a', { traceparent: REMOTE })
    hosting.aggregate.call('b')
    expect(runtime.calls.map(({ options }) => options?.traceparent)).toEqual([REMOTE, undefined])
  })
})

describe('The metrics of instrument()', () => {
  it('count the calls that wait, those in flight by version and role, and their durations in s', async () => {
    const sdk = new Sdk()
    const now = vi.spyOn(performance, 'now').mockReturnValue(1_000)
    const hosting = new Hosting()
    const answers = [hosting.aggregate.call('a'), hosting.aggregate.call('b')]
    expect(await sdk.points('cutover.call.waiting')).toEqual([[OF_AGGREGATE, 2]])
    expect(await sdk.points('cutover.call.active')).toEqual([])
    const runtime = await hosting.serve('1.0.0')
    expect(await sdk.points('cutover.call.waiting')).toEqual([[OF_AGGREGATE, 0]])
    expect(await sdk.points('cutover.call.active')).toEqual([[ACTIVE, 2]])
    now.mockReturnValue(1_250)
    runtime.answerAll(() => 'answer')
    await Promise.all(answers)
    now.mockRestore()
    expect(await sdk.points('cutover.call.active')).toEqual([[ACTIVE, 0]])
    expect(await sdk.points('cutover.call.duration')).toEqual([[ACTIVE, 2]])
    expect(await sdk.sumOf('cutover.call.duration')).toEqual(['s', 0.5])
  })

  it('count failed calls by the type of their error', async () => {
    const sdk = new Sdk()
    const hosting = new Hosting({ waitTimeout: 0 })
    await rejectionOf(hosting.aggregate.call('a'))
    const failed = { ...OF_AGGREGATE, 'error.type': 'CUTOVER_NO_ACTIVE_VERSION' }
    expect(await sdk.points('cutover.call.duration')).toEqual([[failed, 1]])
  })

  it('count the pauses of switches in s, and the crashes of hosts', async () => {
    const sdk = new Sdk()
    const hosting = new Hosting()
    const runtime = await hosting.serve('1.0.0')
    runtime.emitStopped(new Error('out of memory'))
    runtime.emitStarted()
    expect(await sdk.points('cutover.host.restarts')).toEqual([[ACTIVE, 1]])
    hosting.addWilling('2.0.0')
    await hosting.aggregate.setVersion('1.0.0', '2.0.0')
    await hosting.aggregate.swap()
    const switchesTo = (version: string) => [{ ...OF_AGGREGATE, 'cutover.version': version }, 1]
    expect(await sdk.points('cutover.switch.duration')).toEqual([switchesTo('1.0.0'), switchesTo('2.0.0')])
    expect(await sdk.sumOf('cutover.switch.duration')).toMatchObject(['s', expect.closeTo(0, 1)])
    expect(await sdk.points('cutover.host.restarts')).toHaveLength(1)
  })
})

describe('instrument()', () => {
  it('leaves no subscriber and no open span after it was disposed of, a second time too', async () => {
    const sdk = new Sdk()
    const hosting = new Hosting()
    const runtime = await hosting.serve('1.0.0')
    const answer = hosting.aggregate.call('a')
    for (let i = 0; i < 2; i++) sdk.instrumented[Symbol.dispose]()
    expect([calls, switches, events].map(({ hasSubscribers }) => hasSubscribers)).toEqual([false, false, false])
    expect(sdk.spans).toHaveLength(1)
    expect(await sdk.points('cutover.call.active')).toEqual([])
    runtime.answerAll(() => 'answer')
    expect(await answer).toBe('answer')
    expect(sdk.spans).toHaveLength(1)
  })

  it('leaves out the end of calls that began before it', async () => {
    const hosting = new Hosting()
    const runtime = await hosting.serve('1.0.0')
    const answer = hosting.aggregate.call('a')
    const sdk = new Sdk()
    runtime.answerAll(() => 'answer')
    await answer
    expect(sdk.spans).toEqual([])
    expect(sdk.diagnosed).toEqual([])
  })

  it('breaks no call, and does not end the process, if the SDK throws', async () => {
    const sdk = new Sdk()
    const hosting = new Hosting()
    const runtime = await hosting.serve('1.0.0')
    vi.spyOn(sdk.tracer, 'startSpan').mockImplementation(() => {
      throw new Error('the SDK is broken')
    })
    const answer = hosting.aggregate.call('a')
    runtime.answerAll(() => 'answer')
    expect(await answer).toBe('answer')
    expect(sdk.diagnosed).toEqual([
      ['cutover/otel: the SDK threw', expect.objectContaining({ message: 'the SDK is broken' })],
    ])
  })

  it.each([null, 5, 'text'])('refuses the options %j', options => {
    expect(() => instrument(options as never)).toThrow(expect.objectContaining({ code: 'CUTOVER_INVALID_OPTION' }))
    expect(calls.hasSubscribers).toBe(false)
  })
})
