import { childProcess, inProcess, type Provisioner, pool, workerThread } from 'cutover/hosts'
import { aggregateScenarios } from 'cutover/testing'
import { describe, expect, it } from 'vitest'

const fixture = (path: string) => new URL(`../../fixtures/${path}`, import.meta.url)
const mortal = fixture('guests/mortal.mjs')
const broken = fixture('modules/throws.mjs')
/** Retries quickly. */
const QUICK = { minBackoff: 20, jitter: 0 } as const

/** Each host, and one that never starts. */
const HOSTS: Readonly<Record<string, readonly [Provisioner, Provisioner]>> = {
  'in-process': [
    inProcess({ module: ({ version }) => ({ call: request => `${version} answers ${request}` }) }),
    inProcess({ module: () => Promise.reject(new Error('no module')), ...QUICK }),
  ],
  'worker threads': [workerThread({ module: mortal, ...QUICK }), workerThread({ module: broken, ...QUICK })],
  'child processes': [childProcess({ module: mortal, ...QUICK }), childProcess({ module: broken, ...QUICK })],
}

/** All in the long form: `POOLS=all`. */
const isRun = (size: number, name: string) =>
  process.env['POOLS'] === 'all' || name === 'in-process' || (name === 'worker threads' ? size === 1 : size === 2)

const POOLS = [1, 2].flatMap(size =>
  Object.entries(HOSTS)
    .filter(([name]) => isRun(size, name))
    .map(([name, [host, never]]) => ({
      name: `a pool of ${size}, ${name}`,
      provision: pool(host, { size }),
      provisionBroken: pool(never, { size }),
      // The crash of one of two does not stop the pool.
      crash: size === 1 && name !== 'in-process' ? 'call' : 'abort',
    })),
)

describe.each(POOLS)('Scenarios, $name', ({ provision, provisionBroken, crash }) => {
  const scenarios = aggregateScenarios({
    id: 'scenarios',
    request: 'a question',
    check: (answer, version) => expect(answer).toBe(`${version} answers a question`),
    provision,
    provisionBroken,
    crash: runtime => (crash === 'call' ? runtime.call('crash') : runtime.abort({ force: true })),
  })
  for (const { name, run, skip } of scenarios) {
    it(name, async () => {
      expect(skip).toBe(undefined)
      await run()
    })
  }
})
