import { Aggregate, type Inspect, type Runtime } from 'cutover'
import { Composite } from 'cutover/composite'
import { childProcess, inProcess, pool, workerThread } from 'cutover/hosts'
import { startInspector } from 'cutover/inspect'
import { describe, expect, it, onTestFinished, vi } from 'vitest'
import type { AnyActorRef } from 'xstate'
import { rejectionOf } from '../fixtures/hosting.js'
import { TestClient } from '../fixtures/inspect/testClient.js'
import { actorOf, InspectionRecorder } from '../fixtures/inspectionRecorder.js'
import { guestFile } from '../fixtures/remoteHost.js'

const id = 'markdown'
const version = '1.0.0'
const module = guestFile('versatile')
const SESSION_ID = Symbol.for('cutover.sessionId')
const echo = { call: (request: unknown) => request }

const sessionIdOf = (aggregate: Aggregate) => (aggregate as { [SESSION_ID]?: string })[SESSION_ID]

/** Runs an aggregate from start to disposal, with one call. */
async function runOnce(runtime: Runtime, inspect?: Inspect): Promise<void> {
  await using aggregate = new Aggregate({ id, inspect })
  aggregate.addVersion(version, runtime)
  aggregate.start()
  await aggregate.setVersion(version)
  await aggregate.whenRunning()
  expect(await aggregate.call({ do: 'answer', value: 'x' })).toBeDefined()
}

