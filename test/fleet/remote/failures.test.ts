import { RequestError } from '@nats-io/transport-node'
import type { Runtime, RuntimeEvent } from 'cutover'
import { type RemoteOptions, type RemoteServer, remote, type ServeRemoteOptions, serveRemote } from 'cutover/fleet'
import type { CallContext, ModuleSource } from 'cutover/hosts'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { systemClock } from '../../../src/contract/index.js'
import { rejectionOf } from '../../fixtures/hosting.js'
import { noNatsServer } from '../../fixtures/installed.js'
import { Noted } from '../../fixtures/noted.js'
import { turns } from '../../fixtures/turns.js'
import { NatsServer } from '../natsServer.js'

const QUICK = { minBackoff: 20, jitter: 0, watchdogInterval: 20 } as const
const LOST = expect.objectContaining({ code: 'CUTOVER_RUNTIME_LOST', version: '1.0.0' })

/** A module whose calls are answered when the test says so, and what it hears. */
class Held {
  readonly calls = new Noted<{
    readonly request: unknown
    readonly context: CallContext
    answer(value: unknown): void
  }>()
  readonly heard = new Noted<string>()

  start = () => this.heard.add('start')
  stop = () => this.heard.add('stop')
  answered = 0
  call = (request: unknown, context: CallContext) => {
    if (request === 'hold') return new Promise(answer => this.calls.add({ request, context, answer }))
    this.answered++
    return `answer to ${String(request)}`
  }
}

