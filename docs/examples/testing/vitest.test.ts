import { workerThread } from 'cutover/hosts'
import { aggregateScenarios } from 'cutover/testing'
import { describe, expect, it } from 'vitest'

const host = workerThread({ module: new URL('./rules.mjs', import.meta.url), minBackoff: 20 })

const scenarios = aggregateScenarios({
  id: 'rules',
  provision: version => host.provision({ id: 'rules', version, localConfig: { rate: 0.19 } }),
  provisionBroken: host, // without localConfig.rate it fails to start
  crash: runtime => runtime.abort({ force: true }),
  request: { amount: 100 },
  check: (answer, version) => expect(answer).toEqual({ version, tax: 19 }),
})

describe('rules.mjs in every kind of switch', () => {
  for (const { name, run, skip } of scenarios) it.skipIf(skip)(name, run, 20_000)
})
