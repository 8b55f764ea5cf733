import { createInspector, createWebSocketReceiver, type StatelyInspectionEvent } from '@statelyai/inspect'
import { Aggregate } from 'cutover'
import { type Inspector, type Sanitize, startInspector } from 'cutover/inspect'
import { ControllableRuntime } from 'cutover/testing'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { createActor, createMachine, fromPromise, type InspectionEvent, waitFor } from 'xstate'
import { Hosting } from '../../fixtures/hosting.js'
import { type ClientMessage, lastEventMachine, socketUrl, TestClient } from '../../fixtures/inspect/testClient.js'

let inspector: Inspector
beforeEach(async () => {
  inspector = await startInspector()
})
afterEach(() => inspector.close())

/** Runs an aggregate from start to disposal, with one switch. */
async function wholeSwitch(inspect: (event: InspectionEvent) => void): Promise<void> {
  const hosting = new Hosting({ inspect })
  for (const version of ['1.0.0', '2.0.0']) hosting.addWilling(version)
  hosting.aggregate.start()
  await hosting.aggregate.setVersion('1.0.0', '2.0.0')
  await hosting.aggregate.setVersion('2.0.0')
  await hosting.aggregate.dispose()
}

/** The message as JSON, without the fields that depend on the time at which an inspector creates it. */
function comparable(message: unknown): Record<string, unknown> {
  const { createdAt, definition, snapshot, ...rest } = JSON.parse(JSON.stringify(message))
  expect(createdAt).toMatch(/^\d{13}$/)
  if (rest.type === '@xstate.snapshot') return { ...rest, snapshot }
  // The snapshot in an announcement depends on when the announcement is created.
  return definition === undefined
    ? rest
    : { ...rest, definition: JSON.parse(definition), fields: Object.keys(snapshot).sort() }
}

const isLast = ({ type, snapshot, sessionId }: ClientMessage, root: string) =>
  type === '@xstate.snapshot' && sessionId === root && snapshot?.status === 'stopped'

describe('The messages', () => {
  it('of a whole switch equal those of @statelyai/inspect', async () => {
    const expected: StatelyInspectionEvent[] = []
    let done: () => void = () => {}
    const all = new Promise<void>(resolve => {
      done = resolve
    })
    const stately = createInspector({
      send(event) {
        expected.push(event)
        if (event.type === '@xstate.snapshot' && event.event.type === 'xstate.stop') done()
      },
    })
    const client = await TestClient.connect(inspector.url)
    await wholeSwitch(event => {
      inspector.inspect(event)
      stately.inspect.next?.(event)
    })
    await all
    const root = expected[0]?.sessionId ?? ''
    await client.until(message => isLast(message, root))
    expect(client.messages.length).toBeGreaterThan(40)
    expect(client.messages.map(comparable)).toEqual(expected.map(comparable))
  })

  it('arrive at a receiver of @statelyai/inspect', async () => {
    const received: StatelyInspectionEvent[] = []
    const receiver = createWebSocketReceiver({ server: socketUrl(inspector.url).href })
    const last = new Promise<void>(resolve => {
      receiver.subscribe(message => {
        received.push(message)
        if (message.type === '@xstate.snapshot' && message.event.type === 'xstate.stop') resolve()
      })
    })
    await wholeSwitch(inspector.inspect)
    await last
    const names = received.flatMap(message => (message.type === '@xstate.actor' ? [message.name] : []))
    expect(names).toEqual(['aggregate markdown', 'version 1.0.0', 'version 2.0.0'])
  })

  it('of an actor that is not a machine have a definition with its name, and its output', async () => {
    const client = await TestClient.connect(inspector.url)
    const actor = createActor(
      fromPromise(async () => 7),
      { id: 'seven', inspect: inspector.inspect },
    ).start()
    await waitFor(actor, ({ status }) => status === 'done')
    const { snapshot } = await client.until(message => message.snapshot?.status === 'done')
    expect(snapshot).toMatchObject({ status: 'done', output: 7 })
    expect(client.ofType('@xstate.actor')).toMatchObject([{ name: 'seven', definition: '{"id":"seven"}' }])
  })

  it('announce an actor that is older than the inspector, before its first event', async () => {
    const client = await TestClient.connect(inspector.url)
    const actor = createActor(lastEventMachine(), { id: 'old' }).start()
    actor.system.inspect(inspector.inspect)
    actor.send({ type: 'hello' })
    await client.snapshotAfter('hello')
    expect(client.messages.map(({ type }) => type)).toEqual(['@xstate.actor', '@xstate.event', '@xstate.snapshot'])
  })

  it('come from inspect, which never throws, whatever it is given', () => {
    for (const odd of [undefined, null, 7, {}, { type: '@xstate.actor' }, { type: '@xstate.snapshot', actorRef: {} }]) {
      expect(() => inspector.inspect(odd as never)).not.toThrow()
    }
  })

  it('are replaced by a line in the log for an event that cannot be read', async () => {
    const warnings: unknown[] = []
    const ignore = () => {}
    const logger = { debug: ignore, info: ignore, error: ignore, warn: (...line: unknown[]) => warnings.push(line) }
    await using logging = await startInspector({ logger })
    logging.inspect({ type: '@xstate.event', actorRef: undefined } as never)
    expect(warnings).toEqual([[{ err: expect.any(TypeError) }, 'the inspector cannot read an inspection event']])
  })
})