describe.skipIf(noNatsServer !== undefined)(`A remote version ${noNatsServer ?? ''}`, () => {
  let nats: NatsServer
  let opened: AsyncDisposable[]
  beforeEach(async () => {
    nats = await NatsServer.start()
    opened = [nats]
  })
  afterEach(async () => {
    for (const each of opened.reverse()) await each[Symbol.asyncDispose]()
  })

  async function serve(source: ModuleSource, options: Partial<ServeRemoteOptions> = {}): Promise<RemoteServer> {
    const connection = options.connection ?? (await nats.connect())
    const server = await serveRemote(source, { connection, subject: 'rules', ...options })
    opened.push(server)
    return server
  }

  /** Resolves when NATS has noticed that nobody listens to a subject: it may hear of a call before it hears of a closed connection. */
  async function unserved(subject: string): Promise<void> {
    const connection = await nats.connect()
    for (;;) {
      const answered = connection.request(subject, undefined, { timeout: 1_000 })
      const error = await answered.then(
        () => undefined,
        (thrown: unknown) => thrown,
      )
      if (error instanceof RequestError && error.isNoResponders()) return
    }
  }

  async function provision(options: Partial<RemoteOptions> = {}) {
    const connection = options.connection ?? (await nats.connect())
    const provisioner = remote({ connection, subject: 'rules', ...QUICK, ...options })
    const runtime: Runtime<unknown, unknown> = provisioner.provision({ id: 'rules', version: '1.0.0' })
    opened.push({ [Symbol.asyncDispose]: async () => runtime.stop() })
    const events = new Noted<RuntimeEvent>()
    runtime.watchEvents().subscribe(event => events.add(event))
    return { runtime, events, typed: (type: RuntimeEvent['type']) => events.first(event => event.type === type) }
  }

  /** A runtime with a call that its server does not answer yet. */
  async function holding(serving: Partial<ServeRemoteOptions> = {}, options: Partial<RemoteOptions> = {}) {
    const module = new Held()
    const server = await serve(module, serving)
    const provisioned = await provision(options)
    const { runtime } = provisioned
    runtime.start()
    const held = runtime.call('hold')
    await module.calls.count(1)
    return { ...provisioned, module, server, held }
  }

  it('says that nobody serves its subject, and comes up when somebody does', async () => {
    const { runtime, events, typed } = await provision()
    runtime.start()
    const early = runtime.call('early')
    expect(await typed('failedToStart')).toMatchObject({
      error: { code: 'CUTOVER_START_FAILED', message: expect.stringMatching(/nobody serves rules\. Start a server/) },
    })
    await serve(new Held())
    expect(await early).toBe('answer to early')
    expect(events.all.at(-1)).toMatchObject({ type: 'started' })
  })

  it('does not start with a server of another version, and says so', async () => {
    await serve(new Held(), { version: '2.0.0' })
    const { runtime, typed } = await provision()
    runtime.start()
    expect(await typed('failedToStart')).toMatchObject({
      error: {
        message: expect.stringMatching(/it says that it is version 2\.0\.0, and its config that it is 1\.0\.0/),
      },
    })
  })

  it('rejects its calls when NATS is killed, and is back when NATS is', async () => {
    const { runtime, events, typed, held, module, server } = await holding()
    const lost = expect(held).rejects.toEqual(LOST)
    await nats.kill()
    await lost
    expect(await typed('stopped')).toMatchObject({ reason: { code: 'CUTOVER_RUNTIME_LOST' } })
    const waiting = runtime.call('again')
    await nats.launch()
    expect(await waiting).toBe('answer to again')
    expect(events.all.map(({ type }) => type).filter(type => type !== 'failedToStart')).toEqual([
      'started',
      'stopped',
      'started',
    ])
    // The signal of the call has fired on the server, and the module of the lost session has stopped.
    expect(module.calls.all[0]?.context.signal.aborted).toBe(true)
    await module.heard.count(3)
    expect([...module.heard.all].sort()).toEqual(['start', 'start', 'stop'])
    expect(server.sessions).toBe(1)
  })

  it('rejects its calls at once when its server is gone, though it has not said so', async () => {
    const connection = await nats.connect()
    // Finds out by the next call, not by a ping.
    const { runtime, held } = await holding({ connection }, { watchdogInterval: 60_000 })
    const lost = expect(held).rejects.toEqual(LOST)
    await connection.close()
    await unserved('rules')
    const next = runtime.call('next')
    await lost
    await expect(next).rejects.toEqual(LOST)
  })

  it('finds out by a ping that its server is gone', async () => {
    const connection = await nats.connect()
    const { held } = await holding({ connection })
    const lost = expect(held).rejects.toEqual(LOST)
    await connection.close()
    await lost
  })

  it('is not tried again when the connection is closed for good', async () => {
    await serve(new Held())
    const connection = await nats.connect()
    const { runtime, typed } = await provision({ connection })
    runtime.start()
    await typed('started')
    await connection.close()
    expect(await typed('failedToStart')).toMatchObject({
      final: true,
      error: { message: expect.stringMatching(/connection to NATS is closed\. Connect again/) },
    })
  })

  it('moves to another server while its own one drains, and loses no call', async () => {
    const [old, other] = [new Held(), new Held()]
    const first = await serve(old)
    const { runtime, events } = await provision()
    runtime.start()
    const held = runtime.call('hold')
    await old.calls.count(1)
    const second = await serve(other)
    let calls = 0
    let isDrained = false
    const load = (async () => {
      for (; !isDrained || calls % 100 !== 0; calls++) expect(await runtime.call(calls)).toBe(`answer to ${calls}`)
    })()
    const drained = first.drain().then(() => {
      isDrained = true
    })
    while (other.answered === 0) expect(await runtime.call('probe')).toBe('answer to probe')
    const heldThere = runtime.call('hold')
    await other.calls.count(1)
    // The old server waits for the call that it still has.
    expect([first.sessions, second.sessions]).toEqual([1, 1])
    old.calls.all[0]?.answer('at last')
    expect(await held).toBe('at last')
    await drained
    await load
    other.calls.all[0]?.answer('there')
    expect(await heldThere).toBe('there')
    expect([first.sessions, second.sessions]).toEqual([0, 1])
    expect(old.heard.all).toEqual(['start', 'stop'])
    expect(events.all.map(({ type }) => type)).toEqual(['started'])
  })

  it('gets its answers from the last server that drains, rejects further calls at once, and is back with the next one', async () => {
    const { runtime, events, typed, held, module, server } = await holding()
    const drained = server.drain()
    // Answered until it is known that there is no other server.
    let refused: unknown
    while (refused === undefined)
      refused = await runtime.call('more').then(
        () => undefined,
        error => error,
      )
    expect(refused).toEqual(LOST)
    module.calls.all[0]?.answer('at last')
    expect(await held).toBe('at last')
    await drained
    expect(await typed('stopped')).toMatchObject({ reason: { code: 'CUTOVER_RUNTIME_LOST' } })
    await serve(new Held())
    expect(await runtime.call('again')).toBe('answer to again')
    expect(events.all.at(-1)).toMatchObject({ type: 'started' })
  })

  it('rejects what a server has not answered within drainTimeout', async () => {
    const timers = new Set<unknown>()
    const clock: typeof systemClock = {
      setTimeout(callback, timeout) {
        const timer = systemClock.setTimeout(() => {
          timers.delete(timer)
          callback()
        }, timeout)
        timers.add(timer)
        return timer
      },
      clearTimeout(timer) {
        timers.delete(timer)
        systemClock.clearTimeout(timer)
      },
    }
    const { held, module, server } = await holding({ drainTimeout: 50, clock })
    const rejected = rejectionOf(held)
    await server.drain()
    expect(timers.size).toBe(0)
    expect(await rejected).toEqual(LOST)
    expect(module.heard.all).toEqual(['start', 'stop'])
    expect(server.sessions).toBe(0)
  })

  it('does not keep a server that drains while NATS is away', async () => {
    const module = new Held()
    const server = await serve(module, { drainTimeout: 50 })
    const { runtime, typed } = await provision()
    runtime.start()
    await typed('started')
    await nats.kill()
    await module.heard.count(2)
    await server.drain()
    expect(server.sessions).toBe(0)
  })

  it('ends its session on the server when it stops, and when it is cut off', async () => {
    const module = new Held()
    const server = await serve(module)
    const { runtime, typed } = await provision()
    runtime.start()
    await typed('started')
    await runtime.stop()
    await module.heard.count(2)
    const connection = await nats.connect()
    const short = { abortTimeout: 50, watchdogTimeout: 50 }
    const cutOff = await provision({ connection, ...short })
    cutOff.runtime.start()
    await cutOff.typed('started')
    await connection.close()
    await module.heard.count(4)
    expect(module.heard.all).toEqual(['start', 'stop', 'start', 'stop'])
    await turns(2)
    expect(server.sessions).toBe(0)
  })

  it('is refused by a server that has maxSessions, and tries again', async () => {
    await serve(new Held(), { maxSessions: 1 })
    const [first, second] = [await provision(), await provision()]
    first.runtime.start()
    await first.typed('started')
    second.runtime.start()
    expect(await second.typed('failedToStart')).toMatchObject({
      error: { message: expect.stringMatching(/has refused: it has 1 sessions \(maxSessions\)/) },
    })
    await first.runtime.stop()
    expect(await second.runtime.call('a')).toBe('answer to a')
  })

  it('is not hurt by garbage, on its subject or in its inboxes', async () => {
    const logged = new Noted<string>()
    const write = (_: object, message: string) => logged.add(message)
    const logger = { debug: () => {}, info: () => {}, warn: write, error: write }
    const server = await serve(new Held(), { logger })
    const stranger = await nats.connect()
    const inboxes = new Set<string>()
    stranger.subscribe('_INBOX.>', { callback: (_, { subject }) => void inboxes.add(subject) })
    await stranger.flush()
    const { runtime, events } = await provision()
    runtime.start()
    expect(await runtime.call('a')).toBe('answer to a')
    await stranger.flush()
    const garbage = ['', 'x', '{}', '{"cutover":1}', new Uint8Array(100), new Uint8Array(20_000), ODD_OPENING]
    for (const each of garbage) stranger.publish('rules', each, { reply: 'nowhere' })
    stranger.publish('rules', 'without a reply')
    const pieces = [0xf1, 0xf2, 0xf3, 0xf6, 0xff].map(kind => Uint8Array.of(kind))
    const frames = [
      new Uint8Array(3),
      Uint8Array.of(0, 0, 0, 9, 1),
      Uint8Array.of(0, 0, 0, 1, 0xff),
      new Uint8Array(50),
    ]
    expect(inboxes.size).toBeGreaterThan(1)
    for (const inbox of inboxes) for (const each of [...garbage, ...pieces, ...frames]) stranger.publish(inbox, each)
    await stranger.flush()
    expect(await runtime.call('b')).toBe('answer to b')
    expect(events.all.map(({ type }) => type)).toEqual(['started'])
    expect(server.dropped).toBeGreaterThan(garbage.length)
    expect(logged.all.filter(message => /^dropped a message that makes no sense/.test(message))).toHaveLength(1)
  })
})

const ODD_OPENING = JSON.stringify({
  cutover: 1,
  inbox: 'rules.*',
  id: 'rules',
  version: '1.0.0',
  maxFrameBytes: 1,
  maxMessageItems: 1,
  maxHostRequests: 1,
  maxHostRequestBytes: 1,
  callTimeout: 0,
  silence: 0,
})
