import { startInspector } from 'cutover/inspect'
import { SimulatedClock } from 'cutover/testing'
import { Observable, Subject } from 'rxjs'
import { describe, expect, it } from 'vitest'
import { createActor } from 'xstate'
import { leftSince, resources } from '../fixtures/handles.js'
import { Hosting } from '../fixtures/hosting.js'
import { lastEventMachine, request, TestClient } from '../fixtures/inspect/testClient.js'
import { usedBytes } from '../fixtures/usedBytes.js'

describe('close', () => {
  it('disconnects all clients under load, leaves no resources, and a second call joins the first', async () => {
    const before = resources()
    const inspector = await startInspector()
    const hosting = new Hosting({ inspect: inspector.inspect })
    inspector.watch(hosting.aggregate)
    const clients = [await TestClient.connect(inspector.url), await TestClient.connect(inspector.url)]
    const actor = createActor(lastEventMachine(), { inspect: inspector.inspect }).start()
    for (let i = 0; i < 5_000; i++) actor.send({ type: 'x' })
    const closed = [inspector.close(), inspector.close(), inspector[Symbol.asyncDispose]()]
    actor.send({ type: 'after' })
    await Promise.all(closed)
    expect(new Set(closed).size).toBe(1)
    expect(await Promise.all(clients.map(client => client.closed))).toEqual([1001, 1001])
    await expect(request(inspector.url)).rejects.toThrow('ECONNREFUSED')
    await inspector.close()
    actor.send({ type: 'after' })
    inspector.watch(hosting.aggregate)
    await hosting.aggregate.dispose()
    expect(clients.flatMap(({ messages }) => messages.filter(({ event }) => event?.['type'] === 'after'))).toEqual([])
    expect(await leftSince(before)).toEqual([])
  })

  it('completes once, even if an unsubscribe sends events, calls close again and throws', async () => {
    const inspector = await startInspector()
    const actor = createActor(lastEventMachine(), { inspect: inspector.inspect }).start()
    const client = await TestClient.connect(inspector.url)
    await client.snapshotAfter('xstate.init')
    const again: Promise<void>[] = []
    const unsubscribe = () => {
      actor.send({ type: 'late' })
      again.push(inspector.close())
      throw new Error('no')
    }
    inspector.watch({ id: 'a', status: () => ({}), watchEvents: () => new Observable(() => unsubscribe) } as never)
    const closed = inspector.close()
    expect(again[0]).toBe(closed)
    await closed
    await client.closed
    expect(again).toHaveLength(1)
    expect(client.messages.filter(({ event }) => event?.['type'] === 'late')).toEqual([])
  })

  it('releases the memory of the recorded events, and records nothing afterwards', async () => {
    const inspector = await startInspector()
    const actor = createActor(lastEventMachine(), { inspect: inspector.inspect }).start()
    const sendMegabytes = () => {
      for (let i = 0; i < 200; i++) actor.send({ type: 'data', bytes: new Uint8Array(50_000) })
    }
    sendMegabytes()
    const open = usedBytes()
    await inspector.close()
    const closed = usedBytes()
    sendMegabytes()
    const later = usedBytes()
    expect(open - closed).toBeGreaterThan(7_000_000)
    expect(later - closed).toBeLessThan(2_000_000)
    inspector.inspect(undefined as never)
  })

  it('ends the subscription to a watched aggregate, and watches none afterwards', async () => {
    const inspector = await startInspector()
    const events = new Subject()
    const watchable = { id: 'a', status: () => ({}), watchEvents: () => events } as never
    inspector.watch(watchable)
    expect(events.observed).toBe(true)
    await inspector.close()
    expect(events.observed).toBe(false)
    inspector.watch(watchable)
    expect(events.observed).toBe(false)
  })

  it('ends the connection of a client that does not confirm within a second', async () => {
    const clock = new SimulatedClock()
    const inspector = await startInspector({ clock })
    const client = await TestClient.connect(inspector.url)
    client.socket.pause()
    const closed = inspector.close()
    clock.increment(1_000)
    await closed
    client.socket.resume()
    await client.closed
  })
})