describe('Unusual contexts', () => {
  it('are shown, shortened where they are large, in messages of limited size', async () => {
    const cyclic: Record<string, unknown> = { run: () => {}, big: 1n, map: new Map([['k', new Set([1])]]) }
    cyclic['self'] = cyclic
    const throws = Object.defineProperty({}, 'x', {
      enumerable: true,
      get() {
        throw new Error('no')
      },
    })
    const client = await TestClient.connect(inspector.url)
    const actor = createActor(
      lastEventMachine({ cyclic, throws, text: 'é'.repeat(5e6), list: Array(1e6).fill('x'.repeat(100)) }),
      {
        inspect: inspector.inspect,
      },
    ).start()
    actor.send({ type: 'data', bytes: new Uint8Array(1e7), text: 'y'.repeat(1e7) })
    const { snapshot, event } = await client.snapshotAfter('data')
    expect(snapshot?.context).toMatchObject({
      cyclic: { run: '[Function run]', big: '1n', map: { '[Map 1]': [['k', { '[Set 1]': [1] }]] }, self: '[Circular]' },
      throws: { x: '[the getter threw]' },
      text: expect.stringMatching(/^é+… \[truncated: 5000000 characters\]$/),
      list: expect.arrayContaining([expect.stringMatching(/more\]$/)]),
      last: { type: 'data', text: expect.stringMatching(/truncated/) },
    })
    expect(event).toMatchObject({ bytes: expect.stringMatching(/^\[Uint8Array of 10000000 bytes: 00/) })
    for (const message of client.messages) {
      expect(Buffer.byteLength(JSON.stringify({ ...message, definition: undefined }))).toBeLessThanOrEqual(65_536)
    }
  })

  it('are not kept without a client if they are large; a later client gets a note', async () => {
    const actor = createActor(lastEventMachine(), { inspect: inspector.inspect }).start()
    for (let i = 0; i < 5; i++) actor.send({ type: 'data', i, text: 'y'.repeat(1e6) })
    actor.send({ type: 'small' })
    const client = await TestClient.connect(inspector.url)
    const { event, snapshot } = await client.snapshotAfter('data')
    expect(event).toEqual({ type: 'data', note: '[not kept: large, and no client was connected]' })
    expect(snapshot).toEqual({
      status: 'active',
      value: 'open',
      context: '[not kept: large, and no client was connected]',
    })
    expect((await client.snapshotAfter('small')).snapshot?.context).toEqual({ last: { type: 'small' } })
  })

  it('that cannot be shortened enough are left out, and the status and the event type stay', async () => {
    await using small = await startInspector({ maxMessageBytes: 4_096 })
    const wide = Object.fromEntries(Array.from({ length: 200 }, (_, i) => [`${'k'.repeat(500)}${i}`, 'v'.repeat(500)]))
    const deep = { a: wide, b: { ...wide, c: wide, d: [wide, wide] }, e: [wide, wide, [wide, wide]] }
    const client = await TestClient.connect(small.url)
    const actor = createActor(lastEventMachine({ a: deep, b: deep, c: deep, d: deep }), {
      inspect: small.inspect,
    }).start()
    actor.send({ type: 'x' })
    const message = await client.snapshotAfter('x')
    expect(message).toMatchObject({ event: { type: 'x' }, snapshot: { status: 'active', value: 'open' } })
    expect(Buffer.byteLength(JSON.stringify(message))).toBeLessThanOrEqual(4_096)
  })

  it('in a definition (functions, cycles, BigInt) become JSON; a definition that is too large is left out', async () => {
    const client = await TestClient.connect(inspector.url)
    const meta: Record<string, unknown> = { big: 1n }
    meta['self'] = meta
    const states = { a: { meta, entry: () => {}, on: { x: 'b' } }, b: {} } as const
    createActor(createMachine({ id: 'odd', initial: 'a', states }), { inspect: inspector.inspect })
    const many = Object.fromEntries(
      Array.from({ length: 20_000 }, (_, i) => [`s${i}`, { description: 'd'.repeat(80) }]),
    )
    createActor(createMachine({ id: 'large', initial: 's1', states: many }), { inspect: inspector.inspect })
    await client.until(message => message.type === '@xstate.actor' && message.name === 'large')
    const definitions = client.messages.map(message => JSON.parse((message as { definition: string }).definition))
    expect(definitions).toEqual([
      {
        id: 'odd',
        initial: 'a',
        states: { a: { meta: { big: '1n', self: '[Circular]' }, entry: { type: 'entry' }, on: { x: 'b' } }, b: {} },
      },
      { id: 'large' },
    ])
  })
})

