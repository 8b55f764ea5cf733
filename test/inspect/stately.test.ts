import { createWebSocketInspector } from '@statelyai/inspect'
import { Aggregate } from 'cutover'
import { workerThread } from 'cutover/hosts'
import { aggregateMachine, connectionMachine, supervisorMachine, versionMachine } from 'cutover/machines'
import { beforeAll, describe, expect, it } from 'vitest'
import type { InspectionEvent } from 'xstate'
import { InspectionRecorder, type StatelyMessageFacts } from '../fixtures/inspectionRecorder.js'
import { Relay, type StatelyMessage } from '../fixtures/relay.js'
import { guestFile } from '../fixtures/remoteHost.js'

const MACHINES = [aggregateMachine, versionMachine, supervisorMachine, connectionMachine]

/** Runs an aggregate from start to disposal, with a share, a swap and back, and one switch. */
async function switchOver(inspect: { next(event: InspectionEvent): void }): Promise<void> {
  const threads = workerThread({ module: guestFile('versatile'), inspect })
  await using aggregate = new Aggregate({ id: 'markdown', inspect })
  for (const version of ['1.0.0', '2.0.0']) {
    aggregate.addVersion(version, threads.provision({ id: 'markdown', version }))
  }
  aggregate.start()
  await aggregate.setVersion('1.0.0')
  await aggregate.whenRunning({ version: '1.0.0' })
  await aggregate.setVersion('1.0.0', '2.0.0')
  await aggregate.whenRunning({ version: '2.0.0' })
  aggregate.setShare(10)
  await aggregate.swap()
  await aggregate.swap()
  await aggregate.setVersion('2.0.0')
}

describe("A viewer at Stately's relay, during a whole switch,", () => {
  const seen = new InspectionRecorder()
  let messages: readonly StatelyMessage[] = []

  beforeAll(async () => {
    await using relay = await Relay.open()
    const inspector = createWebSocketInspector({ url: relay.url })
    // The inspector keeps it until the socket is open, so its arrival shows that the socket is open.
    inspector.event('probe', 'probe')
    await relay.messages.count(1)
    await switchOver({
      next: event => {
        seen.next(event)
        inspector.inspect.next?.(event)
      },
    })
    await relay.messages.count(1 + seen.messages().length)
    inspector.stop()
    messages = relay.messages.all.slice(1)
  })

  const actors = () => messages.filter(({ type }) => type === '@xstate.actor')
  const named = (name: string) => actors().find(actor => actor.name === name)
  const statesOf = (name: string) => {
    const { sessionId } = named(name) ?? {}
    const snapshots = messages.filter(message => message.type === '@xstate.snapshot' && message.sessionId === sessionId)
    const values = snapshots.map(({ snapshot }) => JSON.stringify(snapshot?.value))
    return values.filter((value, index) => value !== values[index - 1])
  }

  it('gets one actor for each aggregate, version, supervisor and connection, below its parent', () => {
    const names = new Map(actors().map(({ sessionId, name }) => [sessionId, name]))
    expect(actors().map(({ name, parentId }) => [name, names.get(`${parentId}`)])).toEqual([
      ['aggregate markdown', undefined],
      ['version 1.0.0', 'aggregate markdown'],
      ['version 2.0.0', 'aggregate markdown'],
      ['supervisor markdown 1.0.0', 'version 1.0.0'],
      ['connection markdown 1.0.0', 'supervisor markdown 1.0.0'],
      ['supervisor markdown 2.0.0', 'version 2.0.0'],
      ['connection markdown 2.0.0', 'supervisor markdown 2.0.0'],
    ])
    expect(names.size).toBe(7)
    expect(new Set(messages.map(({ rootId }) => rootId))).toEqual(new Set([named('aggregate markdown')?.sessionId]))
  })

  it('gets every event and every snapshot in order, and nothing else', () => {
    const comparable = ({ type, rootId, sessionId, name, parentId, event }: StatelyMessage): StatelyMessageFacts =>
      type === '@xstate.actor'
        ? { type, rootId, sessionId, name: `${name}`, parentId }
        : { type, rootId, sessionId, event: `${event?.type}` }
    expect(messages.map(comparable)).toEqual(seen.messages())
    expect(new Set(messages.map(({ type }) => type))).toEqual(
      new Set(['@xstate.actor', '@xstate.event', '@xstate.snapshot']),
    )
  })

  it('gets the whole definition of each as JSON: every state and its transitions', () => {
    for (const { name, definition = '' } of actors()) {
      const { config } = MACHINES.find(({ id }) => `${name}`.startsWith(id)) ?? {}
      const parsed = JSON.parse(definition) as { readonly states: object }
      // JSON cannot hold functions: they are left out or replaced.
      expect(skeletonOf(parsed)).toEqual(skeletonOf(config))
      expect(definition).not.toMatch(/"\[(Object|Array|Circular)\]"/)
    }
  })

  it('sees a share and swaps as events of the aggregate, with the share and the roles in the snapshot after each', () => {
    const { sessionId } = named('aggregate markdown') ?? {}
    const ofAggregate = messages.filter(message => message.sessionId === sessionId)
    const types = ['setShare', 'swap']
    const told = ofAggregate.filter(({ event }) => types.includes(`${event?.type}`))
    expect(told.map(({ type, event, snapshot }) => [type, event, snapshot?.value])).toEqual(
      [{ type: 'setShare', percent: 10 }, { type: 'swap' }, { type: 'swap' }].flatMap(event => [
        ['@xstate.event', event, undefined],
        ['@xstate.snapshot', event, { running: 'settled' }],
      ]),
    )
    expect(told.flatMap(({ snapshot }) => (snapshot === undefined ? [] : [snapshot.context]))).toMatchObject([
      { active: '1.0.0', next: '2.0.0', share: 10 },
      { active: '2.0.0', next: '1.0.0', share: 0 },
      { active: '1.0.0', next: '2.0.0', share: 0 },
    ])
  })

  it('sees the states of each actor', () => {
    expect(statesOf('aggregate markdown')).toMatchObject([
      '"stopped"',
      '{"running":"settled"}',
      '{"running":"stoppingActive"}',
      '{"running":"settled"}',
      expect.stringMatching(/^\{"stopping":/),
      '"disposed"',
    ])
    for (const version of ['1.0.0', '2.0.0']) {
      expect(statesOf(`version ${version}`).slice(0, 3)).toEqual(['"provisioned"', '"starting"', '"running"'])
      expect(statesOf(`supervisor markdown ${version}`).at(-1)).toBe('"stopped"')
      const connection = statesOf(`connection markdown ${version}`)
      expect(connection).toEqual(['"uninitialized"', '"initializing"', '"ready"', '"closed"'])
    }
  })
})

/** The nested states of a machine, with the names of their transitions. Stately's inspector sorts the keys. */
function skeletonOf(state: unknown): unknown {
  const { states = {}, on = {}, always = [], initial } = state as Record<string, object>
  const inner = Object.fromEntries(Object.entries(states).map(([name, child]) => [name, skeletonOf(child)]))
  return { on: Object.keys(on).sort(), always: [always].flat().length, initial, inner }
}
