import { once } from 'node:events'
import type { RuntimeContext, RuntimeModule } from 'cutover/hosts'
import { describe, expect, it, onTestFinished } from 'vitest'
import { GuestSession, type SessionOptions } from '../../src/guest/session.js'
import { openSocket } from '../../src/protocol/transports/socketTransport.js'
import { rejectionOf } from '../fixtures/hosting.js'
import { deferred } from '../fixtures/inProcessHost.js'
import { Noted } from '../fixtures/noted.js'
import { turns } from '../fixtures/turns.js'
import { type Changes, connectionOn, socketPair } from '../protocol/pair.js'

const RUNTIME_ID = new Uint8Array(32).fill(0xab)
/** The message that Oasis Core sends. */
const RAW_INFO = {
  runtime_id: RUNTIME_ID,
  consensus_backend: '',
  consensus_protocol_version: {},
  consensus_chain_context: '',
}
const INFO = { ...RAW_INFO, id: 'tested', version: '1.0.0' }
const EMPTY = { kind: 'Empty', payload: {} }

/** The message of a request that must reject: `rejects.toThrow()` passes for any value that is no error. */
const messageOf = async (request: Promise<unknown>) => ((await rejectionOf(request)) as Error).message

/** A session of `module`, and the connection of its host. Notes what the session reports, in order. */
async function sessionOf(
  module: Partial<RuntimeModule>,
  { host = {}, ...options }: Partial<SessionOptions> & { readonly host?: Changes } = {},
) {
  const [near, far] = await socketPair()
  const happened = new Noted<string>()
  const errors: unknown[] = []
  const session = new GuestSession({
    open: openSocket(far),
    logger: {
      debug() {},
      info() {},
      warn() {},
      error(fields, message) {
        errors.push((fields as { readonly err?: unknown }).err)
        happened.add(message)
      },
    },
    limits: { maxHostRequests: 10, maxHostRequestBytes: 10_000 },
    load: async () => ({ call: request => request, ...module }),
    hostLost: () => happened.add('host lost'),
    ended: () => happened.add('ended'),
    ...options,
  })
  const connection = connectionOn(near, 'host', host)
  onTestFinished(() => {
    connection.close(new Error('The test is over.'))
    near.destroy()
    far.destroy()
  })
  session.open()
  connection.open()
  return {
    session,
    connection,
    happened,
    errors,
    near,
    /** Starts the module; calls may follow. */
    async start(info: object = INFO) {
      const answer = connection.request('RuntimeInfoRequest', info)
      connection.initialized()
      return answer
    },
  }
}

describe('A session of a guest answers', () => {
  it.each([
    ['a host of its own kind', INFO, {}, '1.0.0', { cutover_traceparent: true, cutover_streams: true }],
    [
      'a host of its own kind, for a module that hears its role',
      INFO,
      { role() {} },
      '1.0.0',
      { cutover_traceparent: true, cutover_streams: true, cutover_role: true },
    ],
    ['Oasis Core, which may refuse features', RAW_INFO, { role() {} }, '0.0.0', {}],
  ] as const)('%s with its version and its features', async (_, info, module, version, features) => {
    const { start } = await sessionOf(module)
    expect(await start(info)).toEqual({
      kind: 'RuntimeInfoResponse',
      payload: {
        protocol_version: { major: 5, minor: 1 },
        runtime_version: version,
        features,
        runtime_id: RUNTIME_ID,
      },
    })
  })

  it('with the version of its program, if that names one', async () => {
    const { start, connection } = await sessionOf({}, { version: '2.0.0' })
    expect(await start()).toMatchObject({ payload: { runtime_version: '2.0.0' } })
    expect(await connection.call('echo')).toBe('echo')
  })

  it('a ping with an empty body, also before it starts, and a request of an unknown kind with an error', async () => {
    const { connection } = await sessionOf({})
    expect(await connection.request('RuntimePingRequest', {})).toEqual(EMPTY)
    expect(await messageOf(connection.request('RuntimeDanceRequest', {}))).toBe(
      'Method not supported: RuntimeDanceRequest.',
    )
  })

  it('a second RuntimeInfoRequest and early calls with an error', async () => {
    const starts = deferred()
    const { session, connection, start } = await sessionOf({ start: () => starts.promise })
    connection.initialized()
    expect(await messageOf(connection.call('early'))).toBe('The runtime does not take calls: it is idle.')
    const info = start()
    expect(await messageOf(connection.request('RuntimeInfoRequest', INFO))).toBe(
      'The runtime got a second RuntimeInfoRequest. Send one per connection.',
    )
    expect(await messageOf(connection.call('early'))).toBe('The runtime does not take calls: it is starting.')
    expect(session.state).toBe('starting')
    starts.resolve()
    await info
    expect([await connection.call('now'), session.state]).toEqual(['now', 'up'])
  })

  it('with the error of a start that fails, and takes no calls', async () => {
    const { start, connection } = await sessionOf({ start: () => Promise.reject(new RangeError('no disk')) })
    expect(await rejectionOf(start())).toMatchObject({ name: 'RangeError', message: 'no disk' })
    expect(await messageOf(connection.call('a'))).toBe('The runtime does not take calls: it is failed.')
  })
})

