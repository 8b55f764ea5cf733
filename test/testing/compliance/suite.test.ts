import { readdirSync } from 'node:fs'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { Runtime, RuntimeEvent } from 'cutover'
import { type ComplianceRequest, runtimeCompliance } from 'cutover/testing'
import { describe, expect, it } from 'vitest'
import { compiledModule } from '../../fixtures/compliance/hosts.js'
import { crashable, faulty } from '../../fixtures/compliance/overrides.js'
import { rejectionOf } from '../../fixtures/hosting.js'
import { named } from '../../fixtures/named.js'

const everything = { provision: crashable, hostRequests: true, roles: true }

describe('Each case of the compliance suite passes with a correct host', () => {
  it.each(runtimeCompliance(everything))('$name', ({ run }) => run())
})

describe('The options and errors of the compliance suite', () => {
  it('With a reason to skip, every case has that reason and cannot pass', async () => {
    for (const { skip, run } of runtimeCompliance({ ...everything, skip: 'no python3-cbor2 here' })) {
      expect(skip).toBe('no python3-cbor2 here')
      expect(await rejectionOf(run())).toMatchObject({ message: 'This case is skipped: no python3-cbor2 here' })
    }
  })

  it('A runtime that cannot crash skips the three crash cases; without hostRequests and roles their cases are left out', () => {
    const cases = runtimeCompliance({ provision: crashable, canCrash: false })
    expect(cases.filter(({ skip }) => skip !== undefined).map(({ name }) => /crash/.test(name))).toEqual([
      true,
      true,
      true,
    ])
    expect(cases.map(({ name }) => name).filter(name => /to its host|\brole\b/.test(name))).toEqual([])
  })

  it.each([
    ['options', undefined],
    ['provision', { provision: undefined }],
    ['skip', { skip: 5 }],
    ['canCrash', { canCrash: 'no' }],
    ['hostRequests', { hostRequests: 1 }],
    ['roles', { roles: 'yes' }],
    ['oneModule', { oneModule: 2 }],
    ['timeout', { timeout: Number.POSITIVE_INFINITY }],
    ['timeout', { timeout: 0 }],
    ['directory', { directory: new URL('file:///tmp') }],
  ])('A wrong option %s is refused by name: %j', (name, options) => {
    const given = options === undefined ? undefined : { ...everything, ...options }
    expect(() => runtimeCompliance(given as never)).toThrow(
      expect.objectContaining({ code: 'CUTOVER_INVALID_OPTION', message: expect.stringContaining(`"${name}"`) }),
    )
  })

  it('A wait that times out names the event it waited for', async () => {
    const mute = faulty(() => ({ start: () => {} }))
    const [basic] = runtimeCompliance({ provision: mute, timeout: 20 })
    expect(await rejectionOf(basic?.run() ?? Promise.resolve())).toMatchObject({
      message:
        'Timed out waiting for the event "started" (events before it: none). This case has 20 ms (option "timeout").',
    })
  })

  it('A wait for counts names the first counts; a module that answers before its counts are reached fails the case', async () => {
    const aborted = /^An abort interrupts/
    const never = new Promise(() => {})
    const failureOf = (seen: (request: ComplianceRequest) => ComplianceRequest) => {
      const provision = faulty(runtime => ({
        call: (request, options) => (request.op === 'wait' ? never : runtime.call(seen(request), options)),
      }))
      return rejectionOf(named(runtimeCompliance({ provision, timeout: 100 }), aborted).run())
    }
    const counts = 'the counts {"waiting":2} of the module (at first {"waiting":0,"interrupted":0,"aborts":0})'
    expect(await failureOf(request => request)).toMatchObject({
      message: expect.stringContaining(`Timed out waiting for ${counts}`),
    })
    const early = failureOf(request => (request.op === 'seen' ? { op: 'seen' } : request))
    expect(await early).toMatchObject({
      message: expect.stringContaining(`The module answered before it had ${counts}:`),
    })
  })

  it('A provision that rejects, hangs or gives no runtime fails its case', async () => {
    const failureOf = (provision: () => Promise<unknown>) => {
      const [basic] = runtimeCompliance({ provision: provision as () => Promise<Runtime>, timeout: 50 })
      return rejectionOf(basic?.run() ?? Promise.resolve())
    }
    expect(await failureOf(() => Promise.reject(new Error('no such host')))).toMatchObject({ message: 'no such host' })
    expect(await failureOf(() => new Promise(() => {}))).toMatchObject({
      message: expect.stringContaining('Timed out waiting for provision()'),
    })
    expect(await failureOf(async () => ({ id: 'compliance' }))).toMatchObject({ code: 'CUTOVER_INVALID_RUNTIME' })
  })
})

describe('The clean-up of the compliance suite', () => {
  it('A case that fails stops its runtime and removes its files', async () => {
    const directory = await mkdtemp(join(tmpdir(), 'suite-'))
    const events: RuntimeEvent['type'][] = []
    const seen: string[][] = []
    const provision = (config: Parameters<typeof crashable>[0]): Runtime => {
      const runtime = crashable({ ...config, localConfig: { ...config.localConfig, startDelay: 60_000 } })
      runtime.watchEvents().subscribe(({ type }) => events.push(type))
      seen.push(readdirSync(directory))
      return runtime as Runtime
    }
    const failing = /emits failedToStart/
    const cases = runtimeCompliance({ provision, directory, timeout: 50 })
    expect(await rejectionOf(named(cases, failing).run())).toMatchObject({
      message: expect.stringContaining('failedToStart'),
    })
    expect(seen).toEqual([[expect.stringContaining('compliance-')]])
    expect(readdirSync(directory)).toEqual([])
    expect(events).toEqual(['stopped'])
    await rm(directory, { recursive: true })
  })

  it('A runtime that never emits stopped fails each case that otherwise passes', async () => {
    const imcrashable = faulty(() => ({ stop: () => {} }))
    const cases = runtimeCompliance({ provision: imcrashable, timeout: 100 })
    expect(await rejectionOf(named(cases, /^Values arrive/).run())).toMatchObject({
      message: expect.stringContaining('the event "stopped", to clean up'),
    })
  })
})

it('complianceModule is the URL of a module that hosts can load', async () => {
  const built = (await import(new URL('./testing.js', compiledModule).href)) as typeof import('cutover/testing')
  expect(built.complianceModule.href).toBe(compiledModule.href)
  expect(await import(compiledModule.href)).toMatchObject({ call: expect.any(Function), start: expect.any(Function) })
})
