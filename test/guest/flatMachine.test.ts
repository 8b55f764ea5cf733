import { connectionMachine, moduleRunMachine } from 'cutover/machines'
import { describe, expect, it } from 'vitest'
import { type AnyStateMachine, createActor } from 'xstate'
import * as flat from '../../src/guest/flatMachine.js'

interface AnyEvent {
  readonly type: string
}

interface Step {
  readonly value: unknown
  readonly status: string
  readonly effects: readonly unknown[]
}

const REASON = new Error('enough')
const EVENTS = {
  connection: [{ type: 'open' }, { type: 'initialized' }, { type: 'close' }, { type: 'unknown' }, { type: 'toString' }],
  moduleRun: [
    { type: 'start' },
    { type: 'loaded' },
    { type: 'started' },
    { type: 'failed', error: REASON },
    { type: 'stop', reason: REASON },
    { type: 'stopped' },
  ],
} as const

const MACHINES: Readonly<Record<keyof typeof EVENTS, AnyStateMachine>> = {
  connection: connectionMachine,
  moduleRun: moduleRunMachine,
}

/** Sends the events; records each snapshot and the effects that led to it, with their parameters and the state that they saw. */
function run(machine: AnyStateMachine, isFlat: boolean, events: readonly AnyEvent[]): Step[] {
  let effects: unknown[] = []
  const names = Object.keys(machine.implementations.actions)
  const actions = Object.fromEntries(
    names.map(name => [
      name,
      ({ self }: { self: { getSnapshot(): { value: unknown } } }, params: unknown) => {
        effects.push([name, params, self.getSnapshot().value])
      },
    ]),
  )
  const actor = isFlat
    ? flat.createActor(flat.setup({ actions: {} }).createMachine(configOf(machine)).provide({ actions }))
    : createActor(machine.provide({ actions: actions as never }))
  const step = (): Step => {
    const { value, status } = actor.getSnapshot()
    const taken = effects
    effects = []
    return { value, status, effects: taken }
  }
  actor.start()
  const steps = [step()]
  for (const event of events) {
    // Our code sends nothing to an actor that is done, and XState warns of it.
    if (actor.getSnapshot().status === 'active') actor.send(event)
    steps.push(step())
  }
  return steps
}

/** The config as it is written: `setup` of XState adds `schemas`. */
function configOf({ config }: AnyStateMachine): flat.FlatConfig {
  const { schemas: _, ...written } = config
  return written as flat.FlatConfig
}

/** Every sequence of events in which each but the last changes the state. The machines have no circles. */
function paths(machine: AnyStateMachine, events: readonly AnyEvent[], before: readonly AnyEvent[] = []): AnyEvent[][] {
  const [last, state] = run(machine, false, before).toReversed()
  if (state?.value === last?.value) return []
  return events.flatMap(event => [[...before, event], ...paths(machine, events, [...before, event])])
}

describe('The interpreter of the guest programs', () => {
  it.each(Object.keys(EVENTS) as (keyof typeof EVENTS)[])('runs the %s machine as XState does, on every path', name => {
    const all = paths(MACHINES[name], EVENTS[name])
    expect(all.length).toBeGreaterThan(10)
    for (const events of all) {
      expect(run(MACHINES[name], true, events)).toEqual(run(MACHINES[name], false, events))
    }
  })

  it('lets an event that an action sends wait for the end of the transition', () => {
    const seen: string[] = []
    const note = ({ self }: { self: flat.FlatActor }) => {
      seen.push(self.getSnapshot().value)
      if (seen.length === 1) self.send({ type: 'go' })
    }
    const machine = flat.setup({ actions: { note } }).createMachine({
      id: 'm',
      initial: 'a',
      states: { a: { on: { go: 'b' } }, b: { entry: 'note', on: { go: 'c' } }, c: { entry: 'note', type: 'final' } },
    })
    const actor = flat.createActor(machine).start()
    actor.send({ type: 'go' })
    expect([seen, actor.getSnapshot()]).toEqual([['a', 'b'], { value: 'c', status: 'done', context: {} }])
    actor.send({ type: 'go' })
    expect(actor.getSnapshot().value).toBe('c')
  })

  it.each<[string, object]>([
    ['always', { a: { always: 'b' }, b: {} }],
    ['guard', { a: { on: { go: { target: 'b', guard: 'isIt' } } }, b: {} }],
    ['context', {}],
    ['nowhere', { a: { on: { go: { target: 'nowhere' } } } }],
  ])('refuses a machine with "%s", which it does not know', (what, states) => {
    const config = { id: 'm', initial: 'a', states, ...(what === 'context' ? { context: {} } : {}) }
    expect(() => flat.setup({ actions: {} }).createMachine(config as flat.FlatConfig)).toThrow(`without "${what}"`)
  })
})
