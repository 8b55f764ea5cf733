import { setImmediate as turn } from 'node:timers/promises'
import { type Inspector, type InspectorOptions, startInspector } from 'cutover/inspect'
import { NEVER } from 'rxjs'
import { afterEach, describe, expect, it, onTestFinished } from 'vitest'
import { createActor } from 'xstate'
import { keeper, TestViewer, usedBytes } from '../fixtures/inspect/testClient.js'

const started: Inspector[] = []
afterEach(async () => {
  for (const inspector of started.splice(0)) await inspector.close()
})

async function watched(options?: InspectorOptions) {
  const inspector = await startInspector(options)
  started.push(inspector)
  return { inspector, viewer: await TestViewer.connect(inspector.url) }
}

/** What nobody has caught, and would end the program. */
function uncaught(): unknown[] {
  const errors: unknown[] = []
  const kinds = ['unhandledRejection', 'uncaughtException'] as const
  const hear = (error: unknown) => errors.push(error)
  const others = kinds.map(kind => [kind, process.listeners(kind as 'uncaughtException')] as const)
  for (const kind of kinds) process.removeAllListeners(kind).on(kind, hear)
  onTestFinished(() => {
    for (const [kind, listeners] of others) {
      process.removeAllListeners(kind)
      for (const listener of listeners) process.on(kind, listener)
    }
  })
  return errors
}

describe('sanitize', () => {
  it('One that gives a promise shows nothing of the value; when the promise rejects the program goes on', async () => {
    const errors = uncaught()
    const { inspector, viewer } = await watched({
      sanitize: async () => {
        throw new Error('secret')
      },
    })
    const actor = createActor(keeper({ password: 'secret' }), { inspect: inspector.inspect }).start()
    actor.send({ type: 'login', password: 'secret' })
    const message = await viewer.snapshotAfter('login')
    await turn()
    expect(message).toMatchObject({
      event: { type: 'login', note: '[not shown: sanitize gave a promise]' },
      snapshot: { context: '[not shown: sanitize gave a promise]' },
    })
    expect(JSON.stringify(viewer.messages)).not.toContain('secret')
    expect(errors).toEqual([])
  })

  it('One that sends an event, as it must not, breaks nothing', async () => {
    let sent = 0
    const { inspector, viewer } = await watched({
      sanitize(value) {
        if (sent++ < 5) actor.send({ type: `sent ${sent}` })
        return value
      },
    })
    const actor = createActor(keeper(), { inspect: inspector.inspect }).start()
    await viewer.snapshotAfter('sent 5')
  })
})

describe('a watched thing', () => {
  it('One whose status is no JSON is not shown, and one whose events end in an error breaks nothing', async () => {
    const errors = uncaught()
    const { inspector, viewer } = await watched()
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
    const late = await TestViewer.connect(inspector.url)
    createActor(keeper(), { inspect: inspector.inspect }).start()
    for (const it of [viewer, late]) await it.snapshotAfter('xstate.init')
    await viewer.until(({ type }) => type === '@cutover.status')
    expect(viewer.ofType('@cutover.status')).toMatchObject([{ status: {} }])
    expect(errors).toEqual([])
  })
})

describe('a program without a viewer', () => {
  it('250 MB of events leave no more than historyBytes', async () => {
    const inspector = await startInspector({ historyBytes: 4_000_000, history: 20_000 })
    started.push(inspector)
    const actor = createActor(keeper(), { inspect: inspector.inspect }).start()
    const before = usedBytes()
    for (let i = 0; i < 5_000; i++) actor.send({ type: 'data', bytes: new Uint8Array(50_000) })
    await turn()
    expect(usedBytes() - before).toBeLessThan(40_000_000)
  }, 30_000)
})
