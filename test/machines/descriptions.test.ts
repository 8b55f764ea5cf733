import {
  aggregateMachine,
  connectionMachine,
  fleetLinkMachine,
  fleetMachine,
  moduleRunMachine,
  poolMachine,
  rolloutMachine,
  supervisorMachine,
  versionMachine,
} from 'cutover/machines'
import { describe, expect, it } from 'vitest'
import type { AnyStateMachine, AnyStateNode } from 'xstate'

const SENTENCE = /^[A-Z].*\.$/

const MACHINES: readonly (readonly [string, AnyStateMachine])[] = [
  ['version', versionMachine],
  ['aggregate', aggregateMachine],
  ['supervisor', supervisorMachine],
  ['connection', connectionMachine],
  ['moduleRun', moduleRunMachine],
  ['pool', poolMachine],
  ['rollout', rolloutMachine],
  ['fleet', fleetMachine],
  ['fleetLink', fleetLinkMachine],
]

/** All states below `node`. */
function statesOf(node: AnyStateNode): AnyStateNode[] {
  return Object.values(node.states).flatMap(state => [state, ...statesOf(state)])
}

describe.each(MACHINES)('The %s machine', (name, machine) => {
  it('goes by its name, which an inspector shows', () => {
    expect(machine.id).toBe(name)
  })

  it.each(statesOf(machine.root).map(state => [state.id, state] as const))(
    'says in a sentence what %s means',
    (_id, state) => {
      expect(state.description).toMatch(SENTENCE)
    },
  )

  it('describes a transition in a sentence, or not at all', () => {
    const transitions = [machine.root, ...statesOf(machine.root)].flatMap(state => [
      ...(state.always ?? []),
      ...[...state.transitions.values()].flat(),
    ])
    const described = transitions.map(({ description }) => description).filter(text => text !== undefined)
    for (const text of described) expect(text).toMatch(SENTENCE)
  })
})

it('Every step of the reconciler is described', () => {
  const steps = aggregateMachine.getStateNodeById('aggregate.running.reconciling').always ?? []
  expect(steps).not.toEqual([])
  for (const { description } of steps) expect(description).toMatch(SENTENCE)
})