describe('An inspector of an aggregate and its hosts', () => {
  it.each([
    ['worker thread', workerThread],
    ['child process', childProcess],
  ])('sees the supervisor of a %s below its version, and the connection below the supervisor', async (_, host) => {
    const seen = new InspectionRecorder()
    await runOnce(host({ module, inspect: seen }).provision({ id, version }), seen)
    expect(seen.tree()).toEqual([
      ['aggregate markdown', undefined],
      ['version 1.0.0', 'aggregate markdown'],
      ['supervisor markdown 1.0.0', 'version 1.0.0'],
      ['connection markdown 1.0.0', 'supervisor markdown 1.0.0'],
    ])
    const [root] = seen.messages().map(({ sessionId }) => sessionId)
    expect(new Set(seen.events.map(({ rootId }) => rootId))).toEqual(new Set([root]))
  })

  it('sees a pool below its version, and its instances below the pool', async () => {
    const seen = new InspectionRecorder()
    const processes = pool(childProcess({ module, inspect: seen }), { size: 2, concurrentStarts: 2, inspect: seen })
    await runOnce(processes.provision({ id, version }), seen)
    expect(seen.tree().sort()).toEqual([
      ['aggregate markdown', undefined],
      ['connection markdown 1.0.0 #0', 'supervisor markdown 1.0.0 #0'],
      ['connection markdown 1.0.0 #1', 'supervisor markdown 1.0.0 #1'],
      ['pool markdown 1.0.0', 'version 1.0.0'],
      ['supervisor markdown 1.0.0 #0', 'pool markdown 1.0.0'],
      ['supervisor markdown 1.0.0 #1', 'pool markdown 1.0.0'],
      ['version 1.0.0', 'aggregate markdown'],
    ])
    const [root] = seen.messages().map(({ sessionId }) => sessionId)
    expect(new Set(seen.events.map(({ rootId }) => rootId))).toEqual(new Set([root]))
  })

  it('sees the components of a composite below the version that it is, also those that come later', async () => {
    const seen = new InspectionRecorder()
    const hosts = inProcess({ module: echo, inspect: seen })
    const composite = new Composite({ id, inspect: seen })
    composite.addVersion('ronl', '2.0.0', hosts.provision({ id, version: '2.0.0' }))
    await composite.setVersion('ronl', '2.0.0')
    await using aggregate = new Aggregate({ id, inspect: seen })
    aggregate.addVersion(version, composite)
    aggregate.start()
    await aggregate.setVersion(version)
    await aggregate.whenRunning()
    composite.addVersion('rofl.prices', '3.0.0', hosts.provision({ id, version: '3.0.0' }))
    await composite.setVersion('rofl.prices', '3.0.0')
    expect(seen.lastTree()).toEqual({
      'aggregate markdown': undefined,
      'version 1.0.0': 'aggregate markdown',
      'aggregate markdown/ronl': 'version 1.0.0',
      'version 2.0.0': 'aggregate markdown/ronl',
      'supervisor markdown 2.0.0': 'version 2.0.0',
      'aggregate markdown/rofl.prices': 'version 1.0.0',
      'version 3.0.0': 'aggregate markdown/rofl.prices',
      'supervisor markdown 3.0.0': 'version 3.0.0',
    })
  })

  it('breaks nothing if it throws when a composite or a later component is shown below its version', async () => {
    const inspect = vi.fn(() => JSON.parse('{'))
    const hosts = inProcess({ module: echo })
    const composite = new Composite({ id, inspect })
    composite.addVersion('ronl', '2.0.0', hosts.provision({ id, version: '2.0.0' }))
    await composite.setVersion('ronl', '2.0.0')
    await using aggregate = new Aggregate({ id, inspect })
    aggregate.addVersion(version, composite)
    aggregate.start()
    await aggregate.setVersion(version)
    expect(await aggregate.call('x')).toBe('x')
    composite.addVersion('rofl.prices', '3.0.0', hosts.provision({ id, version: '3.0.0' }))
    await composite.setVersion('rofl.prices', '3.0.0')
    expect(await composite.component('rofl.prices')?.call('y')).toBe('y')
    expect(inspect).toHaveBeenCalled()
  })

  /** An aggregate that is the only version of another one. */
  async function nested(inspect: Inspect) {
    const inner = new Aggregate({ id, inspect })
    inner.addVersion('2.0.0', inProcess({ module: echo, inspect }).provision({ id, version: '2.0.0' }))
    await inner.setVersion('2.0.0')
    const outer = new Aggregate({ id, inspect })
    onTestFinished(() => outer.dispose())
    outer.addVersion(version, inner)
    return { inner, outer }
  }

  it('gets the events of an aggregate inside another one with one reference, and as of the same tree', async () => {
    const seen = new InspectionRecorder()
    const { inner, outer } = await nested(seen)
    const before = seen.events.length
    outer.start()
    await outer.setVersion(version)
    await outer.whenRunning()
    const events = seen.events.slice(before)
    const ofInner = events.filter(event => actorOf(event).sessionId === sessionIdOf(inner))
    expect(ofInner.length).toBeGreaterThan(2)
    expect(new Set(ofInner.map(actorOf)).size).toBe(1)
    expect(ofInner.map(actorOf)[0]?._parent?.id).toBe('version 1.0.0')
    expect(new Set(events.map(({ rootId }) => rootId))).toEqual(new Set([sessionIdOf(outer)]))
  })

  it('finds the status of an aggregate inside another one, which has the same id', async () => {
    await using inspector = await startInspector()
    const { inner, outer } = await nested(inspector.inspect)
    outer.start()
    await outer.setVersion(version)
    for (const aggregate of [outer, inner]) inspector.watch(aggregate)
    const client = await TestClient.connect(inspector.url)
    for (const [aggregate, its] of [
      [outer, version],
      [inner, '2.0.0'],
    ] as const) {
      const sessionId = sessionIdOf(aggregate)
      const message = await client.until(
        ({ type, ...rest }) => type === '@cutover.status' && rest.sessionId === sessionId,
      )
      expect(message).toMatchObject({ status: { versions: [{ version: its }] } })
    }
    client.socket.close()
    await client.closed
  })

  it('sees a supervisor and no connection for the in-process host', async () => {
    const seen = new InspectionRecorder()
    await runOnce(inProcess({ module: echo, inspect: seen }).provision({ id, version }), seen)
    expect(seen.tree().slice(2)).toEqual([['supervisor markdown 1.0.0', 'version 1.0.0']])
  })

  it('gets one reference per actor in all events, and the reference has the current snapshot', async () => {
    const seen = new InspectionRecorder()
    await runOnce(workerThread({ module, inspect: seen }).provision({ id, version }), seen)
    const refs = new Set(seen.events.map(actorOf))
    expect(refs.size).toBe(4)
    expect([...refs].slice(1).map(ref => ref.getSnapshot())).toMatchObject([
      { value: 'stopped', status: 'stopped' },
      { value: 'stopped', status: 'done' },
      { value: 'closed', status: 'done' },
    ])
  })

  it('gets the same reference for the sender of an event, such as the timer of a supervisor', async () => {
    const seen = new InspectionRecorder()
    const start = vi.fn().mockRejectedValueOnce(new Error('not yet'))
    await runOnce(
      inProcess({ module: { ...echo, start }, minBackoff: 0, inspect: seen }).provision({ id, version }),
      seen,
    )
    const sources = seen.events.flatMap(event => ('sourceRef' in event && event.sourceRef ? [event.sourceRef] : []))
    const isSupervisor = (ref: unknown) => (ref as AnyActorRef).id === 'supervisor markdown 1.0.0'
    expect(sources.filter(isSupervisor)).not.toEqual([])
    expect(new Set([...seen.events.map(actorOf), ...sources].filter(isSupervisor)).size).toBe(1)
  })

  it('sees a new connection for every launch', async () => {
    const seen = new InspectionRecorder()
    const runtime = workerThread({ module, inspect: seen, minBackoff: 0 }).provision({ id, version })
    runtime.start()
    await runtime.call({ do: 'answer', value: 'x' })
    await runtime.abort({ force: true })
    await runtime.stop()
    const connections = seen.tree().filter(([name]) => name.startsWith('connection'))
    expect(connections).toEqual(Array(2).fill(['connection markdown 1.0.0', 'supervisor markdown 1.0.0']))
  })

  it('sees only the hosts if the aggregate has no inspector', async () => {
    const seen = new InspectionRecorder()
    await runOnce(inProcess({ module: echo, inspect: seen }).provision({ id, version }))
    expect(seen.tree()).toEqual([['supervisor markdown 1.0.0', undefined]])
  })

  it('sees only the aggregate and its versions if the hosts have no inspector', async () => {
    const seen = new InspectionRecorder()
    await runOnce(inProcess({ module: echo }).provision({ id, version }), seen)
    expect(seen.tree().map(([name]) => name)).toEqual(['aggregate markdown', 'version 1.0.0'])
  })

  it('sees the supervisor of a runtime without a parent if the runtime was started before it was added', async () => {
    const seen = new InspectionRecorder()
    const runtime = inProcess({ module: echo, inspect: seen }).provision({ id, version })
    runtime.start()
    await runOnce(runtime, seen)
    expect(seen.tree()[0]).toEqual(['supervisor markdown 1.0.0', undefined])
  })

  it.each<[string, Inspect]>([
    ['throws', { next: () => JSON.parse('{') }],
    ['rejects', { next: () => Promise.reject(new Error('late')) as never }],
    ['throws, as a function,', () => JSON.parse('{')],
  ])('breaks nothing if it %s, and the error is logged', async (_, inspect) => {
    const errors = new Set<string>()
    const ignore = () => {}
    const logger = {
      debug: ignore,
      info: ignore,
      warn: ignore,
      error: (_: object, message: string) => errors.add(message),
    }
    await runOnce(workerThread({ module, inspect }).provision({ id, version, logger }), inspect)
    expect([...errors]).toEqual(['an inspector threw'])
  })

  it.each([inProcess, workerThread, childProcess])(
    'must be an inspector: %o refuses anything else by name',
    async host => {
      for (const inspect of [null, {}, 'page', { next: 7 }]) {
        const make = async () => host({ module, inspect: inspect as never })
        expect(await rejectionOf(make())).toMatchObject({
          code: 'CUTOVER_INVALID_OPTION',
          message: expect.stringMatching(/^Option "inspect" must be a function, or an observer with next, got /),
        })
      }
    },
  )

  it('does not see a runtime that cannot be shown, and the runtime still starts', async () => {
    const seen = new InspectionRecorder()
    const runtime = inProcess({ module: echo }).provision({ id, version })
    const fail = () => JSON.parse('{')
    await runOnce(Object.assign(runtime, { [Symbol.for('cutover.shownBelow')]: fail }), seen)
    expect(seen.tree()).toHaveLength(2)
  })
})
