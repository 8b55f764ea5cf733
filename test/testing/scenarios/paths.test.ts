import { aggregateScenarios } from 'cutover/testing'
import { expect, it } from 'vitest'
import type { AnyEventObject, InspectionEvent } from 'xstate'
import { READY } from '../../fixtures/scenarios/ready.js'

/**
 * The path of each case, checked by hand. `+1` adds version 1.0.0; `set 1/2` calls setVersion() with 1.0.0 as active
 * and 2.0.0 as next; `1 up`, `1 crashes`, `1 down` and `fails` are events of runtimes.
 */
const PATHS: Readonly<Record<string, string>> = {
  'add: a version that is wanted already starts as soon as it is added': 'start, set 1/-, +1, 1 up, dispose, 1 down',
  'add: a version that is wanted as next already starts behind the active one as soon as it is added':
    '+1, start, set 1/-, 1 up, set 1/2, +2, 2 up, dispose, 1 down, 2 down',
  'prewarm: a next version starts ahead while the active one answers calls':
    '+1, start, set 1/-, 1 up, +2, set 1/2, 2 up, dispose, 1 down, 2 down',
  'promote: a next version that is running takes over (sequential)':
    '+1, +2, start, set 1/2, 1 up, 2 up, set 2/-, 1 down, dispose, 2 down',
  'promote: a next version that is running takes over (overlap)':
    '+1, +2, start, set 1/2, 1 up, 2 up, set 2/-, 1 down, dispose, 2 down',
  'promote: a next version that is still starting takes over':
    '+1, +2, start, set 1/2, 1 up, set 2/-, 1 down, 2 up, dispose, 2 down',
  'promote: a version that was not started ahead takes over':
    '+1, start, set 1/-, 1 up, +2, set 2/-, 1 down, 2 up, dispose, 2 down',
  'promote: a next version takes over, and another one starts behind it (sequential)':
    '+1, +2, start, set 1/2, 1 up, 2 up, +3, set 2/3, 1 down, 3 up, dispose, 2 down, 3 down',
  'promote: a next version takes over, and another one starts behind it (overlap)':
    '+1, +2, start, set 1/2, 1 up, 2 up, +3, set 2/3, 1 down, 3 up, dispose, 2 down, 3 down',
  'replace next: another version starts in its place':
    '+1, +2, start, set 1/2, 1 up, 2 up, +3, set 1/3, 2 down, 3 up, dispose, 1 down, 3 down',
  'cancel: a next version that is running is dropped':
    '+1, +2, start, set 1/2, 1 up, 2 up, set 1/-, 2 down, dispose, 1 down',
  'cancel: a next version that is still starting is dropped':
    '+1, +2, start, set 1/2, 1 up, set 1/-, 2 down, dispose, 1 down',
  'swap: active and next change places, and change back':
    '+1, +2, start, set 1/2, 1 up, 2 up, swap, swap, dispose, 1 down, 2 down',
  'swap: the standby is dropped': '+1, +2, start, set 1/2, 1 up, 2 up, swap, set 2/-, 1 down, dispose, 2 down',
  'swap: the standby crashes, restarts and becomes active again':
    '+1, +2, start, set 1/2, 1 up, 2 up, swap, 1 crashes, 1 up, swap, dispose, 1 down, 2 down',
  'swap: an active version that has crashed makes way, and restarts as standby':
    '+1, +2, start, set 1/2, 1 up, 2 up, 1 crashes, swap, 1 up, dispose, 1 down, 2 down',
  'swap: both versions start in their new roles after a stop':
    '+1, +2, start, set 1/2, 1 up, 2 up, swap, stop, 1 down, 2 down, +1, +2, start, 1 up, 2 up, dispose, 1 down, 2 down',
  'fail to start: a next version fails to start, and is dropped':
    '+1, start, set 1/-, 1 up, +2, set 1/2, fails, set 1/-, fails, 2 down, dispose, 1 down',
  'fail to start: an active version fails to start, and another one takes its place':
    '+1, start, set 1/-, 1 up, +2, set 2/-, 1 down, fails, +1, set 1/-, fails, 2 down, 1 up, dispose, 1 down',
  'crash: a next version crashes and restarts':
    '+1, +2, start, set 1/2, 1 up, 2 up, 2 crashes, 2 up, dispose, 1 down, 2 down',
  'crash: an active version crashes and restarts': '+1, start, set 1/-, 1 up, 1 crashes, 1 up, dispose, 1 down',
  'crash: an active version crashes, and the next one takes over (sequential)':
    '+1, +2, start, set 1/2, 1 up, 2 up, 1 crashes, set 2/-, 1 down, dispose, 2 down',
  'crash: an active version crashes, and the next one takes over (overlap)':
    '+1, +2, start, set 1/2, 1 up, 2 up, 1 crashes, set 2/-, 1 down, dispose, 2 down',
  'crash: a new version crashes while the old one stops (sequential)':
    '+1, +2, start, set 1/2, 1 up, 2 up, set 2/-, 2 crashes, 1 down, 2 up, dispose, 2 down',
  'crash: a new version crashes while the old one stops (overlap)':
    '+1, +2, start, set 1/2, 1 up, 2 up, set 2/-, 2 crashes, 1 down, 2 up, dispose, 2 down',
  'stop: while the old active version stops':
    '+1, start, set 1/-, 1 up, set 2/-, stop, 1 down, +1, +2, start, 2 up, dispose, 2 down',
  'stop: while an unwanted next version stops':
    '+1, start, set 1/-, 1 up, +2, set 1/2, set 1/-, stop, 1 down, 2 down, +1, start, 1 up, dispose, 1 down',
  'stop: while the old active version stops behind the new one':
    '+1, start, set 1/-, 1 up, +2, set 1/2, 2 up, set 2/-, stop, 1 down, 2 down, +1, +2, start, 2 up, dispose, 2 down',
  'stop: and start again before all versions are stopped':
    '+1, +2, start, set 1/2, 1 up, 2 up, stop, start, 1 down, 2 down, +1, 1 up, dispose, 1 down',
  'dispose: while the old active version stops': '+1, start, set 1/-, 1 up, set 2/-, dispose, 1 down',
  'dispose: while an unwanted next version stops':
    '+1, start, set 1/-, 1 up, +2, set 1/2, set 1/-, dispose, 1 down, 2 down',
  'dispose: while the old active version stops behind the new one':
    '+1, start, set 1/-, 1 up, +2, set 1/2, 2 up, set 2/-, dispose, 1 down, 2 down',
}

