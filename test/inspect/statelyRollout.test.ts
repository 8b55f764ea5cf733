import { createWebSocketInspector } from '@statelyai/inspect'
import { rolloutMachine } from 'cutover/machines'
import { expect, it } from 'vitest'
import { Relay } from '../fixtures/relay.js'
import { Rolling } from '../rollout/rolling.js'

it("A viewer at Stately's relay gets a rollout as an actor: its definition, each state, and why a version is gone again", async () => {
  await using relay = await Relay.open()
  const inspector = createWebSocketInspector({ url: relay.url })
  // The inspector keeps it until the socket is open, so its arrival shows that the socket is open.
  inspector.event('probe', 'probe')
  await relay.messages.count(1)
  const rolling = new Rolling({ inspect: inspector.inspect, soak: 1_000 })
  await rolling.serve('1.0.0')
  await rolling.order('2.0.0', { steps: [{ percent: 50 }] })
  rolling.rollout.advance()
  rolling.rollout.cancel(new Error('not today'))
  await rolling.rollout[Symbol.asyncDispose]()
  await relay.messages.first(({ type, snapshot }) => type === '@xstate.snapshot' && snapshot?.value === 'disposed')
  inspector.stop()

  const messages = relay.messages.all.slice(1)
  const [actor] = messages
  expect(actor).toMatchObject({ type: '@xstate.actor', name: 'rollout markdown' })
  expect(new Set(messages.map(({ sessionId }) => sessionId)).size).toBe(1)
  const { states } = JSON.parse(`${actor?.definition}`) as { readonly states: object }
  expect(Object.keys(states).sort()).toEqual(Object.keys(rolloutMachine.states).sort())
  const snapshots = messages.flatMap(({ type, snapshot }) => (type === '@xstate.snapshot' ? [snapshot] : []))
  const values = snapshots.map(it => JSON.stringify(it?.value))
  expect(values.filter((value, n) => value !== values[n - 1]).slice(-7)).toEqual([
    '"preparing"',
    '"verifying"',
    '{"stepping":"held"}',
    '"promoting"',
    '"reverting"',
    '"rejecting"',
    '"disposed"',
  ])
  const rejecting = snapshots.find(it => it?.value === 'rejecting')
  expect(rejecting?.context).toMatchObject({
    order: { version: '2.0.0' },
    ending: { outcome: 'cancelled', why: 'cancel() was called.' },
  })
})
