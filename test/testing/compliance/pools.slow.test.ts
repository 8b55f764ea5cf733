import { runtimeCompliance } from 'cutover/testing'
import { describe, it } from 'vitest'
import { POOLS } from '../../fixtures/compliance/hosts.js'

describe.each(Object.entries(POOLS))('Compliance, %s', (_, options) => {
  for (const { name, run, skip } of runtimeCompliance(options)) {
    it.skipIf(skip !== undefined)(skip === undefined ? name : `${name} (${skip})`, run, 20_000)
  }
})
