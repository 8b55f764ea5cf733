import { once } from 'node:events'
import { setImmediate as turn } from 'node:timers/promises'
import { type Inspector, type InspectorOptions, startInspector } from 'cutover/inspect'
import { SimulatedClock } from 'cutover/testing'
import { afterEach, describe, expect, it } from 'vitest'
import { createActor } from 'xstate'
import { Hosting } from '../../fixtures/hosting.js'
import { keeper, type Received, TestViewer, usedBytes } from '../../fixtures/inspect/testClient.js'

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

const machine = keeper()
const begin = (inspector: Inspector, id: string) => createActor(machine, { id, inspect: inspector.inspect }).start()
const types = (messages: readonly Received[]) => messages.map(({ event }) => event?.['type'])

describe('a viewer that comes late', () => {
  it('It gets the actors that there are, as they are now, and the last messages', async () => {
    const inspector = await start({ history: 4 })
    const actors = ['a', 'b'].map(id => begin(inspector, id))
    for (let i = 1; i <= 300; i++) actors[0]?.send({ type: `e${i}` })
    const viewer = await TestViewer.connect(inspector.url)
    await viewer.snapshotAfter('e300')
    const [first, second, ...rest] = viewer.messages
    expect(first).toMatchObject({ name: 'a', snapshot: { context: { last: { type: 'e300' } } } })
    expect(second).toMatchObject({ name: 'b', snapshot: { status: 'active', value: 'open' } })
    expect(types(rest)).toEqual(['e299', 'e299', 'e300', 'e300'])
  })

  it('An actor that has stopped is shown as stopped, and forgotten when the messages about it are gone', async () => {
    const inspector = await start({ history: 256 })
    const [finished, stopped, busy] = ['finished', 'stopped', 'busy'].map(id => begin(inspector, id))
    finished?.send({ type: 'finish' })
    stopped?.stop()
    const early = await TestViewer.connect(inspector.url)
    busy?.send({ type: 'now' })
    await early.snapshotAfter('now')
    expect(early.ofType('@xstate.actor').map(({ snapshot }) => snapshot?.status)).toEqual(['done', 'stopped', 'active'])
    for (let i = 0; i < 200; i++) busy?.send({ type: 'busy' })
    busy?.send({ type: 'later' })
    await early.snapshotAfter('later')
    const late = await TestViewer.connect(inspector.url)
    await late.snapshotAfter('later')
    expect(late.ofType('@xstate.actor')).toMatchObject([{ name: 'busy' }])
  })

  it('With 1,000 actors it gets them all, each once', async () => {
    const inspector = await start()
    for (let i = 0; i < 1_000; i++) begin(inspector, `actor ${i}`)
    const last = begin(inspector, 'last')
    last.send({ type: 'last' })
    const begun = performance.now()
    const viewer = await TestViewer.connect(inspector.url)
    await viewer.snapshotAfter('last')
    const names = viewer.ofType('@xstate.actor').map(message => (message as { name: string }).name)
    expect([names.length, new Set(names).size]).toEqual([1_001, 1_001])
    expect(performance.now() - begun).toBeLessThan(5_000)
    expect(viewer.ofType('@cutover.dropped')).toEqual([])
  })
})

