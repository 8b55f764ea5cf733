import { execFile } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { childProcess, inProcess, workerThread } from 'cutover/hosts'
import { type AggregateScenariosOptions, aggregateScenarios } from 'cutover/testing'
import { describe, expect, it } from 'vitest'

const fixture = (path: string) => new URL(`../../fixtures/${path}`, import.meta.url)
const mortal = fixture('guests/mortal.mjs')
const broken = fixture('modules/throws.mjs')
/** Retries quickly. */
const QUICK = { minBackoff: 20, jitter: 0 } as const

const COMMON = {
  id: 'scenarios',
  request: 'a question',
  check: (answer: unknown, version: string) => expect(answer).toBe(`${version} answers a question`),
} as const

const isolated = {
  ...COMMON,
  crash: runtime => runtime.call('crash'),
} satisfies Partial<AggregateScenariosOptions>

const HOSTS: Readonly<Record<string, AggregateScenariosOptions>> = {
  'in-process': {
    ...COMMON,
    provision: inProcess({ module: ({ version }) => ({ call: request => `${version} answers ${request}` }) }),
    provisionBroken: inProcess({ module: () => Promise.reject(new Error('no module')), ...QUICK }),
    crash: runtime => runtime.abort({ force: true }),
  },
  'a worker thread': {
    ...isolated,
    provision: workerThread({ module: mortal, ...QUICK }),
    provisionBroken: workerThread({ module: broken, ...QUICK }),
  },
  'a child process': {
    ...isolated,
    provision: childProcess({ module: mortal, ...QUICK }),
    provisionBroken: childProcess({ module: broken, ...QUICK }),
  },
}

describe.each(Object.entries(HOSTS))('Scenarios, %s', (_, options) => {
  for (const { name, run, skip } of aggregateScenarios(options)) {
    it(name, async () => {
      expect(skip).toBe(undefined)
      await run()
    })
  }
})

const NEVER =
  'The error of a runtime that never starts has the scenario, the step and the version; nothing stays behind'
it(NEVER, async () => {
  const program = fileURLToPath(fixture('processes/neverStarts.mjs'))
  const { stdout } = await promisify(execFile)(process.execPath, [program], { timeout: 20_000 })
  expect(stdout).toMatch(
    /^Scenario "prewarm: .*": Step 4 of 10, version 1\.0\.0 emits "started": Timed out waiting for version 1\.0\.0/,
  )
  expect(stdout).toContain('to emit "started" (events so far: none). This case has 1000 ms (option "timeout").')
})
