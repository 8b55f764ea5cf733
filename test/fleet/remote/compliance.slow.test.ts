import { remote, serveRemote } from 'cutover/fleet'
import { type ModuleSource, type Provisioner, pool, type RuntimeConfig } from 'cutover/hosts'
import { aggregateScenarios, createComplianceModule, runtimeCompliance, type TestCase } from 'cutover/testing'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { compiledModule } from '../../fixtures/compliance/hosts.js'
import { noNatsServer } from '../../fixtures/installed.js'
import { NatsServer } from '../natsServer.js'
import { MortalServer } from './mortalServer.js'
import { ServerProcess } from './serverProcess.js'

/** Retries and finds out quickly. */
const QUICK = { minBackoff: 20, jitter: 0, watchdogInterval: 50 } as const
const BROKEN = new URL('../../fixtures/modules/throws.mjs', import.meta.url)
const VERSIONS = ['1.0.0', '2.0.0', '3.0.0']

describe.skipIf(noNatsServer !== undefined)(`A remote version ${noNatsServer ?? ''}`, () => {
  const opened: AsyncDisposable[] = []
  const crashing: ServerProcess[] = []
  let at: (subject: string) => Provisioner
  beforeAll(async () => {
    const nats = await NatsServer.start()
    opened.push(nats)
    const connection = await nats.connect()
    at = subject => remote({ connection, subject, ...QUICK })
    const serve = async (subject: string, module: ModuleSource = createComplianceModule) =>
      opened.push(await serveRemote(module, { connection: await nats.connect(), subject }))
    await Promise.all([...['one', 'two', 'two'].map(subject => serve(subject)), serve('broken', BROKEN)])
    // A crash of one version must not be that of another.
    for (const version of VERSIONS) opened.push(await MortalServer.start(nats, `mortal.${version}`))
    for (let n = 0; n < 2; n++) crashing.push(await ServerProcess.start(nats.url, 'process', compiledModule))
    opened.push(...crashing)
  })
  afterAll(async () => {
    for (const each of opened.reverse()) await each[Symbol.asyncDispose]()
  })

  function add(cases: readonly TestCase[]): void {
    for (const { name, run, skip } of cases)
      it.skipIf(skip !== undefined)(skip === undefined ? name : `${name} (${skip})`, run, 60_000)
  }
  const COMPLETE = { hostRequests: true, roles: true } as const

  describe('complies, with its server in this process', () => {
    const provision = (config: RuntimeConfig) => at('one').provision(config)
    add(runtimeCompliance({ ...COMPLETE, provision, canCrash: false }))
  })

  describe('complies, in a pool of two over two servers', () => {
    const provision = (config: RuntimeConfig) => pool(at('two'), { size: 2 }).provision(config)
    add(runtimeCompliance({ ...COMPLETE, provision, canCrash: false, oneModule: false }))
  })

  describe('complies, with two servers in processes that crash', () => {
    const provision = async (config: RuntimeConfig) => {
      // The other one is there when one of them crashes.
      await Promise.all(crashing.map(server => server.whenUp()))
      return at('process').provision(config)
    }
    // A ping that is lost with its server costs 5 s.
    add(runtimeCompliance({ ...COMPLETE, provision, timeout: 25_000 }))
  })

  describe('passes the scenarios of an aggregate', () => {
    add(
      aggregateScenarios({
        id: 'scenarios',
        request: 'a question',
        check: (answer: unknown, version: string) => expect(answer).toBe(`${version} answers a question`),
        crash: runtime => runtime.call('crash'),
        provision: version => at(`mortal.${version}`).provision({ id: 'scenarios', version }),
        provisionBroken: version => at('broken').provision({ id: 'scenarios', version }),
        timeout: 60_000,
      }),
    )
  })
})