describe('sanitize', () => {
  const shownWith = async (sanitize: Sanitize) => {
    await using sanitizing = await startInspector({ sanitize })
    const client = await TestClient.connect(sanitizing.url)
    const actor = createActor(lastEventMachine({ password: 'secret' }), { inspect: sanitizing.inspect }).start()
    actor.send({ type: 'login', password: 'secret' })
    const message = await client.snapshotAfter('login')
    return { message, text: JSON.stringify(client.messages) }
  }

  it('keeps a secret out of contexts, events and the initial contexts of definitions', async () => {
    const withoutPassword = (value: unknown): unknown =>
      typeof value === 'object' && value !== null
        ? Object.fromEntries(
            Object.entries(value).map(([key, item]) => [key, key === 'password' ? '***' : withoutPassword(item)]),
          )
        : value
    const { message, text } = await shownWith(withoutPassword)
    expect(text).not.toContain('secret')
    expect(message).toMatchObject({
      event: { type: 'login', password: '***' },
      snapshot: { context: { password: '***', last: { type: 'login', password: '***' } } },
    })
  })

  it('hides the whole value if it throws', async () => {
    const { message, text } = await shownWith(() => {
      throw new Error('secret')
    })
    expect(text).not.toContain('secret')
    expect(message).toMatchObject({
      event: { type: 'login', note: '[not shown: sanitize threw]' },
      snapshot: { status: 'active', value: 'open', context: '[not shown: sanitize threw]' },
    })
  })

  it('gets the kind of each value', async () => {
    const kinds: string[] = []
    await using sanitizing = await startInspector({
      sanitize(value, kind) {
        kinds.push(kind)
        return value
      },
    })
    const client = await TestClient.connect(sanitizing.url)
    const aggregate = new Aggregate({ id: 'a' })
    aggregate.addVersion('1.0.0', new ControllableRuntime({ id: 'a', version: '1.0.0' }))
    sanitizing.watch(aggregate)
    const work = fromPromise(async ({ input }: { input: number }) => input)
    createActor(work, { input: 7, inspect: sanitizing.inspect }).start()
    await aggregate.dispose()
    await client.until(message => message.type === '@cutover.status')
    await client.until(message => message.type === '@cutover.metrics')
    await client.until(message => message.snapshot?.status === 'done')
    expect([...new Set(kinds)].sort()).toEqual(['event', 'input', 'metrics', 'output', 'status'])
  })
})
