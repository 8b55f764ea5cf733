import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { Aggregate } from 'cutover'
import { ControllableRuntime } from 'cutover/testing'
import { describe, expect, it, onTestFinished } from 'vitest'
import { planOf } from '../../src/serve/service/plan.js'
import { ServiceLog } from '../../src/serve/service/serviceLog.js'
import { verifierOf } from '../../src/serve/service/verify.js'
import { versionsOf } from '../../src/serve/service/versions.js'
import { rejectionOf } from '../fixtures/hosting.js'
import { directory } from '../fixtures/system.js'

describe('The plan of a deploy', () => {
  it('has defaults: no steps, half a minute of soak, and nothing to verify', () => {
    const { options, ...plan } = planOf({}, {}, 2)
    expect(plan).toEqual({ steps: [], soak: 30_000, verify: null })
    expect(options).toEqual({
      failFast: true,
      startTimeout: 30_000,
      verifyTimeout: 30_000,
      steps: [],
      soak: 30_000,
      health: { minCalls: 0 },
    })
  })

  it('is that of the service, and what the deploy says goes first, also if that is 0', () => {
    const own = {
      steps: [{ percent: 10 }],
      soak: 5_000,
      verify: '/ready',
      startTimeout: 1_000,
      verifyTimeout: 2_000,
      maxErrorRate: 0.5,
      minRequests: 100,
    }
    expect(planOf(own, {}, 1)).toMatchObject({
      steps: own.steps,
      soak: 5_000,
      verify: '/ready',
      options: { startTimeout: 1_000, verifyTimeout: 2_000, health: { minCalls: 100, maxErrorRate: 0.5 } },
    })
    const given = { steps: [], soak: 0, verify: '/health', startTimeout: 3_000, maxErrorRate: 0, minRequests: 0 }
    expect(planOf(own, given, 1)).toMatchObject({
      steps: [],
      soak: 0,
      verify: '/health',
      options: {
        startTimeout: 3_000,
        verifyTimeout: 2_000,
        steps: [],
        soak: 0,
        health: { minCalls: 0, maxErrorRate: 0 },
      },
    })
  })
})

describe('The verify of a deploy', () => {
  const { signal } = new AbortController()
  /** A version that answers its requests with these statuses in turn. */
  function answering(...statuses: readonly number[]) {
    const asked: unknown[] = []
    const call = async (request: unknown, options: unknown) => {
      asked.push([request, options])
      const body = new TextEncoder().encode(`  not\n today ${'x'.repeat(300)}`)
      return { head: { status: statuses[asked.length - 1], statusText: '', headers: [] }, body }
    }
    return { asked, next: { version: '1.0.0', signal, call } as never }
  }

  it('that is a path asks each process once', async () => {
    const { asked, next } = answering(200, 204, 299)
    await verifierOf('/health', 3)(next)
    const head = { method: 'GET', url: 'http://localhost/health', headers: ['host', 'localhost'] }
    expect(asked).toEqual(Array.from({ length: 3 }, () => [{ head, body: null }, { signal }]))
  })

  it.each([199, 300, 404, 500])('that is a path fails with the beginning of an answer of %i', async status => {
    const { asked, next } = answering(200, status, 200)
    const { message } = (await rejectionOf(verifierOf('/health', 3)(next))) as Error
    expect(message).toBe(`GET /health answered ${status}: not today ${'x'.repeat(190)}`)
    expect(asked).toHaveLength(2)
  })

  it('that is a path fails if that gives no HTTP response', async () => {
    const next = { version: '1.0.0', signal, call: async () => 'yes' } as never
    expect(await rejectionOf(verifierOf('/health', 1)(next))).toMatchObject({
      message: 'GET /health gave no HTTP response.',
    })
  })

  it('that is a module asks the new version, and is loaded anew when it has changed', async () => {
    const file = join(directory(), 'verify.mjs')
    const { asked, next } = answering(200, 418)
    writeFileSync(file, `export const verify = ({ fetch }) => fetch('/a')`)
    await verifierOf(file, 1)(next)
    writeFileSync(
      file,
      `export async function verify({ version, fetch }) { throw new Error(version + (await fetch(new Request('http://b/c'))).status) }`,
    )
    expect(await rejectionOf(verifierOf(file, 1)(next))).toMatchObject({ message: '1.0.0418' })
    const urls = asked.map(one => (one as [{ head: { url: string } }])[0].head.url)
    expect(urls).toEqual(['http://localhost/a', 'http://b/c'])
    writeFileSync(file, 'export default 1')
    expect(await rejectionOf(verifierOf(file, 1)(next))).toMatchObject({
      code: 'CUTOVER_INVALID_OPTION',
      message: `The module ${file} exports no function "verify".`,
    })
  })
})

