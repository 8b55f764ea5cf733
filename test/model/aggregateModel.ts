import { type AggregateEvent, type AggregateSnapshot, aggregateMachine, type Handover } from 'cutover/machines'
import { failedStarts, hostReports } from '../../src/testing/scenarios/index.js'
import { AggregateDriver } from './aggregateDriver.js'
import type { Impossible } from './coverage.js'
import { runEverything } from './runEverything.js'

const VERSIONS = ['1.0.0', '2.0.0', '3.0.0']
const NAMES = [null, ...VERSIONS]
const COMMANDS: readonly AggregateEvent[] = [
  { type: 'start' },
  { type: 'stop' },
  { type: 'dispose' },
  { type: 'swap' },
  { type: 'setShare', percent: 25 },
  { type: 'setShare', percent: 0 },
  ...VERSIONS.flatMap(version => [
    { type: 'addVersion', version } as const,
    { type: 'removeVersion', version } as const,
  ]),
  ...NAMES.flatMap(active => NAMES.map(next => ({ type: 'setVersion', active, next }) as const)),
  ...VERSIONS.map(next => ({ type: 'setVersion', active: null, next, promote: false }) as const),
]

/** The commands that the API still passes on; it refuses the others (rule 19). */
const WHILE_DISPOSING: readonly AggregateEvent[] = [{ type: 'stop' }, { type: 'dispose' }]

/** The possible events: every command, and the reports that each version's host can make in its state. */
function possible(state: AggregateSnapshot): AggregateEvent[] {
  if (state.matches('disposed')) return []
  return [
    ...(state.matches({ stopping: 'disposing' }) ? WHILE_DISPOSING : COMMANDS),
    ...hostReports(state),
    ...failedStarts(state),
  ]
}

/** For example: running.settled, active 1.0.0, next null, wanted 1.0.0/null, 1.0.0 running */
function nameOfState({
  value,
  context: { active, next, leaving, wanted, share, versions },
}: AggregateSnapshot): string {
  const path = typeof value === 'string' ? value : Object.entries(value).flat().join('.')
  const roles = [`active ${active}`, `next ${next}`, ...(leaving === null ? [] : [`leaving ${leaving}`])]
  const states = Object.entries(versions).map(([version, state]) => `${version} ${state}`)
  return [path, ...roles, `wanted ${wanted.active}/${wanted.next}`, `share ${share}`, ...states.sort()].join(', ')
}

const REPORTED_ONCE = 'A version reports only changes, and the aggregate knows its state.'
const NEVER: readonly Impossible[] = [
  { what: /\[(isNew|isRemovable)\] false/, why: 'The API refuses before it asks the machine (rules 1 and 4).' },
  { what: /\[(canSwap|canShare)\] false/, why: 'The API refuses before it asks the machine (rules 23 and 26).' },
  { what: /\[(isStarting|isRunning)\] false/, why: REPORTED_ONCE },
  {
    what: /running\.\w+: version\.stopped \[\w+\] false/,
    why: 'While the aggregate runs, one version stops at a time.',
  },
  { what: /disposed: \*/, why: 'The API refuses every command, and no version is left to report anything.' },
  {
    what: /stopping: version\.stopped \[isActive\] false/,
    why: 'The guards before it cover every other version that can stop.',
  },
  { what: /disposed: \*/, why: 'The API refuses every command then, and no version is left to report anything.' },
]
const IN: Readonly<Record<Handover, readonly Impossible[]>> = {
  sequential: [
    ...NEVER,
    { what: /nextCanOvertake\](?! false)|retiring: |isLeaving\](?! false)/, why: 'It happens only in an overlap.' },
  ],
  overlap: NEVER,
}

/** Generates the test cases of one handover. */
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
