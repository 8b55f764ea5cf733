import { type AggregateEvent, type AggregateSnapshot, aggregateMachine } from 'cutover/machines'
import { expect } from 'vitest'
import { AggregateDriver, actualStatus, expectedStatus } from './aggregateDriver.js'
import { ExpectedEvents } from './expectedEvents.js'
import { explore, type Step } from './explore.js'
import { crossesEverything, runEverything } from './runEverything.js'

type Machine = typeof aggregateMachine

const VERSIONS = ['1.0.0', '2.0.0']
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
  const reports = Object.entries(state.context.versions).flatMap(([version, its]): AggregateEvent[] => {
    if (its === 'starting') return [{ type: 'version.running', version }]
    if (its === 'running') return [{ type: 'version.lost', version }]
    return its === 'stopping' ? [{ type: 'version.stopped', version }] : []
  })
  return [...(state.matches({ stopping: 'disposing' }) ? WHILE_DISPOSING : COMMANDS), ...reports]
}

/** What the API refuses, by rules 1 and 4. */
function refusal({ context }: AggregateSnapshot, event: AggregateEvent): string | null {
  if (event.type === 'addVersion') return event.version in context.versions ? 'CUTOVER_DUPLICATE_VERSION' : null
  if (event.type !== 'removeVersion') return null
  const state = context.versions[event.version]
  if (state === undefined) return 'CUTOVER_NO_SUCH_VERSION'
  const isWanted = event.version === context.wanted.active || event.version === context.wanted.next
  return isWanted || state !== 'provisioned' ? 'CUTOVER_VERSION_IN_USE' : null
}

/** As in: running.settled, active 1.0.0, no next, wanted 1.0.0 and none, 1.0.0 running */
function nameOfState({ value, context: { active, next, leaving, wanted, versions } }: AggregateSnapshot): string {
  const path = typeof value === 'string' ? value : Object.entries(value).flat().join('.')
  const roles = [`active ${active}`, `next ${next}`, ...(leaving === null ? [] : [`leaving ${leaving}`])]
  const states = Object.entries(versions).map(([version, state]) => `${version} ${state}`)
  return [path, ...roles, `wanted ${wanted.active}/${wanted.next}`, ...states.sort()].join(', ')
}

const crossed = (['sequential', 'overlap'] as const).map(handover =>
  runEverything({
    title: `the aggregate, handover ${handover}`,
    machine: aggregateMachine,
    places: explore(aggregateMachine, { handover, drainTimeout: 5_000, stopTimeout: 30_000 }, possible),
    // An overlap needs that handover, and what is disposed of takes no events.
    cannot: handover === 'sequential' ? /disposed: |nextCanOvertake|retiring: |isLeaving/ : /disposed: /,
    nameOf: nameOfState,
    walk: async (steps, crossed) => {
      const driver = new AggregateDriver(handover, crossed)
      const events = new ExpectedEvents()
      for (const step of steps) take(driver, events, step)
      if (isAtRest(steps.at(-1)?.to)) expect(await driver.pending()).toBe(0)
      expect(await driver.leftovers()).toEqual([])
    },
  }),
)

crossesEverything(aggregateMachine, crossed)

/** Takes a step, and compares everything that can be seen with what the machine says. */
function take(driver: AggregateDriver, events: ExpectedEvents, step: Step<Machine>): void {
  const actual = { code: driver.do(step.event), ...actualStatus(driver), events: driver.events.splice(0) }
  const heard = events.after(step.from, step.event, step.to)
  const expected = { code: refusal(step.from, step.event), ...expectedStatus(step.to), events: heard }
  // toEqual is slow, and nearly always needless.
  if (JSON.stringify(actual) !== JSON.stringify(expected)) expect(actual, nameOfEvent(step)).toEqual(expected)
}

function nameOfEvent({ from, event }: Step<Machine>): string {
  return `${JSON.stringify(event)} in ${nameOfState(from)}`
}

function isAtRest(state: AggregateSnapshot | undefined): boolean {
  if (state === undefined) return true
  return state.matches('stopped') || state.matches({ running: 'settled' }) || state.matches('disposed')
}