describe('The versions of a service', () => {
  it('are told with their roles, shares and figures, the active one first', async () => {
    const aggregate = new Aggregate({ id: 'app' })
    onTestFinished(() => aggregate.dispose())
    const runtimes = ['1.0.0', '2.0.0', '3.0.0'].map(
      version => new ControllableRuntime({ id: 'app', version, autoStart: true, autoStop: true }),
    )
    for (const runtime of runtimes) {
      runtime.call = async (request: unknown) => (request === 'bad' ? Promise.reject(new Error('no')) : request)
      aggregate.addVersion(runtime.getActiveVersion(), runtime)
    }
    aggregate.start()
    await aggregate.setVersion('2.0.0', '1.0.0')
    await Promise.all(['1.0.0', '2.0.0'].map(version => aggregate.whenRunning({ version })))
    aggregate.setShare(100)
    await aggregate.call('good')
    await rejectionOf(aggregate.call('bad'))
    aggregate.setShare(30)
    const told = versionsOf(aggregate)
    const figures = told.map(({ version, role, share, requests, failed }) => [version, role, share, requests, failed])
    expect(figures).toEqual([
      ['2.0.0', 'active', 70, 0, 0],
      ['1.0.0', 'next', 30, 2, 1],
      ['3.0.0', null, 0, 0, 0],
    ])
    expect(told[0]).toMatchObject({ inFlight: 0, restarts: 0, processes: null, lastError: null })
  })
})

describe('The log of a service', () => {
  const withLog = () => {
    const written: string[] = []
    return { written, log: new ServiceLog(text => written.push(text)) }
  }

  it('names the version and the process of each line of the application, with the fields that it adds', () => {
    const { written, log } = withLog()
    const fields = { runtime: 'app', version: '1.0.0', stream: 'stdout' }
    log.guests.info({ ...fields, instance: 3 }, 'hello')
    log.guests.debug({ ...fields, user: 7 }, 'a \u001b[31mred\u001b[0m word')
    log.guests.warn({ version: '1.0.0', err: new Error('gone') }, 'its process exited')
    log.guests.info({ version: '1.0.0' }, 'its process started')
    expect(written.map(text => text.replaceAll('\u001b', '(escape)'))).toEqual(written)
    expect([written[0], written[2]]).toEqual(['1.0.0#3: hello', 'cutover: 1.0.0: its process exited: gone'])
    expect(written[1]).toMatch(/^1\.0\.0: a .*red.* word \{"user":7\}$/)
    expect(written).toHaveLength(3)
  })

  it('tells errors and warnings of the library, and no more of it', () => {
    const { written, log } = withLog()
    log.own.debug({}, 'a')
    log.own.info({}, 'b')
    log.own.warn({ err: 'why' }, 'c')
    log.own.error({ aggregate: 'app', n: 1 }, 'd')
    expect(written).toEqual(['cutover: c: why', 'cutover: d {"n":1}'])
  })

  it('keeps the last 1,000 lines, and tells followers of further ones', () => {
    const { log } = withLog()
    const followed: string[] = []
    const end = log.follow(({ text }) => followed.push(text))
    for (let i = 0; i <= 1_000; i++) log.say(`${i}`)
    end()
    log.say('last')
    expect([followed.length, followed.at(-1)]).toEqual([1_001, 'cutover: 1000'])
    expect([log.lines.length, log.lines[0]?.text, log.lines.at(-1)?.text]).toEqual([
      1_000,
      'cutover: 2',
      'cutover: last',
    ])
    expect(new Date(log.lines[0]?.time ?? '').getTime()).toBeGreaterThan(Date.now() - 600_000)
  })
})
