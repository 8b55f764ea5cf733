import type { Runtime } from 'cutover'
import { type AggregateScenariosOptions, aggregateScenarios } from 'cutover/testing'
import { describe, expect, it } from 'vitest'
import { concurrently } from '../../fixtures/concurrently.js'
import { rejectionOf } from '../../fixtures/hosting.js'
import { named } from '../../fixtures/named.js'
import { FAULTS, type Fault, TIMEOUT } from '../../fixtures/scenarios/faulty.js'
import { READY, ReadyRuntime } from '../../fixtures/scenarios/ready.js'

/** Prepares the scenario that finds a fault. It records the runtimes, to see what the clean-up leaves. */
function prepare({ options, message, scenario }: Fault) {
  const given: AggregateScenariosOptions = {
    ...READY,
    versions: ['1.0.0', '2.0.0'],
    handover: 'sequential',
    ...(isTimeout(message) ? { timeout: TIMEOUT } : {}),
    ...options,
  }
  const runtimes: ReadyRuntime[] = []
  const provision = async (version: string) => {
    const runtime = await (given.provision as (version: string) => Runtime)(version)
    if (runtime instanceof ReadyRuntime) runtimes.push(runtime)
    return runtime
  }
  return { runtimes, tested: named(aggregateScenarios({ ...given, provision }), scenario) }
}

function isTimeout({ source }: RegExp): boolean {
  return /Timed out|events so far|This case has/.test(source)
}

describe('A scenario reports a fault of a runtime', () => {
  const prepared = Object.entries(FAULTS).map(([fault, given]) => ({ fault, ...given, ...prepare(given) }))
  const jobs = prepared.map(
    ({ tested }) =>
      () =>
        rejectionOf(tested.run()),
  )
  const errors = concurrently(20, jobs)

  it.each(prepared.map((job, i) => ({ ...job, error: errors[i] })))(
    '$fault',
    async ({ message, tested, runtimes, error }) => {
      const { message: actual } = (await error) as Error
      expect(actual).toMatch(message)
      expect(actual).toMatch(/^Scenario ".*": (Step \d+ of \d+,|After the last step:) /)
      expect(actual).toContain(`Scenario "${tested.name}"`)
      expect(runtimes.filter(({ subscribers }) => subscribers > 0)).toEqual([])
    },
  )
})
