import type { RuntimeEvent } from 'cutover'
import { expect, it } from 'vitest'
import { EventContract } from '../../../src/testing/scenarios/eventContract.js'

const VERSION = '1.0.0'
const started: RuntimeEvent = { type: 'started', version: VERSION }
const updated: RuntimeEvent = { type: 'updated', version: VERSION }
const stopped: RuntimeEvent = { type: 'stopped', version: VERSION }
const failedToStart: RuntimeEvent = { type: 'failedToStart', error: new Error('no') }
const configUpdated: RuntimeEvent = { type: 'configUpdated' }

/** What happens to a runtime: an event, or `start`, `stop` or `crash`. */
type Happening = RuntimeEvent | 'start' | 'stop' | 'crash'

/** The violation by the last event. */
function violationAfter(...happenings: readonly Happening[]): string | undefined {
  const contract = new EventContract(VERSION)
  const counts = { starts: 0, stops: 0 }
  let violation: string | undefined
  for (const happening of happenings) {
    if (happening === 'start') counts.starts++
    else if (happening === 'stop') counts.stops++
    else if (happening === 'crash') contract.expectCrash()
    else violation = contract.check(happening, counts)
  }
  return violation
}

it.each<[string, readonly Happening[]]>([
  ['started after start()', ['start', started]],
  ['updated while running', ['start', started, updated]],
  ['several failed starts', ['start', failedToStart, failedToStart]],
  ['a failed start with the version', ['start', { ...failedToStart, version: VERSION }]],
  ['stopped after stop()', ['start', started, 'stop', stopped]],
  ['stopped without a version', ['start', started, 'stop', { type: 'stopped' }]],
  ['a stop during the start', ['start', 'stop', stopped]],
  ['stopped before it has ever started', ['start', stopped, started]],
  ['a crash and a restart', ['start', started, 'crash', stopped, started]],
  ['a failed restart', ['start', started, 'crash', stopped, failedToStart, started]],
  ['two crashes', ['start', started, 'crash', stopped, started, 'crash', stopped]],
  ['configUpdated at any time', ['start', started, 'stop', stopped, configUpdated]],
  ['configUpdated before start()', [configUpdated]],
  ['the version with build metadata', ['start', { type: 'started', version: `${VERSION}+build` }]],
])('The contract allows %s', (_, happenings) => {
  expect(violationAfter(...happenings)).toBe(undefined)
})

it.each<[string, readonly Happening[], string]>([
  ['started before start()', [started], 'emitted "started" before start()'],
  [
    'started without a version',
    ['start', { type: 'started' } as RuntimeEvent],
    'emitted "started" for version undefined',
  ],
  [
    'updated without a version',
    ['start', { type: 'updated' } as RuntimeEvent],
    'emitted "updated" for version undefined',
  ],
  ['started for another version', ['start', { ...started, version: '2.0.0' }], 'emitted "started" for version "2.0.0"'],
  ['updated for another version', ['start', { ...updated, version: '2.0.0' }], 'emitted "updated" for version "2.0.0"'],
  ['stopped for another version', ['start', { ...stopped, version: '2.0.0' }], 'emitted "stopped" for version "2.0.0"'],
  [
    'failedToStart for another version',
    ['start', { ...failedToStart, version: '2.0.0' }],
    'emitted "failedToStart" for version "2.0.0"',
  ],
  ['started twice', ['start', started, started], 'emitted "started" twice, without "stopped" in between'],
  ['failedToStart while running', ['start', started, failedToStart], 'emitted "failedToStart" while it was running'],
  ['stopped without a reason', ['start', started, stopped], 'emitted "stopped", but nothing had stopped it'],
  [
    'two crashes after one cause',
    ['start', started, 'crash', stopped, started, stopped],
    'emitted "stopped", but nothing had stopped it',
  ],
  ['stopped twice', ['start', started, 'stop', stopped, stopped], 'emitted "stopped" after its final "stopped"'],
  ['an event after the end', ['start', 'stop', stopped, updated], 'emitted "updated" after its final "stopped"'],
])('The contract forbids %s', (_, happenings, violation) => {
  expect(violationAfter(...happenings)).toBe(violation)
})
