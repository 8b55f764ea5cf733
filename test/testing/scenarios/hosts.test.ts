import { execFile } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { childProcess, inProcess, workerThread } from 'cutover/hosts'
import { type AggregateScenariosOptions, aggregateScenarios } from 'cutover/testing'
import { describe, expect, it } from 'vitest'

const fixture = (path: string) => new URL(`../../fixtures/${path}`, import.meta.url)
const mortal = fixture('guests/mortal.mjs')
const broken = fixture('modules/throws.mjs')
/** Quick to try again. */
const QUICK = { minBackoff: 20, jitter: 0 } as const

const SUBJECT = {
  id: 'scenarios',
  request: 'a question',
  check: (answer: unknown, version: string) => expect(answer).toBe(`${version} answers a question`),
} as const

const elsewhere = {
  ...SUBJECT,
  crash: runtime => runtime.call('crash'),
} satisfies Partial<AggregateScenariosOptions>

const HOSTS: Readonly<Record<string, AggregateScenariosOptions>> = {
  'in-process': {
    ...SUBJECT,
    provision: inProcess({ module: ({ version }) => ({ call: request => `${version} answers ${request}` }) }),
    provisionBroken: inProcess({ module: () => Promise.reject(new Error('no module')), ...QUICK }),
    crash: runtime => runtime.abort({ force: true }),
  },
  'a worker thread': {
    ...elsewhere,
    provision: workerThread({ module: mortal, ...QUICK }),
    provisionBroken: workerThread({ module: broken, ...QUICK }),
  },
  'a child process': {
    ...elsewhere,
    provision: childProcess({ module: mortal, ...QUICK }),
    provisionBroken: childProcess({ module: broken, ...QUICK }),
  },
}

describe.each(Object.entries(HOSTS))('the scenarios, %s', (_, options) => {
  for (const { name, run, skip } of aggregateScenarios(options)) {
    it(name, { timeout: 20_000 }, async () => {
      expect(skip).toBe(undefined)
      await run()
    })
  }
})

const NEVER = 'A runtime that never starts fails its scenario by its name, version and step, and leaves nothing behind'
it(NEVER, { timeout: 20_000 }, async () => {
  const program = fileURLToPath(fixture('processes/neverStarts.mjs'))
  const { stdout } = await promisify(execFile)(process.execPath, [program], { timeout: 20_000 })
  expect(stdout).toMatch(
    /^Scenario "prewarm: .*": Step 4 of 10, version 1\.0\.0 says "started": Waited for version 1\.0\.0/,
  )
  expect(stdout).toContain(
    'to say "started" (so far it has said: nothing), in vain: the 1000 ms of this case are over.',
  )
})