describe('A session of a guest starts its module', () => {
  it.each([
    [
      'with what the host says',
      { ...INFO, local_config: { size: 3 } },
      { id: 'tested', version: '1.0.0', localConfig: { size: 3 } },
    ],
    ['with what Oasis Core says', RAW_INFO, { id: 'ab'.repeat(32), version: '0.0.0', localConfig: {} }],
  ])('%s', async (_, info, expected) => {
    const contexts: RuntimeContext[] = []
    const { start } = await sessionOf({ start: context => void contexts.push(context) })
    await start(info)
    expect(contexts).toMatchObject([expected])
    expect(contexts[0]?.localConfig).toStrictEqual(expected.localConfig)
  })

  it('and lets it call the host before it is up', async () => {
    const { start } = await sessionOf(
      {
        async start({ callHost }) {
          const answer = await callHost({ a: 1 })
          if (answer !== 'sure') throw new Error(`got ${answer}`)
        },
      },
      { host: { answerCall: request => (JSON.stringify(request) === '{"a":1}' ? 'sure' : 'what?') } },
    )
    expect(await start()).toMatchObject({ kind: 'RuntimeInfoResponse' })
  })

  it('and aborts a call to the host with the signal of the module', async () => {
    const reason = new Error('enough')
    let error: unknown
    const { start } = await sessionOf(
      {
        async start({ callHost }) {
          error = await rejectionOf(callHost('hang', { signal: AbortSignal.abort(reason) }))
        },
      },
      { host: { answerCall: () => new Promise(() => {}) } },
    )
    await start()
    expect(error).toBe(reason)
  })
})

describe('A session of a guest is asked', () => {
  it('to take a role: the module hears it before the next call', async () => {
    const heard: unknown[] = []
    const { start, connection } = await sessionOf({ role: role => void heard.push(role), call: () => heard.length })
    await start()
    const role = connection.request('RuntimeRoleRequest', { role: 'active' })
    expect(await connection.call('how many')).toBe(1)
    expect(await role).toEqual(EMPTY)
    expect(heard).toEqual(['active'])
    expect(await rejectionOf(connection.request('RuntimeRoleRequest', { role: 'boss' }))).toBeInstanceOf(TypeError)
  })

  it('to interrupt its work: its calls are aborted, and its answer waits for its abort', async () => {
    const aborts = deferred()
    let asked = 0
    const { start, connection } = await sessionOf({
      call: (_, { signal }) =>
        new Promise((_, reject) => signal.addEventListener('abort', () => reject(signal.reason))),
      abort: () => {
        asked++
        return aborts.promise
      },
    })
    await start()
    const call = rejectionOf(connection.call('hang'))
    let isAnswered = false
    const answer = connection.request('RuntimeAbortRequest', {}).finally(() => {
      isAnswered = true
    })
    expect(await call).toMatchObject({
      code: 'CUTOVER_ABORTED',
      version: '1.0.0',
      message: 'Version 1.0.0 was asked to interrupt its work. Call again.',
    })
    await connection.request('RuntimePingRequest', {})
    expect([asked, isAnswered]).toEqual([1, false])
    aborts.resolve()
    expect(await answer).toEqual({ kind: 'RuntimeAbortResponse', payload: {} })
  })

  it('to interrupt its work while it starts, or has no abort: it answers', async () => {
    const starts = deferred()
    const begun = deferred()
    let asked = 0
    const starting = await sessionOf({
      start: () => {
        begun.resolve()
        return starts.promise
      },
      abort: () => void asked++,
    })
    const info = starting.start()
    await begun.promise
    const done = { kind: 'RuntimeAbortResponse', payload: {} }
    expect(await starting.connection.request('RuntimeAbortRequest', {})).toEqual(done)
    expect(asked).toBe(0)
    starts.resolve()
    await info
    const plain = await sessionOf({})
    expect(await plain.connection.request('RuntimeAbortRequest', {})).toEqual(done)
    await plain.start()
    expect(await plain.connection.request('RuntimeAbortRequest', {})).toEqual(done)
  })

  it('to stop: it answers first, aborts its calls with a reason and sends their answers, then closes the connection', async () => {
    const { start, connection, happened, near, errors } = await sessionOf({
      call: (_, { signal }) =>
        new Promise(resolve => signal.addEventListener('abort', () => resolve(signal.reason.message))),
      stop: () => happened.add('module stops'),
    })
    await start()
    const call = connection.call('hang')
    const closed = once(near, 'close')
    expect(await connection.request('RuntimeShutdownRequest', {})).toEqual(EMPTY)
    expect(await call).toBe('The host asked the runtime to stop.')
    await closed
    await turns(2)
    expect(happened.all).toEqual(['module stops', 'ended'])
    expect(errors).toEqual([])
  })
})

