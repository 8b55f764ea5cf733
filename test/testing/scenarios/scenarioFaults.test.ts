import type { Runtime } from 'cutover'
import { type AggregateScenariosOptions, aggregateScenarios } from 'cutover/testing'
import { describe, expect, it } from 'vitest'
import { rejectionOf } from '../../fixtures/hosting.js'
import { FAULTS } from '../../fixtures/scenarios/faulty.js'
import { READY, ReadyRuntime } from '../../fixtures/scenarios/ready.js'

describe('A scenario reports a fault of a runtime', () => {
  it.each(Object.entries(FAULTS))('%s', async (_, { options, message, scenario }) => {
    const given: AggregateScenariosOptions = {
      ...READY,
      versions: ['1.0.0', '2.0.0'],
      handover: 'sequential',
      timeout: 500,
      ...options,
    }
    const make = given.provision as (version: string) => Runtime
    const runtimes: ReadyRuntime[] = []
    const provision = async (version: string) => {
      const runtime = await make(version)
      if (runtime instanceof ReadyRuntime) runtimes.push(runtime)
      return runtime
    }
    const found = aggregateScenarios({ ...given, provision }).find(({ name }) => scenario.test(name))
    const error = await rejectionOf(found?.run() ?? Promise.resolve())
    expect(error).toBeInstanceOf(Error)
    expect((error as Error).message).toMatch(message)
    expect((error as Error).message).toMatch(/^Scenario ".*": (Step \d+ of \d+,|After the last step:) /)
    expect((error as Error).message).toContain(`Scenario "${found?.name}"`)
    expect(runtimes.filter(({ subscribers }) => subscribers > 0)).toEqual([])
  })
})
