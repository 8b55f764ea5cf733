import { Composite } from 'cutover/composite'
import { inProcess } from 'cutover/hosts'
import { type ComplianceOptions, createComplianceModule, runtimeCompliance } from 'cutover/testing'
import { describe, expect, it } from 'vitest'

const hosts = inProcess({ module: createComplianceModule })

/** Cases of a runtime that stops for good. As an aggregate, a composite starts again, so that calls wait for it. */
const OTHERWISE: Readonly<Record<string, string>> = {
  'The runtime starts, answers calls, gives its id, version and info, and stops':
    'it has no version once it has stopped',
  'A stop during the start emits one stopped and no started, and rejects the waiting calls': 'the calls wait',
  'A stop before the start emits one stopped, and the runtime does not start any more': 'it does start, later',
  'A stop rejects the calls in flight and the calls made afterwards':
    'they reject with CUTOVER_VERSION_STOPPED, or wait',
}

describe('Compliance, a composite with an in-process ronl', () => {
  const options: ComplianceOptions = {
    provision: async config => {
      const composite = new Composite({ id: config.id })
      composite.addVersion('ronl', config.version, hosts.provision(config))
      await composite.setVersion('ronl', config.version)
      return composite
    },
    hostRequests: true,
    canCrash: false,
  }
  for (const { name, run, skip } of runtimeCompliance(options)) {
    const reason = skip ?? OTHERWISE[name]
    it.skipIf(reason !== undefined)(reason === undefined ? name : `${name} (${reason})`, run, 20_000)
  }

  it('leaves out only cases that there are', () => {
    const names = runtimeCompliance(options).map(({ name }) => name)
    expect(Object.keys(OTHERWISE).filter(name => !names.includes(name))).toEqual([])
  })
})
