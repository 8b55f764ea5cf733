import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { beforeAll, describe, expect, it } from 'vitest'
import { afterAllTests, application, type Served, Site } from './serving.js'

/** Its answers take a while, so that the clients leave time for others. */
const GOOD = application('good')

/** Clients that ask all the time. */
class Load {
  failed = 0
  asked = 0
  readonly #url: string
  readonly #clients: Promise<unknown>
  #isOver = false

  constructor(url: string, clients: number) {
    this.#url = url
    this.#clients = Promise.all(Array.from({ length: clients }, () => this.#ask()))
  }

  async #ask(): Promise<void> {
    while (!this.#isOver) {
      this.asked++
      try {
        const response = await fetch(this.#url)
        await response.text()
        if (!response.ok) this.failed++
      } catch {
        this.failed++
      }
    }
  }

  async end(): Promise<void> {
    this.#isOver = true
    await this.#clients
  }
}

/** A bad deploy. */
interface Bad {
  readonly what: string
  readonly source: string
  /** The message of the command. */
  readonly says: RegExp
  /** How many requests it may hurt. @default 0 */
  readonly hurts?: number
}

const BAD: readonly Bad[] = [
  { what: 'exits at start', source: 'process.exit(3)', says: /It did not start: .*exited with code 3/s },
  {
    what: 'throws in start',
    source: `${GOOD}export const start = () => { throw new Error('no port') }`,
    says: /did not start: .*no port/s,
  },
  { what: 'has a syntax error', source: 'export const fetch = (', says: /It did not start: .*app\.mjs/s },
  { what: 'exports no fetch', source: 'export const other = 1', says: /It did not start: .*no function "call"/s },
  {
    what: 'fails its check',
    source: `export const fetch = request => new Response('no disk', { status: request.url.endsWith('/health') ? 503 : 200 })`,
    says: /verify failed: GET \/health answered 503: no disk\./,
  },
  {
    what: 'crashes while it has a share',
    source: application('crashing'),
    says: /was rejected: It (was lost: .*exited with code 1|fails more often than the active version: )/s,
    hurts: 60,
  },
  {
    what: 'answers 500 while it has a share',
    source: `export const fetch = request => new Response('', { status: request.url.endsWith('/health') ? 200 : 500 })`,
    says: /was rejected: It fails more often than the active version: /,
    hurts: 60,
  },
]

/** How soon a version that throws while it is loaded must be refused, in ms; on a slow machine, so many times `cutover status`. */
const [REFUSED_WITHIN, TIMES_STATUS] = [1_000, 10]

/** How long a function takes, in ms, and its result. */
async function timed<Result>(act: () => Promise<Result>): Promise<readonly [ms: number, result: Result]> {
  const began = performance.now()
  const result = await act()
  return [Math.round(performance.now() - began), result]
}

describe('A deploy that', { timeout: 120_000 }, () => {
  const site = new Site(GOOD, '1.0.0', afterAllTests())
  let served: Served
  beforeAll(async () => {
    // A limit of memory for the one that leaks.
    site.env = { NODE_OPTIONS: '--max-old-space-size=64' }
    served = await site.serve('--instances', '1', '--verify', '/health')
  })

  /** Deploys it under load, and expects that the old version serves on in its process. */
  async function refuses({ what, source, says, hurts = 0 }: Bad, deploy: () => ReturnType<Site['ask']>) {
    const pid = await served.get()
    const load = new Load(served.url, 4)
    site.write(source)
    const { code, stdout } = await deploy()
    await load.end()
    console.info(`${what}: ${load.failed} of ${load.asked} requests failed`)
    expect(stdout).toMatch(says)
    expect(code).toBe(1)
    expect(load.failed).toBeLessThanOrEqual(hurts)
    expect(await served.get()).toBe(pid)
    const { rollout, versions } = await site.status()
    expect(rollout).toMatchObject({ state: 'idle', candidate: null })
    expect(versions).toMatchObject([{ role: 'active', restarts: 0 }])
  }

  it.each(BAD.map(bad => [bad.what, bad] as const))(
    '%s is refused with the reason, and the old version never notices',
    (_, bad) => refuses(bad, () => site.ask('deploy', '--steps', '10:60s')),
  )

  it('throws while it is loaded is refused with the reason, at once', { retry: 2 }, async () => {
    const says = /It did not start: .*no database/s
    const bad = { what: 'throws while it is loaded', source: 'throw new Error("no database")', says }
    let [took, yardstick] = [0, 0]
    await refuses(bad, async () => {
      const [time, ended] = await timed(() => site.run('deploy', '--steps', '10:60s'))
      took = time
      yardstick = (await timed(() => site.run('status')))[0]
      return ended
    })
    console.info(`refused after ${took} ms`)
    expect(took).toBeLessThan(Math.max(REFUSED_WITHIN, TIMES_STATUS * yardstick))
  })

  it('hangs at start is refused after its timeout, and the old version never notices', async () => {
    const bad = { what: 'hangs at start', source: application('hanging'), says: /did not run within 500 ms/ }
    await refuses(bad, () => site.ask('deploy', '--start-timeout', '500ms'))
  })

  it('dies in the soak is taken back', async () => {
    const pid = await served.get()
    site.write(application('shortLived'))
    const { code, stdout } = await site.ask('deploy', '--soak', '60s')
    expect(stdout).toMatch(/was rolled back: It was lost: .*SIGKILL/s)
    expect(code).toBe(1)
    expect(await served.get()).toBe(pid)
  })

  it('leaks in the soak until its limit of memory ends it is taken back, and says so', async () => {
    // The connection may end before the process does.
    const says =
      /was rolled back: It was lost(: .* was ended by SIGABRT\. The end of its stderr: FATAL ERROR: .*heap out of memory|, before its host knew why\. See its log)\.\n$/
    const what = 'leaks in the soak'
    // Those that were in its process when that ended.
    const hurts = 4
    await refuses({ what, source: application('leaking'), says, hurts }, () => site.ask('deploy', '--soak', '10m'))
    expect((await site.ask('logs')).stdout).toMatch(/FATAL ERROR: .*heap out of memory/)
  })

  it('fails with an error that steers a terminal is told in plain text', async () => {
    site.write('throw new Error("no \\x1b[2Jdatabase")')
    const { stdout } = await site.ask('deploy')
    expect(stdout).toContain('no \\x1b[2Jdatabase')
    expect((await site.ask('logs')).stdout).not.toContain('\x1b')
  })

  it('fails the verify of a module is refused', async () => {
    const check = `export async function verify({ fetch, version }) {
      const text = await (await fetch('/health')).text()
      if (text !== 'fine') throw new Error(version.slice(0, 5) + ' says ' + text)
    }`
    writeFileSync(join(site.folder, 'check.mjs'), check)
    site.write(GOOD)
    expect(await site.run('deploy', '--verify', 'check.mjs', '--soak', '0')).toMatchObject({ code: 0 })
    site.write(GOOD.replace('fine', 'bad'))
    const { code, stdout } = await site.ask('deploy', '--verify', join(site.folder, 'check.mjs'))
    expect([code, stdout]).toEqual([1, expect.stringContaining('verify failed: 1.0.0 says bad.')])
  })

  it('fails first of all leaves no service', async () => {
    const first = new Site('throw new Error("no database")')
    const { code, stderr } = await first.run('serve', first.app, '--port', '0')
    expect(code).toBe(1)
    expect(stderr).toMatch(/^cutover: The rollout of version .* was rejected: It did not start: .*no database/s)
  })
})
