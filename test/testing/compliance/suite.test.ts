import { readdirSync } from 'node:fs'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { Runtime, RuntimeEvent } from 'cutover'
import { type ComplianceCase, type ComplianceRequest, runtimeCompliance } from 'cutover/testing'
import { describe, expect, it } from 'vitest'
import { DEFECTS, faulty, mortal } from '../../fixtures/compliance/faultyHosts.js'
import { compiledModule } from '../../fixtures/compliance/hosts.js'
import { rejectionOf } from '../../fixtures/hosting.js'

const everything = { provision: mortal, hostRequests: true }

const caseNamed = (cases: readonly ComplianceCase[], name: string): ComplianceCase => {
  const found = cases.find(candidate => candidate.name === name)
  if (found === undefined) throw new Error(`No case is called ${name}.`)
  return found
}

describe('the compliance suite: each case notices', () => {
  it('There is a defect for every case', () => {
    expect(Object.keys(DEFECTS).sort()).toEqual(
      runtimeCompliance(everything)
        .map(({ name }) => name)
        .sort(),
    )
  })

  it.each(Object.entries(DEFECTS))('%s: passes without the defect, fails with it', async (name, defect) => {
    await caseNamed(runtimeCompliance(everything), name).run()
    const cases = runtimeCompliance({ ...everything, provision: faulty(defect), timeout: 300 })
    expect(await rejectionOf(caseNamed(cases, name).run())).toBeInstanceOf(Error)
  })
})

describe('the compliance suite: what it says and leaves behind', () => {
  it('With a reason to skip, every case says so, and none can pass', async () => {
    for (const { skip, run } of runtimeCompliance({ ...everything, skip: 'no python3-cbor2 here' })) {
      expect(skip).toBe('no python3-cbor2 here')
      expect(await rejectionOf(run())).toMatchObject({ message: expect.stringContaining('no python3-cbor2 here') })
    }
  })

  it('A runtime that cannot crash skips those cases alone, and one without host requests has no case of them', () => {
    const cases = runtimeCompliance({ provision: mortal, canCrash: false })
    expect(cases.filter(({ skip }) => skip !== undefined).map(({ name }) => /crash/.test(name))).toEqual([
      true,
      true,
      true,
    ])
    expect(cases.map(({ name }) => name).filter(name => /asks its host/.test(name))).toEqual([])
  })

  it('A wrong option is refused by name', () => {
    const expectRefused = (options: object, name: string) =>
      expect(() => runtimeCompliance({ ...everything, ...options })).toThrow(
        expect.objectContaining({ code: 'CUTOVER_INVALID_OPTION', message: expect.stringContaining(`"${name}"`) }),
      )
    expectRefused({ provision: undefined }, 'provision')
    expectRefused({ timeout: Number.POSITIVE_INFINITY }, 'timeout')
    expectRefused({ timeout: 0 }, 'timeout')
  })

  it('A wait that ends in vain tells what it was for', async () => {
    const mute = faulty(() => ({ start: () => {} }))
    const [basic] = runtimeCompliance({ provision: mute, timeout: 20 })
    expect(await rejectionOf(basic?.run() ?? Promise.resolve())).toMatchObject({
      message: 'Waited for the event "started" (before it: nothing), in vain: the 20 ms of this case are over.',
    })
  })

  it('A wait for what the module has seen tells what it had seen at first; a module that answers too early is found out', async () => {
    const aborted = 'An abort interrupts the work at hand without a restart'
    const never = new Promise(() => {})
    const failureOf = (seen: (request: ComplianceRequest) => ComplianceRequest) => {
      const provision = faulty(runtime => ({
        call: (request, options) => (request.op === 'wait' ? never : runtime.call(seen(request), options)),
      }))
      return rejectionOf(caseNamed(runtimeCompliance({ provision, timeout: 100 }), aborted).run())
    }
    const waited =
      'Waited for the module to have seen {"waiting":2} (at first it had seen {"waiting":0,"interrupted":0,"aborts":0})'
    expect(await failureOf(request => request)).toMatchObject({
      message: expect.stringContaining(`${waited}, in vain`),
    })
    const early = failureOf(request => (request.op === 'seen' ? { op: 'seen' } : request))
    expect(await early).toMatchObject({ message: expect.stringContaining(`${waited}, and was told`) })
  })

  it('A runtime that cannot be provisioned fails its case', async () => {
    const [basic] = runtimeCompliance({ provision: () => Promise.reject(new Error('no such host')) })
    expect(await rejectionOf(basic?.run() ?? Promise.resolve())).toMatchObject({ message: 'no such host' })
  })

  it('A case that fails stops its runtime and removes its files', async () => {
    const directory = await mkdtemp(join(tmpdir(), 'suite-'))
    const events: RuntimeEvent['type'][] = []
    const seen: string[][] = []
    const provision = (config: Parameters<typeof mortal>[0]): Runtime => {
      const runtime = mortal({ ...config, localConfig: { ...config.localConfig, startDelay: 60_000 } })
      runtime.watchEvents().subscribe(({ type }) => events.push(type))
      seen.push(readdirSync(directory))
      return runtime as Runtime
    }
    const failing = Object.keys(DEFECTS).find(name => /failedToStart/.test(name)) ?? ''
    const cases = runtimeCompliance({ provision, directory, timeout: 50 })
    expect(await rejectionOf(caseNamed(cases, failing).run())).toMatchObject({
      message: expect.stringContaining('failedToStart'),
    })
    expect(seen).toEqual([[expect.stringContaining('compliance-')]])
    expect(readdirSync(directory)).toEqual([])
    expect(events).toEqual(['stopped'])
    await rm(directory, { recursive: true })
  })

  it('A runtime that never says stopped fails every case in which all else went well', async () => {
    const immortal = faulty(() => ({ stop: () => {} }))
    const cases = runtimeCompliance({ provision: immortal, timeout: 100 })
    expect(await rejectionOf(caseNamed(cases, 'Values arrive whole, there and back').run())).toMatchObject({
      message: expect.stringContaining('the event "stopped", to clean up'),
    })
  })

  it('The module file that is named is one that hosts can load', async () => {
    const built = (await import(new URL('./testing.js', compiledModule).href)) as typeof import('cutover/testing')
    expect(built.complianceModule.href).toBe(compiledModule.href)
    expect(await import(compiledModule.href)).toMatchObject({ call: expect.any(Function), start: expect.any(Function) })
  })
})
