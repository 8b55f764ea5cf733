import { type AggregateEvent, type AggregateSnapshot, aggregateMachine, type Handover } from 'cutover/machines'
import { afterAll, describe, expect, it } from 'vitest'
import { AggregateDriver, actualStatus, expectedStatus } from './aggregateDriver.js'
import { ExpectedEvents } from './expectedEvents.js'
import { definedTransitions, explore, type Step } from './explore.js'

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

/** Of the commands, those that the API still passes on: it refuses the others (S19). */
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

/** What the API refuses, by design lines 1 and 4. */
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

describe.each<Handover>(['sequential', 'overlap'])('the aggregate, handover %s', handover => {
  const input = { handover, drainTimeout: 5_000, stopTimeout: 30_000 }
  const places = explore(aggregateMachine, input, state => possible(state))
  const crossed = new Set<string>()
  const run = { states: 0, steps: 0 }

  /** Takes a step, and compares everything that can be seen with what the machine says. */
  function take(driver: AggregateDriver, events: ExpectedEvents, step: Step<Machine>): void {
    const actual = { code: driver.do(step.event), ...actualStatus(driver), events: driver.events.splice(0) }
    const heard = events.after(step.from, step.event, step.to)
    const expected = { code: refusal(step.from, step.event), ...expectedStatus(step.to), events: heard }
    // toEqual is slow, and nearly always needless.
    if (JSON.stringify(actual) !== JSON.stringify(expected)) expect(actual, nameOfEvent(step)).toEqual(expected)
  }

  async function walk(steps: readonly Step<Machine>[]): Promise<void> {
    const driver = new AggregateDriver(handover, crossed)
    const events = new ExpectedEvents()
    for (const step of steps) take(driver, events, step)
    if (isAtRest(steps.at(-1)?.to)) expect(await driver.pending()).toBe(0)
    expect(await driver.leftovers()).toEqual([])
  }

  it.each(places.map(place => [nameOfState(place.state), place] as const))(
    '%s: it is reached, and every step out of it leads where the machine says',
    async (_, { path, exits }) => {
      await walk(path)
      run.states++
      for (const exit of exits) {
        await walk([...path, exit])
        run.steps++
      }
    },
  )

  it('All states, all steps out of them and all written transitions were run', () => {
    const steps = places.reduce((sum, { exits }) => sum + exits.length, 0)
    expect(run).toEqual({ states: places.length, steps })
    expect(missing()).toEqual([])
  })

  /** The transitions written in the machine; those for an overlap need that handover, and disposed takes none. */
  const cannot = handover === 'sequential' ? /disposed: |nextCanOvertake|retiring: |isLeaving/ : /disposed: /
  const written = definedTransitions(aggregateMachine).filter(name => !cannot.test(name))
  const missing = () => written.filter(name => !crossed.has(name))

  afterAll(() => {
    const steps = places.reduce((sum, { exits }) => sum + exits.length, 0)
    console.info(
      `aggregate, ${handover}: ${run.states} of ${places.length} states, ${run.steps} of ${steps} steps, ` +
        `${written.length - missing().length} of ${written.length} written transitions`,
    )
  })
})

function nameOfEvent({ from, event }: Step<Machine>): string {
  return `${JSON.stringify(event)} in ${nameOfState(from)}`
}

function isAtRest(state: AggregateSnapshot | undefined): boolean {
  if (state === undefined) return true
  return state.matches('stopped') || state.matches({ running: 'settled' }) || state.matches('disposed')
}
