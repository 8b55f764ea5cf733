import { once } from 'node:events'
import { setImmediate as turn } from 'node:timers/promises'
import type { Clock, Logger } from 'cutover'
import { type InspectorOptions, startInspector } from 'cutover/inspect'
import { describe, expect, it, onTestFinished } from 'vitest'
import { createActor } from 'xstate'
import { lastEventMachine, TestClient } from '../../fixtures/inspect/testClient.js'
import { Noted } from '../../fixtures/noted.js'
import { SteppedClock } from '../../fixtures/steppedClock.js'

const TICKERS = [100, 15_000]

/** An inspector with a clock that shows its timers. `lines` has its log. */
async function start(options: InspectorOptions = {}) {
  const lines = new Noted<string>()
  const log = (_: object, line: string) => lines.add(line)
  const logger: Logger = { debug: log, info: log, warn: log, error: log }
  const clock = new SteppedClock()
  const inspector = await startInspector({ clock, logger, ...options })
  onTestFinished(() => inspector.close())
  return { inspector, clock, lines }
}

/** Sends 20 MB of events, more than all buffers between the inspector and a client that does not read. */
async function fillBuffers(actor: { send(event: { type: string; text: string }): void }): Promise<void> {
  for (let i = 0; i < 400; i++) {
    actor.send({ type: 'data', text: 'x'.repeat(50_000) })
    await turn()
  }
}

const DISCONNECTED = 'inspector client disconnected'

describe('The timers of an inspector', () => {
  it('run while a client is connected', async () => {
    const { inspector, clock, lines } = await start()
    expect(clock.pending).toEqual([])
    const clients = [await TestClient.connect(inspector.url), await TestClient.connect(inspector.url)]
    expect(clock.pending).toEqual(TICKERS)
    const gone = lines.first(line => line === DISCONNECTED)
    clients[0]?.socket.close()
    await gone
    expect(clock.pending).toEqual(TICKERS)
    clients[1]?.socket.close()
    await lines.count(4)
    expect(lines.all.filter(line => line === DISCONNECTED)).toHaveLength(2)
    expect(clock.pending).toEqual([])
  })

  it('are gone after close', async () => {
    const { inspector, clock } = await start()
    await TestClient.connect(inspector.url)
    await inspector.close()
    expect(clock.pending).toEqual([])
  })

  it('have one time limit for the end of a connection, however often it is closed', async () => {
    const { inspector, clock } = await start()
    const client = await TestClient.connect(inspector.url)
    client.socket.send('one')
    client.socket.send('two')
    client.socket.pause()
    const closed = inspector.close()
    expect(clock.pending.filter(timeout => timeout === 1_000)).toHaveLength(1)
    client.socket.resume()
    await closed
    expect(clock.pending).toEqual([])
  })
})

describe('The end of a connection', () => {
  it.each([
    ['a message', 'hello'],
    ['a message that is too large', 'x'.repeat(2_000)],
  ])('has a time limit after %s, too', async (_, text) => {
    const steppedClock = new SteppedClock()
    const started = new Noted<number>()
    const clock: Clock = {
      setTimeout(act, timeout) {
        started.add(timeout)
        return steppedClock.setTimeout(act, timeout)
      },
      clearTimeout: id => steppedClock.clearTimeout(id),
    }
    const { inspector, lines } = await start({ clock })
    const client = await TestClient.connect(inspector.url)
    client.socket.send(text)
    client.socket.pause()
    await started.first(timeout => timeout === 1_000)
    const disconnected = lines.first(line => line === DISCONNECTED)
    steppedClock.fire(1_000)
    await disconnected
    expect(steppedClock.pending).toEqual([])
    client.socket.resume()
    expect([1006, 1008, 1009]).toContain(await client.closed)
  })
})

describe('A client that sends pings', () => {
  it('gets pongs', async () => {
    const { inspector } = await start()
    const client = await TestClient.connect(inspector.url)
    const pong = once(client.socket, 'pong')
    client.socket.ping('hello')
    expect(String((await pong)[0])).toBe('hello')
  })

  it('is disconnected if it does not read: its pongs would pile up', async () => {
    const { inspector, lines } = await start()
    const client = await TestClient.connect(inspector.url)
    const actor = createActor(lastEventMachine(), { inspect: inspector.inspect }).start()
    await client.snapshotAfter('xstate.init')
    client.socket.pause()
    const disconnected = lines.first(line => line === DISCONNECTED)
    await fillBuffers(actor)
    client.socket.ping()
    await disconnected
    client.socket.resume()
    expect(await client.closed).toBe(1006)
  })
})

describe('An inspector without clients', () => {
  it('forgets a stopped actor when the history has no more messages about it', async () => {
    const { inspector } = await start()
    createActor(lastEventMachine(), { id: 'stopped', inspect: inspector.inspect }).start().send({ type: 'finish' })
    const busy = createActor(lastEventMachine(), { id: 'busy', inspect: inspector.inspect }).start()
    for (let i = 0; i < 1_000; i++) busy.send({ type: 'busy' })
    const client = await TestClient.connect(inspector.url)
    await client.snapshotAfter('busy')
    expect(client.ofType('@xstate.actor')).toMatchObject([{ name: 'busy' }])
  })
})

describe('A client that does not read for a while', () => {
  it('learns later that an actor has stopped meanwhile, although others no longer hear of it', async () => {
    const { inspector } = await start()
    const client = await TestClient.connect(inspector.url)
    const [stopped, busy] = ['stopped', 'busy'].map(id =>
      createActor(lastEventMachine(), { id, inspect: inspector.inspect }).start(),
    )
    await client.until(message => message.type === '@xstate.actor' && message.name === 'busy')
    client.socket.pause()
    if (busy !== undefined) await fillBuffers(busy)
    stopped?.send({ type: 'finish' })
    for (let i = 0; i < 1_000; i++) {
      busy?.send({ type: 'busy' })
      if (i % 100 === 0) await turn()
    }
    client.socket.resume()
    busy?.send({ type: 'last' })
    await client.snapshotAfter('last')
    const announced = client.ofType('@xstate.actor').filter(message => (message as { name: string }).name === 'stopped')
    expect(announced.map(({ snapshot }) => snapshot?.status)).toEqual(['active', 'done'])
    const late = await TestClient.connect(inspector.url)
    await late.snapshotAfter('last')
    expect(late.ofType('@xstate.actor')).toMatchObject([{ name: 'busy' }])
  })
})

describe('A burst of messages', () => {
  it('is sent in several turns, and completely', async () => {
    const { inspector } = await start({ history: 10_000 })
    const client = await TestClient.connect(inspector.url)
    const actor = createActor(lastEventMachine(), { inspect: inspector.inspect }).start()
    for (let i = 0; i < 2_000; i++) actor.send({ type: 'data', i, text: 'x'.repeat(500) })
    actor.send({ type: 'last' })
    await client.snapshotAfter('last')
    expect(client.ofType('@xstate.event')).toHaveLength(2_002)
    expect(client.ofType('@cutover.dropped')).toEqual([])
  })
})