describe('a slow viewer', () => {
  it('A burst larger than the history drops the oldest, and is followed by the actors that were missed', async () => {
    const inspector = await start()
    const viewer = await TestViewer.connect(inspector.url)
    begin(inspector, 'before').send({ type: 'hello' })
    await viewer.snapshotAfter('hello')
    const got = viewer.messages.length
    for (let i = 0; i < 1_000; i++) begin(inspector, `actor ${i}`)
    begin(inspector, 'after').send({ type: 'last' })
    await viewer.snapshotAfter('last')
    expect(viewer.messages[got]).toMatchObject({ type: '@cutover.dropped', count: 3_005 - 1_000 })
    const names = viewer.ofType('@xstate.actor').map(message => (message as { name: string }).name)
    expect([names.length, new Set(names).size]).toEqual([1_002, 1_002])
  })

  it('One that never reads costs neither memory nor time, and is told what it has missed when it reads again', async () => {
    const inspector = await start({ historyBytes: 4 * MEGABYTE })
    const viewer = await TestViewer.connect(inspector.url)
    const fast = await TestViewer.connect(inspector.url)
    const actor = begin(inspector, 'a')
    await fast.snapshotAfter('xstate.init')
    viewer.socket.pause()
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
    viewer.socket.resume()
    await viewer.snapshotAfter('last')
    const dropped = viewer.ofType('@cutover.dropped').at(-1) as { count: number } | undefined
    const heard = viewer.messages.filter(({ type }) => type === '@xstate.event' || type === '@xstate.snapshot').length
    // Two of each send, and the init event; the initial snapshot, and the announcement, came before.
    expect(dropped?.count).toBeGreaterThan(1_000)
    expect(heard + (dropped?.count ?? 0)).toBe(2 * 2_001 + 2)
  }, 30_000)

  it('One that is gone without a word is found by a ping, and one that lives is not', async () => {
    const clock = new SimulatedClock()
    const inspector = await start({ clock })
    const dead = await TestViewer.connect(inspector.url, { autoPong: false })
    const alive = await TestViewer.connect(inspector.url)
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

describe('a viewer that talks', () => {
  it.each([
    ['a word', 'hello', 1008],
    ['garbage', Buffer.from([0, 255, 1]), 1008],
    ['100 MB', Buffer.alloc(100 * MEGABYTE), 1009],
  ])('One that sends %s is closed, and the others stay', async (_, data, code) => {
    const inspector = await start()
    const other = await TestViewer.connect(inspector.url)
    const viewer = await TestViewer.connect(inspector.url)
    viewer.socket.send(data)
    expect([code, 1006]).toContain(await viewer.closed)
    begin(inspector, 'a')
    await other.snapshotAfter('xstate.init')
  })

  it('One that sends no WebSocket frames is closed, and one that is reset is gone', async () => {
    const inspector = await start({ maxViewers: 1 })
    for (const harm of ['garbage', 'reset'] as const) {
      const viewer = await TestViewer.connect(inspector.url)
      const raw = (viewer.socket as unknown as { _socket: import('node:net').Socket })._socket
      if (harm === 'reset') raw.resetAndDestroy()
      else raw.write('GET / HTTP/1.1\r\n\r\n'.repeat(100))
      await viewer.closed
      await turn()
    }
    await TestViewer.connect(inspector.url)
  })
})

describe('watching an aggregate', () => {
  const statuses = (viewer: TestViewer) => viewer.ofType('@cutover.status') as (Received & { status: object })[]

  it('Its status is shown at once, at most every 100 ms and only when it changes, until it is disposed of', async () => {
    const clock = new SimulatedClock()
    const inspector = await start({ clock })
    const hosting = new Hosting({ inspect: inspector.inspect })
    inspector.watch(hosting.aggregate)
    inspector.watch(hosting.aggregate)
    const viewer = await TestViewer.connect(inspector.url)
    await viewer.until(message => message.type === '@cutover.status')
    const [{ sessionId }] = viewer.ofType('@xstate.actor') as [Received]
    expect(statuses(viewer)).toMatchObject([{ sessionId, status: { id: 'markdown', state: 'stopped' } }])
    await hosting.serve('1.0.0', { autoStop: true })
    void hosting.aggregate.call('a').catch(() => {})
    clock.increment(99)
    await viewer.snapshotAfter('host.started')
    expect(statuses(viewer)).toHaveLength(1)
    clock.increment(1)
    await viewer.until(message => message.type === '@cutover.status' && message.status.inFlight === 1)
    for (let i = 0; i < 20; i++) clock.increment(100)
    const disposed = hosting.aggregate.dispose()
    hosting.clock.increment(5_000)
    await disposed
    await viewer.until(message => message.type === '@cutover.status' && message.status.state === 'disposed')
    expect(statuses(viewer)).toHaveLength(3)
  })

  it('Nobody looks at it while there is no viewer, nor once it is disposed of', async () => {
    const clock = new SimulatedClock()
    const inspector = await start({ clock })
    const { aggregate } = new Hosting()
    let looks = 0
    const watched = {
      id: 'a',
      watchEvents: () => aggregate.watchEvents(),
      status() {
        looks++
        return aggregate.status()
      },
    }
    inspector.watch(watched)
    clock.increment(1_000)
    expect(looks).toBe(0)
    const viewer = await TestViewer.connect(inspector.url)
    await viewer.until(message => message.type === '@cutover.status')
    expect(viewer.messages).not.toHaveProperty('0.sessionId')
    await aggregate.dispose()
    const last = looks
    clock.increment(1_000)
    expect(looks).toBe(last)
  })

  it('What is no aggregate is refused', async () => {
    const inspector = await start()
    for (const odd of [undefined, null, {}, 7]) {
      expect(() => inspector.watch(odd as never)).toThrow(expect.objectContaining({ code: 'CUTOVER_INVALID_OPTION' }))
    }
  })
})