/** Records the events of the statecharts of one case. */
class Trace {
  readonly #events: string[] = []

  inspect(inspected: InspectionEvent): void {
    if (inspected.type !== '@xstate.event') return
    const { event, actorRef, rootId } = inspected
    const text = actorRef.sessionId === rootId ? formatEvent(event) : undefined
    if (text !== undefined) this.#events.push(text)
    if (event.type === 'host.failedToStart') this.#events.push('fails')
  }

  take(): string {
    return this.#events.splice(0).join(', ')
  }
}

function formatEvent(event: AnyEventObject): string | undefined {
  const major = (version: unknown) => (version === null ? '-' : String(version).charAt(0))
  const version = major(event['version'])
  switch (event.type) {
    case 'addVersion':
      return `+${version}`
    case 'setVersion':
      return `set ${major(event['active'])}/${major(event['next'])}`
    case 'version.running':
      return `${version} up`
    case 'version.lost':
      return `${version} crashes`
    case 'version.stopped':
      return `${version} down`
    case 'swap':
    case 'start':
    case 'stop':
    case 'dispose':
      return event.type
    default:
      return undefined
  }
}

const trace = new Trace()
const scenarios = aggregateScenarios({ ...READY, inspect: event => trace.inspect(event) })

it('Every scenario has its path in the table', () => {
  expect(scenarios.map(({ name }) => name)).toEqual(Object.keys(PATHS))
})

it.each(scenarios)('$name', async ({ name, run }) => {
  await run()
  expect(trace.take()).toBe(PATHS[name])
})
