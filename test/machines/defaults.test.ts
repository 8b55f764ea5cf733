import {
  aggregateEffects,
  aggregateMachine,
  connectionEffects,
  connectionMachine,
  type EffectTable,
  fleetEffects,
  fleetLinkEffects,
  fleetLinkMachine,
  fleetMachine,
  moduleRunEffects,
  moduleRunMachine,
  poolEffects,
  poolMachine,
  rolloutEffects,
  rolloutMachine,
  supervisorEffects,
  supervisorMachine,
  versionEffects,
  versionMachine,
} from 'cutover/machines'
import { describe, expect, it } from 'vitest'
import { type AnyStateMachine, createActor } from 'xstate'

/** The error with which an actor of the bare machine ends after these events. */
function failureOf(machine: AnyStateMachine, input: object, events: readonly { readonly type: string }[]): unknown {
  const actor = createActor(machine, { input })
  let failure: unknown
  actor.subscribe({ error: error => (failure = error) })
  actor.start()
  for (const event of events) actor.send(event)
  return failure
}

describe('a machine without its shell', () => {
  it.each([
    [
      'version',
      versionMachine,
      { version: '1.0.0', drainTimeout: 1, stopTimeout: 1 },
      [{ type: 'start' }],
      'startHost',
    ],
    ['supervisor', supervisorMachine, {}, [{ type: 'start' }], 'launchGuest'],
    ['pool', poolMachine, { size: 1, ready: 1, concurrentStarts: 1 }, [{ type: 'start' }], 'startInstance'],
    [
      'aggregate',
      aggregateMachine,
      { handover: 'sequential', drainTimeout: 1, stopTimeout: 1 },
      [{ type: 'start' }, { type: 'setVersion', active: '1.0.0', next: null }],
      'warnPostponed',
    ],
  ] as const)(
    'The %s machine fails on the first action that nobody provided, and names it',
    (_, machine, input, events, action) => {
      const failure = failureOf(machine, input, events)
      expect(failure).toMatchObject({ message: expect.stringMatching(new RegExp(`"${action}" is not provided`)) })
    },
  )

  const tables = [
    ['version', versionMachine, versionEffects],
    ['aggregate', aggregateMachine, aggregateEffects],
    ['supervisor', supervisorMachine, supervisorEffects],
    ['connection', connectionMachine, connectionEffects],
    ['moduleRun', moduleRunMachine, moduleRunEffects],
    ['pool', poolMachine, poolEffects],
    ['rollout', rolloutMachine, rolloutEffects],
    ['fleet', fleetMachine, fleetEffects],
    ['fleetLink', fleetLinkMachine, fleetLinkEffects],
  ] as const satisfies readonly (readonly [string, AnyStateMachine, EffectTable])[]

  it.each(tables)(
    'Every effect of the %s machine that nobody provided fails, and names itself',
    (_, machine, table) => {
      const actions: Readonly<Record<string, unknown>> = machine.implementations.actions
      expect(Object.keys(table).length).toBeGreaterThan(0)
      for (const name of Object.keys(table)) {
        expect(actions[name]).toThrow(
          `Effect "${name}" is not provided: supply it with machine.provide({ actions: { ${name} } }).`,
        )
      }
    },
  )

  it('A context is plain JSON', () => {
    const input = { handover: 'overlap', drainTimeout: 1, stopTimeout: 1 } as const
    const actor = createActor(aggregateMachine, { input }).start()
    actor.send({ type: 'addVersion', version: '1.0.0' })
    actor.send({ type: 'setVersion', active: '1.0.0', next: '2.0.0' })
    const { context } = actor.getSnapshot()
    expect(JSON.parse(JSON.stringify(context))).toEqual(context)
    actor.stop()
  })
})
