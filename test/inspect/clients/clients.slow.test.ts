import { once } from 'node:events'
import { setImmediate as turn } from 'node:timers/promises'
import { type Inspector, type InspectorOptions, startInspector } from 'cutover/inspect'
import { SimulatedClock } from 'cutover/testing'
import { afterEach, describe, expect, it } from 'vitest'
import { createActor } from 'xstate'
import { Hosting } from '../../fixtures/hosting.js'
import { type ClientMessage, lastEventMachine, TestClient } from '../../fixtures/inspect/testClient.js'
import { usedBytes } from '../../fixtures/usedBytes.js'

const MEGABYTE = 1_048_576
const started: Inspector[] = []
afterEach(async () => {
  for (const inspector of started.splice(0)) await inspector.close()
})

async function start(options?: InspectorOptions): Promise<Inspector> {
  const inspector = await startInspector(options)
  started.push(inspector)
  return inspector
}

const machine = lastEventMachine()
const begin = (inspector: Inspector, id: string) => createActor(machine, { id, inspect: inspector.inspect }).start()
const types = (messages: readonly ClientMessage[]) => messages.map(({ event }) => event?.['type'])

describe('A client that connects late', () => {
  it('gets the existing actors with their current snapshots, then the last messages', async () => {
    const inspector = await start({ history: 4 })
    const actors = ['a', 'b'].map(id => begin(inspector, id))
    for (let i = 1; i <= 300; i++) actors[0]?.send({ type: `e${i}` })
    const client = await TestClient.connect(inspector.url)
    await client.snapshotAfter('e300')
    const [first, second, ...rest] = client.messages
    expect(first).toMatchObject({ name: 'a', snapshot: { context: { last: { type: 'e300' } } } })
    expect(second).toMatchObject({ name: 'b', snapshot: { status: 'active', value: 'open' } })
    expect(types(rest)).toEqual(['e299', 'e299', 'e300', 'e300'])
  })

  it('gets a stopped actor as stopped, until the history has no more messages about it', async () => {
    const inspector = await start({ history: 256 })
    const [finished, stopped, busy] = ['finished', 'stopped', 'busy'].map(id => begin(inspector, id))
    finished?.send({ type: 'finish' })
    stopped?.stop()
    const early = await TestClient.connect(inspector.url)
    busy?.send({ type: 'now' })
    await early.snapshotAfter('now')
    expect(early.ofType('@xstate.actor').map(({ snapshot }) => snapshot?.status)).toEqual(['done', 'stopped', 'active'])
    for (let i = 0; i < 200; i++) busy?.send({ type: 'busy' })
    busy?.send({ type: 'later' })
    await early.snapshotAfter('later')
    const late = await TestClient.connect(inspector.url)
    await late.snapshotAfter('later')
    expect(late.ofType('@xstate.actor')).toMatchObject([{ name: 'busy' }])
  })

  it('gets each of 1,000 actors once', { retry: 2 }, async () => {
    const inspector = await start()
    for (let i = 0; i < 1_000; i++) begin(inspector, `actor ${i}`)
    const last = begin(inspector, 'last')
    last.send({ type: 'last' })
    const begun = performance.now()
    const client = await TestClient.connect(inspector.url)
    await client.snapshotAfter('last')
    const names = client.ofType('@xstate.actor').map(message => (message as { name: string }).name)
    expect([names.length, new Set(names).size]).toEqual([1_001, 1_001])
    expect(performance.now() - begun).toBeLessThan(5_000)
    expect(client.ofType('@cutover.dropped')).toEqual([])
  })
})

describe('A slow client', () => {
  it('loses the oldest messages of a burst larger than the history, and gets the actors that it missed', async () => {
    const inspector = await start()
    const client = await TestClient.connect(inspector.url)
    begin(inspector, 'before').send({ type: 'hello' })
    await client.snapshotAfter('hello')
    const got = client.messages.length
    for (let i = 0; i < 1_000; i++) begin(inspector, `actor ${i}`)
    begin(inspector, 'after').send({ type: 'last' })
    await client.snapshotAfter('last')
    expect(client.messages[got]).toMatchObject({ type: '@cutover.dropped', count: 3_005 - 1_000 })
    const names = client.ofType('@xstate.actor').map(message => (message as { name: string }).name)
    expect([names.length, new Set(names).size]).toEqual([1_002, 1_002])
  })

  it('that stops reading costs no memory, and is told how much it missed when it reads again', async () => {
    const inspector = await start({ historyBytes: 4 * MEGABYTE })
    const client = await TestClient.connect(inspector.url)
    const fast = await TestClient.connect(inspector.url)
    const actor = begin(inspector, 'a')
    await fast.snapshotAfter('xstate.init')
    client.socket.pause()
    const before = usedBytes()
    // 200 MB of messages.
    for (let i = 0; i < 200; i++) {
      for (let j = 0; j < 10; j++) actor.send({ type: 'data', text: `${i} ${j} `.padEnd(50_000, 'x') })
      await turn()
      fast.messages.length = 0
    }
    expect(usedBytes() - before).toBeLessThan(40 * MEGABYTE)
    actor.send({ type: 'last' })
    await fast.snapshotAfter('last')
    client.socket.resume()
    await client.snapshotAfter('last')
    const dropped = client.ofType('@cutover.dropped').at(-1) as { count: number } | undefined
    const received = client.messages.filter(
      ({ type }) => type === '@xstate.event' || type === '@xstate.snapshot',
    ).length
    // Two for each send, and two for the start of the actor.
    expect(dropped?.count).toBeGreaterThan(1_000)
    expect(received + (dropped?.count ?? 0)).toBe(2 * 2_001 + 2)
  }, 120_000)

  it('that answers no pings is disconnected; one that answers stays connected', async () => {
    const clock = new SimulatedClock()
    const inspector = await start({ clock })
    const dead = await TestClient.connect(inspector.url, { autoPong: false })
    const alive = await TestClient.connect(inspector.url)
    for (let i = 0; i < 3; i++) {
      const pinged = once(alive.socket, 'ping')
      clock.increment(15_000)
      await pinged
      begin(inspector, `${i}`).send({ type: `${i}` })
      await alive.snapshotAfter(`${i}`)
    }
    expect(alive.socket.readyState).toBe(alive.socket.OPEN)
    expect(await dead.closed).toBe(1006)
  })
})

