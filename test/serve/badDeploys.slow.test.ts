import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { application, Site } from './serving.js'

const GOOD = `export const fetch = request => new Response(request.url.endsWith('/health') ? 'fine' : String(process.pid))\n`

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

/** A bad deploy, the message of the command, and how many requests of hundreds it may hurt. */
const BAD: readonly (readonly [what: string, source: string, says: RegExp, hurts: number])[] = [
  ['throws while it is loaded', 'throw new Error("no database")', /It did not start: .*no database/s, 0],
  [
    'throws in start',
    `${GOOD}export const start = () => { throw new Error('no port') }`,
    /did not start: .*no port/s,
    0,
  ],
  ['exits at start', 'process.exit(3)', /It did not start: .*exited with code 3/s, 0],
  ['has a syntax error', 'export const fetch = (', /It did not start: .*app\.mjs/s, 0],
  ['exports no fetch', 'export const other = 1', /It did not start: .*no function "call"/s, 0],
  ['hangs at start', application('hanging'), /did not run within 3000 ms/, 0],
  [
    'fails its check',
    `export const fetch = request => new Response('no disk', { status: request.url.endsWith('/health') ? 503 : 200 })`,
    /verify failed: GET \/health answered 503: no disk\./,
    0,
  ],
  [
    'crashes while it has a share',
    application('crashing'),
    /was rejected: It (was lost: .*exited with code 1|fails more often than the active version: )/s,
    60,
  ],
  [
    'answers 500 while it has a share',
    `export const fetch = request => new Response('', { status: request.url.endsWith('/health') ? 200 : 500 })`,
    /was rejected: It fails more often than the active version: /,
    60,
  ],
]

/** How soon a version that throws while it is loaded must be refused, in ms; on a slow machine, so many times `cutover status`. */
const [REFUSED_WITHIN, TIMES_STATUS] = [1_000, 10]

/** How long a function takes, in ms, and its result. */
async function timed<Result>(act: () => Promise<Result>): Promise<readonly [ms: number, result: Result]> {
  const began = performance.now()
  const result = await act()
  return [Math.round(performance.now() - began), result]
}

describe('A deploy that', () => {
  it('cannot work is refused with the reason, and the old version never notices', { timeout: 240_000 }, async () => {
    const site = new Site(GOOD)
    const served = await site.serve('--instances', '1', '--verify', '/health', '--start-timeout', '3s')
    const pid = await served.get()
    for (const [what, source, says, hurts] of BAD) {
      const load = new Load(served.url, 4)
      site.write(source)
      const [took, { code, stdout }] = await timed(() => site.run('deploy', '--steps', '10:60s'))
      const [yardstick] = await timed(() => site.run('status'))
      await load.end()
      console.info(`${what}: refused after ${took} ms; ${load.failed} of ${load.asked} requests failed`)
      expect(stdout, what).toMatch(says)
      expect(code, what).toBe(1)
      expect(load.failed, what).toBeLessThanOrEqual(hurts)
      if (what === 'throws while it is loaded') {
        expect(took, what).toBeLessThan(Math.max(REFUSED_WITHIN, TIMES_STATUS * yardstick))
      }
      expect(await served.get(), what).toBe(pid)
    }
    const { rollout, versions } = await site.status()
    expect(rollout).toMatchObject({ state: 'idle', candidate: null })
    expect(versions).toMatchObject([{ role: 'active', restarts: 0 }])
  })

  it('dies in the soak is taken back', async () => {
    const site = new Site(GOOD)
    const served = await site.serve('--instances', '1')
    const pid = await served.get()
    site.write(application('shortLived'))
    const { code, stdout } = await site.run('deploy', '--soak', '60s')
    expect(stdout).toMatch(/was rolled back: It was lost: .*SIGKILL/s)
    expect(code).toBe(1)
    expect(await served.get()).toBe(pid)
  })

  it('leaks in the soak until its limit of memory ends it is taken back, and says so', {
    timeout: 120_000,
  }, async () => {
    const site = new Site(GOOD)
    site.env = { NODE_OPTIONS: '--max-old-space-size=64' }
    const served = await site.serve('--instances', '1', '--verify', '/health')
    const pid = await served.get()
    const load = new Load(served.url, 4)
    site.write(application('leaking'))
    const { code, stdout } = await site.run('deploy', '--soak', '10m')
    await load.end()
    console.info(`leaks in the soak: ${load.failed} of ${load.asked} requests failed`)
    // The connection may end before the process does.
    expect(stdout).toMatch(
      /was rolled back: It was lost(: .* was ended by SIGABRT\. Its last words: FATAL ERROR: .*heap out of memory|, before its host knew why\. See its log)\.\n$/,
    )
    expect((await site.run('logs')).stdout).toMatch(/FATAL ERROR: .*heap out of memory/)
    expect(code).toBe(1)
    // Those that were in its process when that ended.
    expect(load.failed).toBeLessThanOrEqual(4)
    expect(await served.get()).toBe(pid)
    expect((await site.status()).versions).toMatchObject([{ role: 'active', restarts: 0 }])
  })

  it('fails first of all leaves no service', async () => {
    const site = new Site('throw new Error("no database")')
    const { code, stderr } = await site.run('serve', site.app, '--port', '0')
    expect(code).toBe(1)
    expect(stderr).toMatch(/^cutover: The rollout of version .* was rejected: It did not start: .*no database/s)
  })

  it('fails with an error that steers a terminal is told in plain text', async () => {
    const site = new Site(GOOD)
    await site.serve('--instances', '1')
    site.write('throw new Error("no \\x1b[2Jdatabase")')
    const { stdout } = await site.run('deploy')
    expect(stdout).toContain('no \\x1b[2Jdatabase')
    expect((await site.run('logs')).stdout).not.toContain('\x1b')
  })

  it('fails the verify of a module is refused', async () => {
    const site = new Site(GOOD)
    const check = `export async function verify({ fetch, version }) {
      const text = await (await fetch('/health')).text()
      if (text !== 'fine') throw new Error(version.slice(0, 5) + ' says ' + text)
    }`
    writeFileSync(join(site.folder, 'check.mjs'), check)
    await site.serve('--instances', '1', '--verify', 'check.mjs', '--soak', '0')
    expect(await site.run('deploy')).toMatchObject({ code: 0 })
    site.write(GOOD.replace('fine', 'bad'))
    const { code, stdout } = await site.run('deploy')
    expect([code, stdout]).toEqual([1, expect.stringContaining('verify failed: 1.0.0 says bad.')])
  })
})
