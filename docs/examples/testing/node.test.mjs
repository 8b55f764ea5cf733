import assert from 'node:assert/strict'
import { test } from 'node:test'
import { childProcess } from 'cutover/hosts'
import { aggregateScenarios } from 'cutover/testing'

const host = childProcess({ module: new URL('./rules.mjs', import.meta.url), minBackoff: 20 })

const scenarios = aggregateScenarios({
  id: 'rules',
  provision: version => host.provision({ id: 'rules', version, localConfig: { rate: 0.19 } }),
  provisionBroken: host, // without localConfig.rate it fails to start
  crash: runtime => runtime.abort({ force: true }),
  request: { amount: 100 },
  check: (answer, version) => assert.deepEqual(answer, { version, tax: 19 }),
})

for (const { name, run, skip } of scenarios) test(name, { skip, timeout: 20_000 }, run)