describe('A client that sends something', () => {
  it.each([
    ['text', 'hello', 1008],
    ['garbage', Buffer.from([0, 255, 1]), 1008],
    ['100 MB', Buffer.alloc(100 * MEGABYTE), 1009],
  ])('such as %s is disconnected, and other clients stay connected', async (_, data, code) => {
    const inspector = await start()
    const other = await TestClient.connect(inspector.url)
    const client = await TestClient.connect(inspector.url)
    client.socket.send(data)
    expect([code, 1006]).toContain(await client.closed)
    begin(inspector, 'a')
    await other.snapshotAfter('xstate.init')
  })

  it('that is not WebSocket is disconnected, and a reset connection makes room for the next client', async () => {
    const inspector = await start({ maxViewers: 1 })
    for (const failure of ['garbage', 'reset'] as const) {
      const client = await TestClient.connect(inspector.url)
      const raw = (client.socket as unknown as { _socket: import('node:net').Socket })._socket
      if (failure === 'reset') raw.resetAndDestroy()
      else raw.write('GET / HTTP/1.1\r\n\r\n'.repeat(100))
      await client.closed
      await turn()
    }
    await TestClient.connect(inspector.url)
  })
})

describe('A watched aggregate', () => {
  const statuses = (client: TestClient) => client.ofType('@cutover.status') as (ClientMessage & { status: object })[]

  it('sends its status at once, then at most every 100 ms and only if it changed, until it is disposed', async () => {
    const clock = new SimulatedClock()
    const inspector = await start({ clock })
    const hosting = new Hosting({ inspect: inspector.inspect })
    inspector.watch(hosting.aggregate)
    inspector.watch(hosting.aggregate)
    const client = await TestClient.connect(inspector.url)
    await client.until(message => message.type === '@cutover.status')
    const [{ sessionId }] = client.ofType('@xstate.actor') as [ClientMessage]
    expect(statuses(client)).toMatchObject([{ sessionId, status: { id: 'markdown', state: 'stopped' } }])
    await hosting.serve('1.0.0', { autoStop: true })
    void hosting.aggregate.call('a').catch(() => {})
    clock.increment(99)
    await client.snapshotAfter('host.started')
    expect(statuses(client)).toHaveLength(1)
    clock.increment(1)
    await client.until(message => message.type === '@cutover.status' && message.status.inFlight === 1)
    for (let i = 0; i < 20; i++) clock.increment(100)
    const disposed = hosting.aggregate.dispose()
    hosting.clock.increment(5_000)
    await disposed
    await client.until(message => message.type === '@cutover.status' && message.status.state === 'disposed')
    expect(statuses(client)).toHaveLength(3)
  })

  it('is not polled without a client, nor after it is disposed', async () => {
    const clock = new SimulatedClock()
    const inspector = await start({ clock })
    const { aggregate } = new Hosting()
    let polls = 0
    const watched = {
      id: 'a',
      watchEvents: () => aggregate.watchEvents(),
      status() {
        polls++
        return aggregate.status()
      },
    }
    inspector.watch(watched)
    clock.increment(1_000)
    expect(polls).toBe(0)
    const client = await TestClient.connect(inspector.url)
    await client.until(message => message.type === '@cutover.status')
    expect(client.messages).not.toHaveProperty('0.sessionId')
    await aggregate.dispose()
    const last = polls
    clock.increment(1_000)
    expect(polls).toBe(last)
  })

  it('must be an aggregate, or watch throws', async () => {
    const inspector = await start()
    for (const odd of [undefined, null, {}, 7]) {
      expect(() => inspector.watch(odd as never)).toThrow(expect.objectContaining({ code: 'CUTOVER_INVALID_OPTION' }))
    }
  })
})
