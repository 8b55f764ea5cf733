import { setImmediate as turn } from 'node:timers/promises'
import { type Inspector, type InspectorOptions, startInspector } from 'cutover/inspect'
import { NEVER } from 'rxjs'
import { afterEach, describe, expect, it, onTestFinished } from 'vitest'
import { createActor } from 'xstate'
import { lastEventMachine, TestClient } from '../fixtures/inspect/testClient.js'
import { usedBytes } from '../fixtures/usedBytes.js'

const started: Inspector[] = []
afterEach(async () => {
  for (const inspector of started.splice(0)) await inspector.close()
})

async function watched(options?: InspectorOptions) {
  const inspector = await startInspector(options)
  started.push(inspector)
  return { inspector, client: await TestClient.connect(inspector.url) }
}

/** Collects the errors that would end the program. */
function uncaught(): unknown[] {
  const errors: unknown[] = []
  const kinds = ['unhandledRejection', 'uncaughtException'] as const
  const onError = (error: unknown) => errors.push(error)
  const others = kinds.map(kind => [kind, process.listeners(kind as 'uncaughtException')] as const)
  for (const kind of kinds) process.removeAllListeners(kind).on(kind, onError)
  onTestFinished(() => {
    for (const [kind, listeners] of others) {
      process.removeAllListeners(kind)
      for (const listener of listeners) process.on(kind, listener)
    }
  })
  return errors
}

describe('A faulty sanitize', () => {
  it('that returns a promise hides the value, and its rejection does not end the program', async () => {
    const errors = uncaught()
    const { inspector, client } = await watched({
      sanitize: async () => {
        throw new Error('secret')
      },
    })
    const actor = createActor(lastEventMachine({ password: 'secret' }), { inspect: inspector.inspect }).start()
    actor.send({ type: 'login', password: 'secret' })
    const message = await client.snapshotAfter('login')
    await turn()
    expect(message).toMatchObject({
      event: { type: 'login', note: '[not shown: sanitize returned a promise]' },
      snapshot: { context: '[not shown: sanitize returned a promise]' },
    })
    expect(JSON.stringify(client.messages)).not.toContain('secret')
    expect(errors).toEqual([])
  })

  it('that sends events breaks nothing', async () => {
    let sent = 0
    const { inspector, client } = await watched({
      sanitize(value) {
        if (sent++ < 5) actor.send({ type: `sent ${sent}` })
        return value
      },
    })
    const actor = createActor(lastEventMachine(), { inspect: inspector.inspect }).start()
    await client.snapshotAfter('sent 5')
  })
})

describe('A watched object that is not an Aggregate', () => {
  it('is not shown if its status is not JSON, and breaks nothing if its events end in an error', async () => {
    const errors = uncaught()
    const { inspector, client } = await watched()
    const status: Record<string, unknown> = { id: 'odd', big: 1n }
    status['self'] = status
    const fails = {
      subscribe(observer: { error(failure: unknown): void }) {
        observer.error(new Error('no'))
        return { unsubscribe() {} }
      },
    }
    inspector.watch({ id: 'failing', status: () => ({}), watchEvents: () => fails } as never)
    inspector.watch({ id: 'odd', status: () => status, watchEvents: () => NEVER } as never)
    const late = await TestClient.connect(inspector.url)
    createActor(lastEventMachine(), { inspect: inspector.inspect }).start()
    for (const it of [client, late]) await it.snapshotAfter('xstate.init')
    await client.until(({ type }) => type === '@cutover.status')
    expect(client.ofType('@cutover.status')).toMatchObject([{ status: {} }])
    expect(errors).toEqual([])
  })
})

describe('A program without a client', () => {
  it('keeps about historyBytes of 250 MB of events', async () => {
    const inspector = await startInspector({ historyBytes: 4_000_000, history: 20_000 })
    started.push(inspector)
    const actor = createActor(lastEventMachine(), { inspect: inspector.inspect }).start()
    const before = usedBytes()
    for (let i = 0; i < 5_000; i++) actor.send({ type: 'data', bytes: new Uint8Array(50_000) })
    await turn()
    expect(usedBytes() - before).toBeLessThan(40_000_000)
  }, 30_000)
})
