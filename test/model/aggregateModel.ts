import { type AggregateEvent, type AggregateSnapshot, aggregateMachine, type Handover } from 'cutover/machines'
import { hostReports } from '../../src/testing/scenarios/index.js'
import { AggregateDriver } from './aggregateDriver.js'
import type { Impossible } from './coverage.js'
import { runEverything } from './runEverything.js'

const VERSIONS = ['1.0.0', '2.0.0', '3.0.0']
const NAMES = [null, ...VERSIONS]
const COMMANDS: readonly AggregateEvent[] = [
  { type: 'start' },
  { type: 'stop' },
  { type: 'dispose' },
  ...VERSIONS.flatMap(version => [
    { type: 'addVersion', version } as const,
    { type: 'removeVersion', version } as const,
  ]),
  ...NAMES.flatMap(active => NAMES.map(next => ({ type: 'setVersion', active, next }) as const)),
]

/** Of the commands, those that the API still passes on: it refuses the others (rule 19). */
const WHILE_DISPOSING: readonly AggregateEvent[] = [{ type: 'stop' }, { type: 'dispose' }]

/** What can happen: any command, and of each version's host what it can say in the state that it is in. */
function possible(state: AggregateSnapshot): AggregateEvent[] {
  if (state.matches('disposed')) return []
  return [...(state.matches({ stopping: 'disposing' }) ? WHILE_DISPOSING : COMMANDS), ...hostReports(state)]
}

/** As in: running.settled, active 1.0.0, no next, wanted 1.0.0 and none, 1.0.0 running */
function nameOfState({ value, context: { active, next, leaving, wanted, versions } }: AggregateSnapshot): string {
  const path = typeof value === 'string' ? value : Object.entries(value).flat().join('.')
  const roles = [`active ${active}`, `next ${next}`, ...(leaving === null ? [] : [`leaving ${leaving}`])]
  const states = Object.entries(versions).map(([version, state]) => `${version} ${state}`)
  return [path, ...roles, `wanted ${wanted.active}/${wanted.next}`, ...states.sort()].join(', ')
}

const SAID_ONCE = 'A version says so only when it changes, and the aggregate knows how it was.'
const NEVER: readonly Impossible[] = [
  { what: /\[(isNew|isRemovable)\] false/, why: 'The API refuses before it asks the machine (rules 1 and 4).' },
  { what: /\[(isStarting|isRunning)\] false/, why: SAID_ONCE },
  { what: /running\.\w+: version\.stopped \[\w+\] false/, why: 'While running, one version is stopping at a time.' },
  { what: /disposed: \*/, why: 'The API refuses every command then, and no version is left to report anything.' },
  { what: /stopping: version\.stopped \[isActive\] false/, why: 'What else could stop comes before it.' },
]
const IN: Readonly<Record<Handover, readonly Impossible[]>> = {
  sequential: [
    ...NEVER,
    { what: /nextCanOvertake\](?! false)|retiring: |isLeaving\](?! false)/, why: 'That is an overlap.' },
  ],
  overlap: NEVER,
}

/** Makes the test cases of one handover. */
export function runAggregate(handover: Handover): void {
  runEverything({
    title: `the aggregate, handover ${handover}`,
    machine: aggregateMachine,
    input: { handover, drainTimeout: 5_000, stopTimeout: 30_000 },
    possible,
    impossible: IN[handover],
    nameOf: nameOfState,
    begin: () => new AggregateDriver(handover),
  })
}