describe('A session of a guest', () => {
  it('stops its module once, and its late requests reject with the reason', async () => {
    let context: RuntimeContext | undefined
    const { start, session, happened } = await sessionOf({
      start: given => {
        context = given
      },
      stop: () => happened.add('module stops'),
    })
    await start()
    session.stop(new Error('SIGTERM'))
    session.stop(new Error('again'))
    await happened.first(text => text === 'ended')
    expect(context?.signal.reason).toMatchObject({ message: 'SIGTERM' })
    expect(await rejectionOf(context?.callHost('late') ?? Promise.resolve())).toMatchObject({
      message: 'The runtime has stopped.',
    })
    expect(happened.all).toEqual(['module stops', 'ended'])
  })

  it('that loses its host logs it, and stops its module with the reason', async () => {
    let signal: AbortSignal | undefined
    const { start, near, happened, errors } = await sessionOf({
      start: context => {
        signal = context.signal
      },
      stop: () => happened.add('module stops'),
    })
    await start()
    near.destroy()
    await happened.first(text => text === 'ended')
    expect(happened.all).toEqual([
      'lost the connection to the host: the runtime stops',
      'host lost',
      'module stops',
      'ended',
    ])
    expect(errors).toMatchObject([{ code: 'CUTOVER_RUNTIME_LOST' }])
    expect(signal?.reason).toBe(errors[0])
  })

  it.each([
    [
      'a stream of what it yields, if its call is an async function*',
      async function* () {
        yield 1
        yield 2
      },
      [1, 2],
    ],
    ['anything else as it is', async () => [3], [3]],
  ])('answers with %s', async (_, call, expected) => {
    const { start, connection } = await sessionOf({ call })
    await start({ ...INFO, features: { cutover_streams: true } })
    connection.initialized({ cutover_streams: true })
    const items: unknown[] = []
    for await (const item of (await connection.call('a')) as AsyncIterable<unknown>) items.push(item)
    expect(items).toEqual(expected)
  })

  it('names its version in an answer that the host cannot get', async () => {
    const { start, connection } = await sessionOf({ call: () => () => 1 })
    await start()
    expect(await rejectionOf(connection.call('a'))).toMatchObject({
      code: 'CUTOVER_INVALID_ANSWER',
      message: expect.stringContaining('The answer of version 1.0.0 cannot be sent'),
    })
  })

  it('queues the calls of its module above its limits', async () => {
    let [open, most] = [0, 0]
    const { start } = await sessionOf(
      {
        async start({ callHost }) {
          await Promise.all(Array.from({ length: 6 }, (_, i) => callHost(i)))
        },
      },
      {
        limits: { maxHostRequests: 2, maxHostRequestBytes: 10_000 },
        host: {
          answerCall: async () => {
            most = Math.max(most, ++open)
            await turns(2)
            open--
          },
        },
      },
    )
    await start()
    expect(most).toBe(2)
  })
})
